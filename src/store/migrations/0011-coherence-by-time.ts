/** The latest reports, their scores over time, and what is too old, without a look through all reports. */
export const migration0011 = `
create index coherence_by_time on coherence (at, score);
`;
