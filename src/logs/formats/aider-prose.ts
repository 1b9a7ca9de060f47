import type { DraftMaker } from '../drafts.js';
import type { Draft } from './format.js';

/** An edit that the model proposed and aider has not answered yet: [path, call id]. */
export type OpenEdit = readonly [string, string];

const SEARCH = /^<{5,9} SEARCH\b/;
const REPLACE = /^>{5,9} REPLACE\b/;
const FENCE = /^(?:```|~~~)/;

/**
 * The model's prose: what it says, and each SEARCH/REPLACE block as an edit of the file that the line above it names.
 * An edit without end (the answer was cut off) stays part of what it says.
 */
export function readProse(
  lines: readonly string[],
  position: string,
  make: DraftMaker,
): { readonly events: Draft[]; readonly edits: readonly OpenEdit[] } {
  const said: string[] = [];
  const calls: Draft[] = [];
  const edits: OpenEdit[] = [];
  let path = '';
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const end = SEARCH.test(line) ? endOfBlock(lines, index) : -1;
    if (end === -1) {
      said.push(line);
      continue;
    }
    path = takePath(said) ?? path;
    const callId = `${position}-${edits.length}`;
    const input = { path, edit: lines.slice(index, end + 1).join('\n') };
    calls.push(make.call(null, { tool: 'edit', input, callId }));
    edits.push([path, callId]);
    // The fence behind a block belongs to it, unless another block follows inside the same fence.
    index = FENCE.test(lines[end + 1] ?? '') ? end + 1 : end;
  }
  const text = said.join('\n').trim();
  const message = text === '' ? [] : [make.message(null, 'assistant', text)];
  return { events: [...message, ...calls], edits };
}

function endOfBlock(lines: readonly string[], start: number): number {
  for (let index = start + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (REPLACE.test(line)) return index;
    if (SEARCH.test(line)) return -1;
  }
  return -1;
}

/** Takes the fence and the path above a block off what was said; undefined when the block follows another one. */
function takePath(said: string[]): string | undefined {
  if (FENCE.test(said.at(-1) ?? '')) said.pop();
  const line = (said.at(-1) ?? '').trim();
  const name = line.replace(/^[#*`\s]+|[:*`\s]+$/g, '');
  if (name === '' || /\s/.test(name) || name.length > 256) return undefined;
  said.pop();
  return name;
}
