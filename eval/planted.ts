import { assess } from '../src/judgement/guardian.js';
import { profile } from '../src/judgement/profile.js';
import { createTrajectory, observe } from '../src/judgement/trajectory.js';
import type { ActionClass, AgentEvent } from '../src/messages/agent-event.js';
import type { Profile } from '../src/messages/analysis.js';
import { type Random, randomOf } from './random.js';

/** A fleet in which some agents were put on the work of others. */
export interface PlantedFleet {
  readonly profiles: readonly Profile[];
  /** Pairs of agents on the same work, each as "a b" in order. */
  readonly pairs: ReadonlySet<string>;
}

const VERBS = [
  'Fix',
  'Add',
  'Refactor',
  'Speed up',
  'Document',
  'Migrate',
  'Remove',
  'Validate',
  'Cache',
  'Paginate',
];
const THINGS =
  'invoice checkout session upload search export webhook profile report calendar inventory payment shipping coupon review message comment dashboard notification subscription audit ledger template gallery playlist thermostat turbine sensor telescope recipe'.split(
    ' ',
  );
const PARTS =
  'endpoint form parser serializer queue worker table index cache scheduler client adapter controller renderer importer validator exporter widget migration policy'.split(
    ' ',
  );
const REASONS = [
  'it times out under load',
  'dates are off by a day in some zones',
  'the second page is always empty',
  'customers see the wrong totals',
  'it crashes on empty input',
  'nobody understands how it works',
  'the old library is no longer maintained',
  'it leaks memory over a weekend',
  'names with accents are cut',
  'duplicates appear after a retry',
];
const PREFIXES = ['', 'Please ', 'Your task: ', 'Can you ', 'We need this today: '];
const SUFFIXES = ['', ' Write a test for it.', ' Keep the change small.', ' Open a pull request when done.'];

interface Task {
  readonly goal: string;
  readonly files: readonly string[];
  readonly commands: readonly string[];
}

/** `size` agents; `planted` of their tasks are worked on by two, in other words and not quite the same way. */
export function plantedFleet(size: number, planted: number): PlantedFleet {
  const random = randomOf(`planted ${size} ${planted}`);
  const profiles: Profile[] = [];
  const pairs = new Set<string>();
  for (let n = 0; profiles.length < size; n++) {
    const task = taskOf(n, random);
    const first = `agent-${String(profiles.length).padStart(5, '0')}`;
    profiles.push(profileOf(first, task, random));
    if (pairs.size >= planted || profiles.length >= size) continue;
    const second = `agent-${String(profiles.length).padStart(5, '0')}`;
    profiles.push(profileOf(second, task, random));
    pairs.add(`${first} ${second}`);
  }
  return { profiles, pairs };
}

/** Tasks share verbs, parts, reasons and the form of the sentence; what tells them apart is their subject and number. */
function taskOf(n: number, random: Random): Task {
  const [thing, other] = [random.pick(THINGS), random.pick(THINGS)];
  const part = random.pick(PARTS);
  const ticket = `APP-${1000 + n}`;
  const goal = `${random.pick(VERBS)} the ${thing} ${part} of the ${other} module (${ticket}): ${random.pick(REASONS)}.`;
  const files = [0, 1, 2, 3].map((i) => `src/${other}/${thing}-${part}-${n}-${i}.ts`);
  const commands = [
    `npm test -- ${thing}-${n}`,
    `npx tsc -p ${other}`,
    `git diff src/${other}`,
    `curl localhost/${thing}/${n}`,
  ];
  return { goal, files, commands };
}

function profileOf(agent: string, { goal, files, commands }: Task, random: Random): Profile {
  const events: AgentEvent[] = [];
  const push = (event: Omit<AgentEvent, 'index' | 'at'>): void => {
    events.push({ index: events.length, at: 1_700_000_000_000 + events.length * 5000, ...event });
  };
  const step = (action: ActionClass, input: string, path?: string): void => {
    const callId = `${events.length}`;
    const named = path === undefined ? {} : { paths: [path] };
    push({ role: 'assistant', kind: 'tool_call', tool: action, action, callId, input, ...named });
    push({ role: 'tool', kind: 'tool_result', callId, output: `ok ${events.length}` });
  };
  push({ role: 'user', kind: 'message', text: `${random.pick(PREFIXES)}${goal}${random.pick(SUFFIXES)}` });
  const left = random.int(0, files.length - 1);
  files.forEach((file, i) => {
    if (i !== left) step('edit', `edit ${file} ${random.int(1, 99)}`, file);
  });
  for (const command of commands) if (random.next() < 0.8) step('run', command);
  const trajectory = createTrajectory(agent);
  for (const event of events) observe(trajectory, event);
  return profile(trajectory, assess(trajectory, { now: null, live: false }));
}
