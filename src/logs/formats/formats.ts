import type { LogFormat } from '../../messages/agent-event.js';
import { aider } from './aider.js';
import { claudeCode } from './claude-code.js';
import { codex } from './codex.js';
import type { Format, Head } from './format.js';
import { jsonLines } from './jsonl.js';
import { openHands } from './openhands.js';
import { sweAgent } from './swe-agent.js';
import { plainText } from './text.js';

/** Every format that Vigil reads. A new one is one file and one line here. */
export const FORMATS: readonly Format[] = [
  claudeCode,
  codex,
  sweAgent,
  openHands,
  aider,
  jsonLines,
  plainText,
];

/** Below this confidence a log is not taken for any format. */
export const MIN_CONFIDENCE = 0.25;

/** The format whose content it is; undefined when none is sure enough. */
export function detectFormat(head: Head): Format | undefined {
  let best: Format | undefined;
  let bestConfidence = 0;
  for (const format of FORMATS) {
    const confidence = format.detect(head);
    if (confidence > bestConfidence) {
      best = format;
      bestConfidence = confidence;
    }
  }
  return bestConfidence >= MIN_CONFIDENCE ? best : undefined;
}

export function formatNamed(name: LogFormat): Format | undefined {
  return FORMATS.find((format) => format.name === name);
}
