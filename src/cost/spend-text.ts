/** Tokens and money, to read at a glance. */

/** 950, 12.3k, 4.56M. */
export function tokensText(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  if (tokens < 1_000_000) return `${(tokens / 1_000).toFixed(1)}k`;
  return tokens < 1_000_000_000
    ? `${(tokens / 1_000_000).toFixed(2)}M`
    : `${(tokens / 1_000_000_000).toFixed(2)}G`;
}

/** `~` marks an estimate, `>` one that leaves tokens without a price out. `-`: nothing is known. */
export function costText({
  usd,
  unpriced,
  tokens,
  usdStated = 0,
}: {
  readonly usd: number | null;
  readonly unpriced: number;
  readonly tokens: number;
  readonly usdStated?: number;
}): string {
  if (usd === null || (tokens === 0 && usd === 0)) return '-';
  const mark = unpriced > 0 ? '>' : usd === usdStated ? '' : '~';
  return `${mark}$${usd.toFixed(usd < 100 ? 2 : 0)}`;
}
