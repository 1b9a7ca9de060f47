import { SteeringType } from '../src/messages/analysis.js';
import type { Split } from './labels.js';
import { f1, precision, quantile, recall, type Score, type Tally } from './score.js';

export interface SplitReport {
  readonly split: Split;
  readonly parts: readonly { readonly name: string; readonly rules: Score; readonly baseline: Score }[];
}

type LeftOut = readonly { readonly file: string; readonly why: string }[];

/** False alarms per 1,000 events. */
export function alarmRate({ events, overall }: Score): number {
  return events === 0 ? 0 : (overall.falseAlarms * 1000) / events;
}

export function printPlain(reports: readonly SplitReport[], leftOut: LeftOut): void {
  for (const { split, parts } of reports) {
    for (const { name, rules, baseline } of parts) {
      console.log(`\n${split}, ${name}: ${rules.cases} cases, ${rules.events} events`);
      console.log(
        '                          precision  recall     F1  hits  missed  false  /1000 ev.  delay p50  p90',
      );
      line('rules: any trouble', rules.overall, alarmRate(rules));
      line('baseline: any trouble', baseline.overall, alarmRate(baseline));
      for (const type of SteeringType.options) {
        const [mine, its] = [rules.byType.get(type), baseline.byType.get(type)];
        if (mine === undefined || mine.hits + mine.missed + mine.falseAlarms === 0) continue;
        line(`  rules: ${type}`, mine);
        if (type === 'loop' && its !== undefined) line('  baseline: loop', its);
      }
      console.log(`after the fact, rules:    ${ends(rules)}`);
      console.log(`after the fact, baseline: ${ends(baseline)}`);
    }
  }
  for (const { file, why } of leftOut) console.log(`left out: ${file}: ${why}`);
}

export function toJson(reports: readonly SplitReport[], leftOut: LeftOut): unknown {
  return {
    splits: reports.map(({ split, parts }) => ({
      split,
      parts: parts.map(({ name, rules, baseline }) => ({
        part: name,
        rules: scoreJson(rules),
        baseline: scoreJson(baseline),
      })),
    })),
    leftOut,
  };
}

function scoreJson(score: Score): unknown {
  return {
    cases: score.cases,
    events: score.events,
    falseAlarmsPer1000Events: round(alarmRate(score)),
    overall: tallyJson(score.overall),
    byType: Object.fromEntries([...score.byType].map(([type, counts]) => [type, tallyJson(counts)])),
    afterTheFact: score.ends,
  };
}

function tallyJson(counts: Tally): unknown {
  const { delays, ...numbers } = counts;
  return {
    ...numbers,
    precision: round(precision(counts)),
    recall: round(recall(counts)),
    f1: round(f1(counts)),
    eventsUntilDetection:
      delays.length === 0 ? null : { median: quantile(delays, 0.5), p90: quantile(delays, 0.9) },
  };
}

function line(name: string, counts: Tally, rate?: number): void {
  const { hits, missed, falseAlarms, delays } = counts;
  const delay = (q: number): string => (delays.length === 0 ? '-' : String(quantile(delays, q)));
  console.log(
    name.padEnd(26) +
      precision(counts).toFixed(3).padStart(9) +
      recall(counts).toFixed(3).padStart(8) +
      f1(counts).toFixed(3).padStart(7) +
      String(hits).padStart(6) +
      String(missed).padStart(8) +
      String(falseAlarms).padStart(7) +
      (rate === undefined ? '' : rate.toFixed(2)).padStart(11) +
      delay(0.5).padStart(11) +
      delay(0.9).padStart(5),
  );
}

function ends({ ends: { right, wrongType, falseAlarms, missed } }: Score): string {
  return `${right} right, ${wrongType} of another type, ${falseAlarms} false, ${missed} missed`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
