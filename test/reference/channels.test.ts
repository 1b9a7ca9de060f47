import fc from 'fast-check';
import t from 'tap';
import { CHANNELS, channelsOf } from '../../src/messages/channels.js';
import { AgentStatusName } from '../../src/messages/health.js';
import { type Endpoint, REQUESTS } from '../../src/messages/requests.js';
import { RESULTS } from '../../src/messages/results.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TaskState } from '../../src/messages/tasks.js';
import { TRIGGERS } from '../../src/messages/triggers.js';

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

/** What each method of `Subjects` builds for an id, and the channel that it belongs to. */
const PUBLIC: Readonly<
  Record<string, { build: (subjects: Subjects, id: string) => string; channel: string }[]>
> = {
  trigger: Object.keys(TRIGGERS).map((kind) => ({
    build: (subjects) => subjects.trigger(kind),
    channel: `trigger-${kind}`,
  })),
  rpc: (Object.keys(REQUESTS) as Endpoint[]).map((endpoint) => ({
    build: (subjects) => subjects.rpc(endpoint),
    channel: `rpc-${endpoint.replaceAll('.', '-')}`,
  })),
  result: [
    ...Object.keys(RESULTS).map((kind) => ({
      build: (subjects: Subjects) => subjects.result(kind),
      channel: `result-${kind}`,
    })),
    { build: (subjects, id) => subjects.result(`x${id}`.slice(0, 64)), channel: 'result-kind' },
  ],
  analysisResult: [
    { build: (subjects, id) => subjects.analysisResult(id), channel: 'result-analysis-agent' },
  ],
  agentEvent: [
    { build: (subjects, id) => subjects.agentEvent(id, 'waiting'), channel: 'event-agent-agent-waiting' },
    { build: (subjects, id) => subjects.agentEvent(id, 'resumed'), channel: 'event-agent-agent-resumed' },
    ...['failed', 'health', 'anomaly', 'escalated', 'acknowledged', 'budget', ...AgentStatusName.options].map(
      (state) => ({
        build: (subjects: Subjects, id: string) => subjects.agentEvent(id, state),
        channel: `event-agent-agent-${state}`,
      }),
    ),
  ],
  repoEvent: ['issue', 'pull', 'review', 'check', 'commit', 'state', 'task-refused'].map((kind) => ({
    build: (subjects, id) => subjects.repoEvent(id, kind),
    channel: `event-repo-repository-${kind}`,
  })),
  githubEvent: [
    { build: (subjects) => subjects.githubEvent('disabled'), channel: 'event-github-disabled' },
    { build: (subjects) => subjects.githubEvent('enabled'), channel: 'event-github-enabled' },
  ],
  taskEvent: TaskState.options.map((state) => ({
    build: (subjects, id) => subjects.taskEvent(id, state),
    channel: `event-task-task-${state}`,
  })),
  tasksEvent: TaskState.options.map((state) => ({
    build: (subjects) => subjects.tasksEvent(state),
    channel: `event-tasks-${state}`,
  })),
  restartEvent: [{ build: (subjects, id) => subjects.restartEvent(id), channel: 'event-restart-agent' }],
  fleetEvent: [
    { build: (subjects) => subjects.fleetEvent('held'), channel: 'event-fleet-held' },
    { build: (subjects) => subjects.fleetEvent('released'), channel: 'event-fleet-released' },
    { build: (subjects) => subjects.fleetEvent('budget'), channel: 'event-fleet-budget' },
  ],
  interventionEvent: [
    { build: (subjects, id) => subjects.interventionEvent(id), channel: 'event-intervention-agent' },
  ],
  hostEvent: [
    { build: (subjects, id) => subjects.hostEvent(id, 'joined'), channel: 'event-host-host-joined' },
    { build: (subjects, id) => subjects.hostEvent(id, 'lost'), channel: 'event-host-host-lost' },
  ],
  heartbeat: [{ build: (subjects, id) => subjects.heartbeat(id), channel: 'agent-agent-heartbeat' }],
  output: [{ build: (subjects, id) => subjects.output(id), channel: 'agent-agent-output' }],
  replay: [{ build: (subjects, id) => subjects.replay(id), channel: 'agent-agent-replay' }],
  steer: [{ build: (subjects, id) => subjects.steer(id), channel: 'agent-agent-steer' }],
  control: [{ build: (subjects, id) => subjects.control(id), channel: 'agent-agent-control' }],
  budgetEvent: [{ build: (subjects) => subjects.budgetEvent, channel: 'event-judge-budget' }],
  deadLetter: [{ build: (subjects) => subjects.deadLetter, channel: 'event-deadletter' }],
};

/** Builders of subjects that are no part of the public interface, or of no single subject. */
const NOT_PUBLIC = new Set([
  'allTriggers',
  'allResults',
  'allEvents',
  'rpcGroup',
  'actor',
  'actorEnded',
  'allHeartbeats',
  'heartbeatAgent',
  'triggerKind',
  'triggerStream',
  'resultStream',
  'hostBucket',
  'placementBucket',
]);

t.test('each public subject belongs to exactly one channel', async (t) => {
  for (const builders of Object.values(PUBLIC)) {
    for (const { build, channel } of builders) {
      fc.assert(
        fc.property(id, id, (id, prefix) => {
          const subject = build(new Subjects(prefix), id);
          const names = channelsOf(subject, prefix).map((each) => each.name);
          return names.length === 1 && names[0] === channel;
        }),
        { numRuns: 50 },
      );
    }
  }
  const covered = new Set(Object.values(PUBLIC).flatMap((all) => all.map(({ channel }) => channel)));
  t.same([...covered].sort(), CHANNELS.map(({ name }) => name).sort(), 'and each channel has its builder');
});

t.test('a new builder of subjects has to be placed', async (t) => {
  for (const name of Object.getOwnPropertyNames(Subjects.prototype)) {
    t.ok(
      name === 'constructor' || name in PUBLIC || NOT_PUBLIC.has(name),
      `${name} is public, or said not to be`,
    );
  }
});

t.test('a subject that is not public belongs to none', async (t) => {
  const subjects = new Subjects();
  const others = [
    subjects.actor('agent', 'a1'),
    subjects.trigger('nothing'),
    subjects.agentEvent('a1', 'unheard-of'),
    'other.trigger.analyze',
    'vigil.trigger.analyze.more',
    'vigil',
    '',
  ];
  for (const subject of others) t.same(channelsOf(subject), [], subject);
});
