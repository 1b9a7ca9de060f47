export interface HoldSettings {
  readonly holdShare: number;
  readonly holdLeast: number;
}

/** Agents whose heartbeat is expected, and those of them that fell silent a short while ago. */
export interface Silence {
  readonly watched: number;
  readonly silent: number;
}

/** `held`: nobody is restarted. `overruled`: a person said to go on; until the silence is over. */
export type HoldState = 'open' | 'held' | 'overruled';

/** Of the share at which restarts are held: where it is over, so that it does not come and go. */
const RETURN_SHARE = 0.5;

/**
 * Many agents do not die in the same minute; what is common to them does: a network, a machine, a broker, this process.
 * Restarting them would turn a small trouble into a large one. Pure.
 */
export function holdAfter(state: HoldState, { watched, silent }: Silence, settings: HoldSettings): HoldState {
  const share = watched === 0 ? 0 : silent / watched;
  if (state === 'open') return silent >= settings.holdLeast && share > settings.holdShare ? 'held' : 'open';
  const over = silent === 0 || share <= settings.holdShare * RETURN_SHARE;
  return over ? 'open' : state;
}
