/** The budget that was said to be reached, so that one that was raised is said again. Null for what was said before. */
export const migration0014 = `
alter table budgets_told add column budget real;
`;
