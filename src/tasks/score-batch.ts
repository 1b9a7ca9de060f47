import { FIELDS, type ScoreSettings, scoreAt } from './score.js';

export interface ScoreBatch {
  /** Packed inputs, shared with whoever asked. */
  readonly rows: Float64Array;
  readonly now: number;
  readonly settings: ScoreSettings;
}

/** The scores of a batch, in its order. */
export function scoreBatch({ rows, now, settings }: ScoreBatch): Float64Array {
  const scores = new Float64Array(rows.length / FIELDS);
  for (let row = 0; row < scores.length; row++) scores[row] = scoreAt(rows, row, now, settings);
  return scores;
}
