import { z } from 'zod';
import { RestartPolicy } from '../actors/runtime/restart-policy.js';
import { Thresholds } from '../judgement/thresholds.js';
import { AgentSpec } from '../messages/agents.js';
import { Id } from '../messages/ids.js';
import { SteerMode } from '../messages/interventions.js';
import { CostSettings } from './cost.js';
import { described, RESTART_TEXTS, RULE_TEXTS } from './descriptions.js';
import { GitHubSettings } from './github.js';
import { HealthSettings } from './health.js';
import { TaskSettings } from './tasks.js';

const ms = (min: number, max: number) => z.number().int().min(min).max(max);
const count = (min: number, max: number) => z.number().int().min(min).max(max);
const DAY_MS = 86_400_000;

/** A program takes longer to start, and costs more, than an actor. */
const ManagedRestarts = z.strictObject({
  ...RestartPolicy.shape,
  periodMs: RestartPolicy.shape.periodMs.unwrap().default(300_000),
  backoffMs: RestartPolicy.shape.backoffMs.unwrap().default(1_000),
  maxBackoffMs: RestartPolicy.shape.maxBackoffMs.unwrap().default(60_000),
});

/** The second one would take the place of the first, and nobody would hear of it. */
function refuseTwins(agents: readonly AgentSpec[], context: z.RefinementCtx): void {
  const places = new Map<string, number>();
  for (const [i, { id }] of agents.entries()) {
    const first = places.get(id);
    if (first === undefined) places.set(id, i);
    else
      context.addIssue({
        code: 'custom',
        path: [i, 'id'],
        message: `"${id}" is there already (agents.${first})`,
      });
  }
}

/**
 * Every setting with its default and bounds: the one place that knows them. The names in files are these; in the
 * environment `analysis.maxConcurrent` is `VIGIL_ANALYSIS_MAX_CONCURRENT`.
 */
