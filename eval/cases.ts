import type { Case } from './case.js';
import type { Split } from './labels.js';
import type { Source } from './sources.js';
import { syntheticCases } from './synthetic.js';

/** The labelled logs themselves, and the cases made from them. */
export function casesOf(sources: readonly Source[], split: Split): Case[] {
  const mine = sources.filter((source) => source.split === split);
  return [...mine.map(realCase), ...syntheticCases(mine)];
}

function realCase({ file, split, events, ranges, label }: Source): Case {
  return {
    name: file,
    source: file,
    split,
    provenance: 'real',
    kind: 'real',
    events,
    ranges,
    eitherWay: label.eitherWay,
    end: label.end,
    alsoEnd: label.alsoEnd,
    scoredFrom: 0,
  };
}
