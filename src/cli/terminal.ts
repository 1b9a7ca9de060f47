import picocolors from 'picocolors';

type Stream = Pick<NodeJS.WriteStream, 'isTTY'>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether a stream gets colours: a terminal does, unless NO_COLOR, `--no-color` or TERM=dumb say otherwise; anything else
 * does with FORCE_COLOR only. CI alone is no reason: what is piped there is read by programs, too.
 */
function wantsColours({ isTTY }: Stream, env: Environment, args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if ((env['NO_COLOR'] ?? '') !== '' || own.includes('--no-color')) return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '' && forced !== '0') return true;
  return isTTY === true && env['TERM'] !== 'dumb';
}

const coloursFor = (stream: Stream) =>
  picocolors.createColors(wantsColours(stream, process.env, process.argv));

/** Colours of data, on standard output. */
export const pc = coloursFor(process.stdout);
/** Colours of talk, on standard error. */
export const talk = coloursFor(process.stderr);

/** Where there is no terminal to fit into. */
const DEFAULT_WIDTH = 220;

/** Columns of the terminal; some pseudo-terminals say that they have none. */
export function terminalWidth(columns: number | undefined = process.stdout.columns): number {
  return columns !== undefined && columns > 0 ? columns : DEFAULT_WIDTH;
}
