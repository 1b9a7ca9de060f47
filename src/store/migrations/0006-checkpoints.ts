/** How far the agents' actors have read, and what they made of it. Times are epoch milliseconds. */
export const migration0006 = `
create table checkpoints (
  agent  text primary key references agents (id) on delete cascade,
  key    text not null,
  events integer not null,
  data   text not null,
  at     integer not null
) strict;
`;
