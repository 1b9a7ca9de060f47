/** What the model judge spent, by day (UTC): the budget holds over restarts. */
export const migration0002 = `
create table spend (
  day    text primary key,
  tokens integer not null
) strict, without rowid;
`;
