/** Readers that know the grammar of a drawing and refuse all else: what is not a line of a drawing was injected. */

function number(text: string | undefined): number {
  return Number(text);
}

export function readMermaid(text: string) {
  const boxes: { shape: string; state: string; label: string }[] = [];
  const edges: string[] = [];
  let critical: number[] = [];
  const [head, ...lines] = text.trimEnd().split('\n');
  if (head !== 'flowchart LR') throw new Error(`head: ${head}`);
  for (const line of lines) {
    const box =
      /^ {2}n(\d+)(\(\[|\(\(|\(|\[\/|\[\[|\[|\{\{|>)"([^"`<>&\\%{}]*<br\/>[^"`<>&\\%{}]*)"(\]\)|\)\)|\)|\/\]|\]\]|\]|\}\}):::(\w+)$/.exec(
        line,
      );
    const edge = /^ {2}n(\d+) (-->|==>) n(\d+)$/.exec(line);
    const chosen = /^ {2}class ((?:n\d+,?)+) critical$/.exec(line);
    if (box !== null) {
      if (number(box[1]) !== boxes.length) throw new Error(`numbers: ${line}`);
      boxes.push({ shape: `${box[2]}${box[4]}`, label: box[3] ?? '', state: box[5] ?? '' });
    } else if (edge !== null) edges.push(`${edge[1]}${edge[2]}${edge[3]}`);
    else if (chosen !== null) critical = (chosen[1] ?? '').split(',').map((each) => number(each.slice(1)));
    else if (
      !/^ {2}classDef \w+ [-\w:#,]+$|^ {2}more\["\d+ more tasks? (is|are) not drawn"\]$|^%% \d+ edges: /.test(
        line,
      )
    )
      throw new Error(`not of Mermaid: ${JSON.stringify(line)}`);
  }
  return { boxes, edges, critical };
}

export function readDot(text: string) {
  const nodes: { label: string; shape: string }[] = [];
  const edges: string[] = [];
  const lines = text.trimEnd().split('\n');
  if (lines[0] !== 'digraph tasks {' || lines.at(-1) !== '}') throw new Error('frame');
  for (const line of lines.slice(3, -1)) {
    const node =
      /^ {2}n(\d+) \[label="((?:[^"\\]|\\["\\n])*)", shape=(\w+), fillcolor="#\w+", color="#\w+", penwidth=\d\]$/.exec(
        line,
      );
    const edge = /^ {2}n(\d+) -> n(\d+)( \[penwidth=3, color="#d81b60"\])?$/.exec(line);
    if (node !== null) nodes.push({ label: node[2] ?? '', shape: node[3] ?? '' });
    else if (edge !== null) edges.push(`${edge[1]}->${edge[2]}${edge[3] === undefined ? '' : ' critical'}`);
    else if (
      !/^ {2}more \[label="\d+ more tasks? (is|are) not drawn", shape=plaintext, style=""\]$/.test(line)
    )
      throw new Error(`not of DOT: ${JSON.stringify(line)}`);
  }
  return { nodes, edges };
}

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Elements of a well-formed document of elements and text. */
export function readXml(text: string): { elements: Element[] } {
  const elements: Element[] = [];
  const open: string[] = [];
  let at = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u.test(text))
    throw new Error('a character that XML forbids');
  for (const match of text.matchAll(/<(\/?)([\w-]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g)) {
    checkText(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [, closes, name = '', attributes = '', alone] = match;
    if (closes === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    elements.push({
      name,
      attributes: Object.fromEntries(
        [...attributes.matchAll(/ ([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
      ),
    });
    if (alone !== '/') open.push(name);
  }
  checkText(text.slice(at));
  if (open.length > 0) throw new Error(`not closed: ${open}`);
  return { elements };
}

function checkText(text: string): void {
  if (/[<>]|&(?!#\d+;)/.test(text)) throw new Error(`markup in text: ${JSON.stringify(text)}`);
}
