import { AgentTable } from './agents.js';
import { WriteBatch } from './batch.js';
import { CheckpointTable } from './checkpoints.js';
import { GitHubWriteTable } from './github-writes.js';
import { HeartbeatTable } from './heartbeats.js';
import { History } from './history.js';
import { InterventionTable } from './interventions.js';
import { IssueTaskTables } from './issue-tasks.js';
import { MaintenanceTable } from './maintenance.js';
import { MirrorTables } from './mirror.js';
import { openStore } from './open.js';
import { Outbox } from './outbox.js';
import { PlaceTable } from './places.js';
import { RepositoryTable } from './repositories.js';
import { RequestTable } from './requests.js';
import { RestartTable } from './restarts.js';
import { SpendTable } from './spend.js';
import { StatusTable } from './statuses.js';
import { TaskTables } from './tasks/tasks.js';
import { UsageTable } from './usage.js';
import { VerdictTables } from './verdicts.js';

/** The record. Its tables' writes belong inside `write`, which commits them in groups. */
export interface Store {
  readonly agents: AgentTable;
  readonly requests: RequestTable;
  readonly verdicts: VerdictTables;
  readonly interventions: InterventionTable;
  readonly checkpoints: CheckpointTable;
  readonly outbox: Outbox;
  readonly spend: SpendTable;
  readonly heartbeats: HeartbeatTable;
  readonly restarts: RestartTable;
  readonly maintenance: MaintenanceTable;
  readonly statuses: StatusTable;
  readonly usage: UsageTable;
  readonly places: PlaceTable;
  readonly history: History;
  readonly repositories: RepositoryTable;
  readonly mirror: MirrorTables;
  readonly tasks: TaskTables;
  readonly githubWrites: GitHubWriteTable;
  readonly issueTasks: IssueTaskTables;
  /** Resolves once what `action` wrote is on the disk. */
  write<T>(action: () => T): Promise<T>;
  /** Commits what waits and frees the data directory. */
  close(): void;
}

/** @throws VigilError STORE */
export function createStore(dataDir: string): Store {
  const { database, close } = openStore(dataDir);
  const batch = new WriteBatch(database);
  return {
    agents: new AgentTable(database),
    requests: new RequestTable(database),
    verdicts: new VerdictTables(database),
    interventions: new InterventionTable(database),
    checkpoints: new CheckpointTable(database),
    outbox: new Outbox(database),
    spend: new SpendTable(database),
    heartbeats: new HeartbeatTable(database),
    restarts: new RestartTable(database),
    maintenance: new MaintenanceTable(database),
    statuses: new StatusTable(database),
    usage: new UsageTable(database),
    places: new PlaceTable(database),
    history: new History(database),
    repositories: new RepositoryTable(database),
    mirror: new MirrorTables(database),
    tasks: new TaskTables(database),
    githubWrites: new GitHubWriteTable(database),
    issueTasks: new IssueTaskTables(database),
    write: (action) => batch.write(action),
    close: () => {
      batch.flush();
      close();
    },
  };
}
