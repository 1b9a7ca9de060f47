import { type CST, type Document, Parser, parseDocument } from 'yaml';

/** Nobody nests settings or tasks that deep. */
const MAX_DEPTH = 100;

/**
 * Reads YAML, of which JSON is a part; what is wrong with it stands in the document's `errors`.
 *
 * @throws Error when it is nested deeper than 100: the library reads it by recursion, and close to the end of the stack
 * Node aborts the whole process as soon as a pattern is compiled.
 */
export function readYaml(text: string): Document.Parsed {
  for (const token of new Parser().parse(text)) refuseDeep(token);
  return parseDocument(text, { logLevel: 'error' });
}

function refuseDeep(root: CST.Token): void {
  const open: (readonly [CST.Token, number])[] = [[root, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    if (token.type === 'document' && token.value !== undefined) open.push([token.value, depth]);
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
}
