/** Tasks. `lease_until` and `not_before` count the time that Vigil was awake (`task_clock`), the others epoch milliseconds. */
export const migration0007 = `
-- What a claim can ask for: the distinct pairs of phase and needed capabilities (a sorted JSON array). A claim takes the
-- best of each class that fits it, so that tasks for others cost it nothing.
create table task_classes (
  id           integer primary key,
  phase        text,
  capabilities text not null
) strict;
create unique index task_classes_unique on task_classes (ifnull(phase, ''), capabilities);

create table tasks (
  -- In order of creation.
  seq               integer primary key autoincrement,
  id                text not null unique,
  title             text not null,
  class             integer not null,
  priority          text not null check (priority in ('critical', 'high', 'medium', 'low')),
  deadline          integer,
  state             text not null
                    check (state in ('pending', 'ready', 'claimed', 'running', 'done', 'failed', 'cancelled')),
  open_dependencies integer not null,
  score             real not null,
  agent             text,
  -- Fencing: the number of claims in the upper bits, then 32 random ones.
  token             integer not null default 0,
  lease_until       integer,
  claim_key         text,
  not_before        integer,
  attempts          integer not null default 0,
  failures          integer not null default 0,
  max_retries       integer not null,
  backoff_ms        integer not null,
  created_at        integer not null,
  updated_at        integer not null,
  finished_at       integer,
  error             text,
  source            text,
  idempotency_key   text
) strict;
create index tasks_to_claim on tasks (class, score desc, seq) where state = 'ready';
create index tasks_leased on tasks (lease_until) where state in ('claimed', 'running');
create index tasks_delayed on tasks (not_before) where state = 'pending' and not_before is not null;
create index tasks_assigned on tasks (agent, seq) where state in ('claimed', 'running');
-- Not of those that are held, whose index is above, nor of those that are done, which are nearly all: a claim and a
-- completion have less to write.
create index tasks_open on tasks (state, seq) where state in ('pending', 'ready', 'failed', 'cancelled');
create index tasks_finished on tasks (finished_at) where finished_at is not null;
create unique index tasks_by_key on tasks (idempotency_key) where idempotency_key is not null;

-- Apart, so that the rows that change stay small.
create table task_bodies (
  task        integer primary key,
  description text,
  payload     text,
  result      text
) strict;

create table task_edges (
  task       integer not null,
  dependency integer not null,
  primary key (task, dependency)
) strict, without rowid;
create index task_edges_of_dependency on task_edges (dependency, task);

-- Dependencies that nobody has added yet.
create table task_awaited (
  dependency text not null,
  task       integer not null,
  primary key (dependency, task)
) strict, without rowid;
create index task_awaited_by_task on task_awaited (task);

create table task_clock (
  one   integer primary key check (one = 1),
  awake integer not null
) strict;
insert into task_clock values (1, 0);
`;
