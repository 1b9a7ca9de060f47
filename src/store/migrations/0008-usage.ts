/** What agents use, by day and model; where they work. They stay when an agent is forgotten: the fleet has used it. */
export const migration0008 = `
create table usage (
  agent       text not null,
  -- ISO date (UTC); empty where the log states no time.
  day         text not null,
  model       text not null,
  -- The log states the cost.
  stated      integer not null,
  calls       integer not null,
  input       integer not null,
  output      integer not null,
  cache_read  integer not null,
  cache_write integer not null,
  usd         real not null,
  updated_at  integer not null,
  primary key (agent, day, model, stated)
) strict, without rowid;
create index usage_by_day on usage (day);

create table places (
  agent      text primary key,
  repository text,
  branch     text,
  folder     text not null,
  updated_at integer not null
) strict, without rowid;

-- Budgets that were said to be reached; the agent is empty for the fleet.
create table budgets_told (
  day     text not null,
  agent   text not null,
  unit    text not null,
  percent integer not null,
  primary key (day, agent, unit, percent)
) strict, without rowid;
`;
