/** Ends that nobody has looked at yet. */
export const migration0010 = `
alter table statuses add column unseen integer not null default 0;
`;
