/** One figure of a bench against its target. */
export interface Row {
  readonly name: string;
  /** Measured over the target's reference; what is better depends on `better`. */
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
  readonly detail: string;
}

/** @param better whether a ratio below or above the target is wanted. */
export function row(
  name: string,
  ratio: number,
  target: number,
  better: 'below' | 'above',
  detail: string,
): Row {
  return { name, ratio, target, ok: better === 'below' ? ratio <= target : ratio >= target, detail };
}

/** Prints rows as JSON lines with `--json`, else for people. */
export function print(each: Row): void {
  if (process.argv.includes('--json')) console.log(JSON.stringify(each));
  else {
    const { name, ratio, target, ok, detail } = each;
    console.log(
      `${ok ? 'ok  ' : 'MISS'}  ${name.padEnd(44)} ${ratio.toFixed(3).padStart(8)}  (target ${target})  ${detail}`,
    );
  }
}
