/** An index of open tasks that costs each change of a task less (`OPEN`); none that no question uses. */
export const migration0013 = `
drop index tasks_open;
create index tasks_open on tasks (state, seq) where state <> 'claimed' and state <> 'running' and state <> 'done';
drop index issue_tasks_due_now;
`;
