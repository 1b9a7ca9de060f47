/** Heartbeats, restarts, maintenance, status. Times are epoch milliseconds. */
export const migration0004 = `
create table heartbeats (
  agent      text primary key references agents (id) on delete cascade,
  seen_at    integer not null,
  beat       text not null,
  instances  integer not null,
  lost       integer not null,
  duplicates integer not null,
  reordered  integer not null
) strict, without rowid;

create table figures (
  agent     text not null references agents (id) on delete cascade,
  at        integer not null,
  state     text not null,
  rss_bytes integer,
  cpu_ms    integer,
  tokens    real,
  cost      real,
  primary key (agent, at)
) strict, without rowid;
create index figures_by_time on figures (at);

create table restarts (
  id             text primary key,
  agent          text not null,
  at             integer not null,
  finished_at    integer not null,
  by             text not null check (by in ('ladder', 'person')),
  outcome        text not null,
  way            text not null,
  event          text not null
) strict, without rowid;
create index restarts_by_agent on restarts (agent, at);
create index restarts_by_time on restarts (at);

-- Agents under maintenance; '*' is the whole fleet.
create table pauses (
  agent  text primary key,
  at     integer not null,
  reason text
) strict, without rowid;

create table statuses (
  agent  text primary key references agents (id) on delete cascade,
  state  text not null,
  since  integer not null,
  source text,
  at     integer
) strict, without rowid;
`;
