import type { Intervention, InterventionState } from '../messages/interventions.js';
import { visible } from '../messages/visible.js';
import { pc } from './terminal.js';

const COLOURS: Readonly<Record<InterventionState, (text: string) => string>> = {
  notified: pc.dim,
  pending: pc.yellow,
  queued: pc.cyan,
  waiting: pc.yellow,
  delivered: pc.green,
  undelivered: pc.red,
  rejected: pc.dim,
  expired: pc.dim,
};

/** Prints it: as one JSON object, or for people. */
export function showIntervention(intervention: Intervention, json: boolean): void {
  if (json) console.log(JSON.stringify(intervention));
  else for (const line of interventionLines(intervention)) console.log(line);
}

/** An intervention for people: what it is and how far it got, then what the agent is told. */
function interventionLines(intervention: Intervention): string[] {
  const { id, agent, type, state, dryRun, via, reason, effect, message, at } = intervention;
  const facts = [
    COLOURS[state](dryRun === true ? `${state} (dry run: not sent)` : state),
    ...(via === undefined ? [] : [`via ${via}`]),
    ...(reason === undefined ? [] : [visible(reason)]),
    ...(effect === undefined
      ? []
      : [`${effect.outcome} (${effect.before.toFixed(2)} → ${effect.after.toFixed(2)})`]),
  ];
  return [
    `${pc.dim(at.slice(0, 19).replace('T', ' '))}  ${pc.bold(agent)}  ${type}  ${facts.join(', ')}  ${pc.dim(id)}`,
    `  ${visible(message)}`,
  ];
}
