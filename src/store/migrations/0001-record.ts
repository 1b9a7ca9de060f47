/** Agents, requests, verdicts, and the outbox through which results leave. Times are epoch milliseconds. */
export const migration0001 = `
create table agents (
  id            text primary key,
  spec          text not null,
  state         text not null check (state in ('active', 'inactive')),
  -- Who named it: somebody over the wire, the settings, or the sample fleet.
  source        text not null check (source in ('wire', 'settings', 'sample')),
  registered_at integer not null,
  updated_at    integer not null
) strict, without rowid;

create table requests (
  id          text primary key,
  kind        text not null,
  source      text not null check (source in ('trigger', 'rpc', 'schedule')),
  payload     text not null,
  state       text not null check (state in ('accepted', 'running', 'done', 'refused')),
  attempts    integer not null default 0,
  accepted_at integer not null,
  started_at  integer,
  finished_at integer,
  result      text
) strict, without rowid;
create index requests_unfinished on requests (accepted_at) where state in ('accepted', 'running');
create index requests_finished on requests (finished_at) where finished_at is not null;

create table analyses (
  seq             integer primary key,
  request_id      text not null,
  agent           text not null,
  at              integer not null,
  -- Placement under which the agent's actor answered: the fencing token.
  epoch           integer not null,
  host            text not null,
  phase           text not null,
  alignment_score real not null,
  needs_steering  integer not null,
  steering_type   text,
  unchanged       integer not null,
  analysis        text not null,
  unique (request_id, agent)
) strict;
create index analyses_by_agent on analyses (agent, seq);
create index analyses_by_time on analyses (at);

create table coherence (
  request_id text primary key,
  at         integer not null,
  score      real not null,
  report     text not null
) strict, without rowid;

create table cycles (
  request_id      text primary key,
  started_at      integer not null,
  finished_at     integer not null,
  agents          integer not null,
  failures        integer not null,
  coherence_score real,
  interventions   integer not null
) strict, without rowid;

create table interventions (
  id         text primary key,
  request_id text not null,
  agent      text not null,
  at         integer not null,
  type       text not null,
  message    text not null,
  emergency  integer not null,
  delivery   text not null
) strict, without rowid;
create index interventions_by_agent on interventions (agent, at);

create table outbox (
  seq     integer primary key autoincrement,
  msg_id  text not null unique,
  subject text not null,
  payload text not null
) strict;
`;
