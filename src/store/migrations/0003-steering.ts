/** The life of an intervention; agents that wait for a person. Times are epoch milliseconds. */
export const migration0003 = `
alter table interventions add column state text not null default 'notified';
alter table interventions add column updated_at integer not null default 0;
alter table interventions add column dry_run integer not null default 0;
alter table interventions add column via text;
alter table interventions add column reason text;
-- Of the verdict that asked for it.
alter table interventions add column score_before real;
alter table interventions add column events_before integer;
-- JSON, once a later verdict has seen what the agent did since.
alter table interventions add column effect text;
update interventions set updated_at = at;
create index interventions_open on interventions (state, at) where state in ('pending', 'queued', 'waiting');
create index interventions_unseen on interventions (agent) where state = 'delivered' and effect is null;

create table waiting (
  agent text primary key references agents (id) on delete cascade,
  since integer not null
) strict, without rowid;
`;