export const Settings = z.strictObject({
  prefix: Id.default('vigil').describe('First token of every subject.'),
  dataDir: z
    .string()
    .min(1)
    .default('.vigil')
    .describe('Database, broker store and credentials; relative to the working directory.'),
  nats: z
    .strictObject({
      url: z
        .string()
        .optional()
        .describe('An existing server or cluster, nats://host:4222[,host:4222]; none is started then.'),
      port: count(0, 65_535)
        .default(4222)
        .describe('Port of the broker that Vigil starts; a free one when it is taken, 0: always a free one.'),
      server: z
        .string()
        .optional()
        .describe('Path of the nats-server program; looked for in PATH when absent.'),
      install: z.boolean().default(true).describe('Get a nats-server when none is found.'),
      releaseUrl: z
        .string()
        .default('https://github.com/nats-io/nats-server/releases/download')
        .describe('Where released nats-server archives and their SHA256SUMS are.'),
      replicas: count(1, 5)
        .default(1)
        .describe(
          'Servers of a cluster that keep each trigger, result and placement; 3 outlive the loss of one server.',
        ),
      nkeyFile: z.string().optional().describe('File with the nkey seed to connect with.'),
      credsFile: z.string().optional().describe('Credentials file (.creds) to connect with.'),
      connectTimeoutMs: ms(100, 600_000)
        .default(5_000)
        .describe('How long to try to connect before giving up at start.'),
      pingIntervalMs: ms(100, 600_000)
        .default(5_000)
        .describe('Ping to the broker; two unanswered and the connection is taken for dead.'),
    })
    .prefault({}),
  hosts: z
    .strictObject({
      count: count(0, 256).default(1).describe('Host processes that the supervisor starts.'),
      leaseMs: ms(500, 600_000)
        .default(6_000)
        .describe('A host not heard of for this long has lost its agents.'),
      threads: count(1, 64).default(1).describe('Parser threads in each host.'),
      mailbox: count(1, 100_000)
        .default(64)
        .describe('Messages that may wait for one actor; more are answered BUSY.'),
      drainMs: ms(0, 600_000).default(5_000).describe('How long an actor may finish its work at shutdown.'),
      label: Id.optional().describe(
        'Label of the hosts on this machine; agents with a label run only there.',
      ),
      runCommands: z
        .boolean()
        .default(false)
        .describe("A host of `vigil host` runs agents' restart commands when its supervisor asks for it."),
    })
    .prefault({}),
  analysis: z
    .strictObject({
      maxConcurrent: count(1, 1_000)
        .default(5)
        .describe('Agents analysed at once, per request, over all hosts together.'),
      itemTimeoutMs: ms(100, 3_600_000)
        .default(60_000)
        .describe('For the analysis of one agent, retries included.'),
      deadlineMs: ms(100, DAY_MS).default(600_000).describe('For a whole request.'),
    })
    .prefault({}),
  cycle: z
    .strictObject({
      intervalMs: ms(0, DAY_MS).default(60_000).describe('Monitoring cycle; 0: only when triggered.'),
    })
    .prefault({}),
  requests: z
    .strictObject({
      maxRunning: count(1, 1_000).default(8).describe('Requests that run at once; more wait in the stream.'),
      maxDeliveries: count(1, 100)
        .default(5)
        .describe('Tries of a trigger before it goes to the dead letters.'),
      ackWaitMs: ms(1_000, 3_600_000)
        .default(15_000)
        .describe('A trigger not heard of for this long is delivered again.'),
    })
    .prefault({}),
  results: z
    .strictObject({
      maxAgeMs: ms(1_000, 365 * DAY_MS)
        .default(7 * DAY_MS)
        .describe('How long results stay in the stream.'),
      maxBytes: z.number().int().min(1_048_576).default(1_073_741_824).describe('Size of the result stream.'),
      keepDays: count(1, 3_650)
        .default(30)
        .describe('How long analyses and finished requests stay in the database.'),
    })
    .prefault({}),
  logs: z
    .strictObject({
      maxFieldChars: count(256, 1_000_000)
        .default(8_192)
        .describe('Longest text kept of one field of an event.'),
      maxLineBytes: count(1_024, 1_073_741_824)
        .default(8_388_608)
        .describe('Longer lines are skipped and counted.'),
      chunkBytes: count(4_096, 268_435_456).default(2_097_152).describe('Bytes read and parsed at a time.'),
      maxPendingChars: count(1_024, 1_073_741_824)
        .default(1_048_576)
        .describe('Lines that wait to be read, of an agent that sends them over the broker; older ones go.'),
      maxReads: count(1, 1_000).default(8).describe('Files of one agent read at once.'),
      followMs: ms(0, 600_000)
        .default(1_500)
        .describe(
          'Between two looks whether a log has grown: who waits for a person is known after one or two of them, before the next cycle. 0: only by the cycles.',
        ),
      checkpointBytes: count(0, 1_099_511_627_776)
        .default(4_194_304)
        .describe(
          'How much of an agent is read until it is noted how far; after a start it goes on from there. 0: never, logs are read from their start.',
        ),
    })
    .prefault({}),
  restart: described(RestartPolicy, RESTART_TEXTS)
    .prefault({})
    .describe('Restart intensity and backoff of actors, hosts and the broker.'),
  rules: described(Thresholds, RULE_TEXTS).prefault({}).describe("The rules judge's thresholds."),
  judge: z
    .strictObject({
      kind: z
        .enum(['rules', 'llm'])
        .default('rules')
        .describe('`llm`: a model reviews what the rules found; the key comes from OPENAI_API_KEY.'),
      model: z.string().min(1).default('gpt-5-mini').describe('Model to ask.'),
      baseUrl: z
        .string()
        .optional()
        .describe('Server that speaks the OpenAI protocol; OPENAI_BASE_URL when absent.'),
      maxConcurrent: count(1, 1_000).default(3).describe('Calls at once, over all hosts together.'),
      maxWaiting: count(0, 100_000).default(1_000).describe('Calls that may wait for a place.'),
      waitMs: ms(100, 3_600_000)
        .default(50_000)
        .describe('For one review, with waiting and retries; less than `analysis.itemTimeoutMs`.'),
      timeoutMs: ms(100, 3_600_000).default(30_000).describe('For one call.'),
      attempts: count(1, 20).default(3).describe('Tries of a call.'),
      backoffMs: ms(0, 60_000)
        .default(500)
        .describe('Wait before the second try; doubles with each further one.'),
      tokensPerMinute: count(1, 1_000_000_000).default(200_000).describe('Tokens per minute, in and out.'),
      tokensPerDay: count(0, 1_000_000_000_000)
        .default(2_000_000)
        .describe('Tokens per day (UTC); afterwards the rules judge alone.'),
      circuitFailures: count(1, 1_000)
        .default(5)
        .describe('Failures in a row after which no call is made for a while.'),
      circuitResetMs: ms(1, 3_600_000).default(30_000).describe('How long that is.'),
      cacheEntries: count(0, 1_000_000)
        .default(1_000)
        .describe('Answers kept, by the hash of their question.'),
      contextTokens: count(500, 1_000_000).default(6_000).describe('Size of a question, by estimate.'),
      answerTokens: count(50, 100_000).default(600).describe('Size of an answer.'),
      recentEvents: count(1, 1_000).default(40).describe('Newest events of an agent kept for the model.'),
      traceContent: z
        .boolean()
        .default(false)
        .describe('Put questions and answers into OpenTelemetry spans, where there is an SDK.'),
    })
    .prefault({}),
  steering: z
    .strictObject({
      mode: SteerMode.default('notify').describe(
        'What is done when an agent needs steering. `notify`: people are told; `ask`: a person approves what the agent is told; `auto`: the agent is told.',
      ),
      dryRun: z.boolean().default(false).describe('Record what would be sent to agents, send nothing.'),
      cooldownMs: ms(0, DAY_MS)
        .default(300_000)
        .describe('An agent is not steered again for the same trouble within this time.'),
      approvalMs: ms(1_000, 30 * DAY_MS)
        .default(3_600_000)
        .describe('How long an intervention waits for a person to decide.'),
      holdMs: ms(1_000, 30 * DAY_MS)
        .default(3_600_000)
        .describe("How long a message waits for an agent's runner or hook to take it."),
      timeoutMs: ms(100, 600_000).default(5_000).describe("For the acknowledgement of an agent's runner."),
      attempts: count(1, 20).default(3).describe('Tries of a delivery that is not acknowledged.'),
      maxConcurrent: count(1, 1_000).default(8).describe('Deliveries at once.'),
      pollMs: ms(50, 600_000).default(5_000).describe('Between two looks for what waits or has expired.'),
    })
    .prefault({}),
  managed: z
    .strictObject({
      graceMs: ms(0, 3_600_000)
        .default(10_000)
        .describe(
          'How long a managed agent may end by itself after SIGTERM; then its process group is killed.',
        ),
      heartbeatMs: ms(50, 3_600_000).default(5_000).describe('Between two heartbeats.'),
      maxFileBytes: z
        .number()
        .int()
        .min(65_536)
        .max(1_099_511_627_776)
        .default(33_554_432)
        .describe('Size at which a file of captured output is rotated.'),
      maxFiles: count(1, 1_000)
        .default(4)
        .describe('Files kept of each captured stream, the one being written included.'),
      maxLineChars: count(256, 16_777_216)
        .default(1_048_576)
        .describe('Longer lines of output become several records.'),
      batchBytes: count(4_096, 4_194_304)
        .default(262_144)
        .describe('Output sent over the broker at once, where Vigil cannot read the files.'),
      batchMs: ms(10, 60_000)
        .default(250)
        .describe('Between two such messages; what comes faster is counted and left out of this copy.'),
      batchLineChars: count(256, 1_048_576)
        .default(65_536)
        .describe('Longest line in such a message; longer ones are cut.'),
      replayBytes: count(0, 67_108_864)
        .default(1_048_576)
        .describe('Sent output kept, for a host that has to read it once more.'),
      reconnectMs: ms(100, 600_000)
        .default(10_000)
        .describe('Longest wait between two tries to reach the broker; starts at a hundredth of it.'),
      restart: described(ManagedRestarts, RESTART_TEXTS).prefault({}),
    })
    .prefault({}),
  cost: CostSettings.prefault({}),
  health: HealthSettings.prefault({}),
  github: GitHubSettings.prefault({}),
  tasks: TaskSettings.prefault({}),
  watch: z
    .strictObject({
      inactiveAfterMs: ms(1_000, 365 * DAY_MS)
        .default(DAY_MS)
        .describe('A session that has not changed for this long is watched no more.'),
      pollMs: ms(50, 3_600_000)
        .default(3_000)
        .describe('Between two looks for new sessions, where the system does not tell of changes.'),
      maxSessions: count(1, 20_000).default(2_000).describe('Sessions watched at once, the latest first.'),
      maxFolders: count(1, 1_000_000)
        .default(1_024)
        .describe('Folders that the system is asked to tell of; the others are looked at every `pollMs`.'),
    })
    .prefault({}),
  http: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Serve the dashboard, its API and the metrics.'),
      host: z
        .string()
        .min(1)
        .max(253)
        .default('127.0.0.1')
        .describe('Address to listen on. Anything but loopback needs a token: one is made when none is set.'),
      port: count(0, 65_535)
        .default(4280)
        .describe('Port; a free one when it is taken, 0: always a free one.'),
      token: z
        .string()
        .min(16)
        .max(512)
        .optional()
        .describe('What a browser or a scraper has to show; VIGIL_HTTP_TOKEN keeps it out of the file.'),
      allowedHosts: z
        .array(z.string().min(1).max(253))
        .max(64)
        .default([])
        .describe('Names by which browsers may reach it, besides localhost, addresses and this machine.'),
      maxClients: count(1, 10_000).default(64).describe('Browsers that follow the events at once.'),
      maxEvents: count(1, 1_000_000)
        .default(2_000)
        .describe('Latest events kept, for a browser that was away for a moment.'),
      maxBufferedBytes: count(1_024, 1_073_741_824)
        .default(1_048_576)
        .describe('Unsent events of one browser; one that lags further is dropped and reads all anew.'),
    })
    .prefault({}),
  notices: z
    .strictObject({
      webhook: z
        .strictObject({
          url: z
            .string()
            .regex(/^https?:\/\/\S+$/, 'expected an address such as https://host/hook')
            .optional()
            .describe('Notices are posted there.'),
          secret: z
            .string()
            .min(8)
            .max(512)
            .optional()
            .describe('Signs them; VIGIL_NOTICES_WEBHOOK_SECRET keeps it out of the file.'),
          attempts: count(1, 20).default(5).describe('Tries of one notice.'),
          backoffMs: ms(1, 60_000)
            .default(1_000)
            .describe('Wait before the second try; doubles with each further one.'),
          timeoutMs: ms(100, 600_000).default(10_000).describe('For one try.'),
          maxWaiting: count(1, 100_000)
            .default(200)
            .describe('Notices that may wait; the oldest goes when there are more.'),
        })
        .prefault({}),
      desktop: z.boolean().default(false).describe('Notices of the desktop that the supervisor runs on.'),
      bell: z.boolean().default(false).describe('Ring in the terminal that the supervisor was started in.'),
      reasons: z
        .array(z.enum(['waiting', 'approval', 'escalated', 'held', 'crashed', 'stuck', 'budget', 'done']))
        .default(['waiting', 'approval', 'escalated', 'held', 'budget'])
        .describe('What people are told of.'),
      stormShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.3)
        .describe('Share of the fleet over which many notices become one.'),
      stormMs: ms(0, DAY_MS).default(60_000).describe('Those within this time are taken together for that.'),
    })
    .prefault({}),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe("Vigil's own log, in the data directory."),
  ownLogs: z
    .strictObject({
      maxBytes: z
        .number()
        .int()
        .min(65_536)
        .max(1_099_511_627_776)
        .default(10_485_760)
        .describe("Size at which a file of Vigil's own log is rotated."),
      maxFiles: count(1, 1_000)
        .default(5)
        .describe('Files kept of the log of each process, the one being written included.'),
    })
    .prefault({}),
  agents: z
    .array(AgentSpec)
    .max(20_000)
    .superRefine(refuseTwins)
    .default([])
    .describe('Agents to watch from the start; others register over the wire.'),
});
export type Settings = z.infer<typeof Settings>;
