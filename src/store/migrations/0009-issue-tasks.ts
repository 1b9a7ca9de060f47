/** Issues of GitHub that become tasks. Rows outlive their repository: one that is mirrored again finds its tasks. */
export const migration0009 = `
create table issue_tasks (
  token    text not null,
  number   integer not null,
  -- The task that was made of it, which may be forgotten by now.
  task     text unique,
  -- What of the issue was followed; 'none' also when it could not be, or lost its label.
  followed text not null check (followed in ('none', 'open', 'done', 'cancelled')),
  -- Why it could not be followed further: code and message.
  code     text,
  refused  text,
  primary key (token, number)
) strict, without rowid;
create index issue_tasks_refused on issue_tasks (token, number) where code is not null;

-- Issues that are not followed yet: written in the transaction of the page that they were read with.
create table issue_tasks_due (
  token  text not null references repositories (token) on delete cascade,
  number integer not null,
  -- It was looked at and cannot be followed yet: not before the next sync.
  waits  integer not null default 0,
  primary key (token, number)
) strict, without rowid;
create index issue_tasks_due_now on issue_tasks_due (token, number) where waits = 0;

-- Issues that the text of an issue names as its dependencies.
create table issue_dependencies (
  token     text not null references repositories (token) on delete cascade,
  number    integer not null,
  on_token  text not null,
  on_number integer not null,
  primary key (token, number, on_token, on_number)
) strict, without rowid;
create index issue_dependencies_named on issue_dependencies (on_token, on_number);

-- The settings under which all issues were looked at.
create table issue_tasks_rules (
  one   integer primary key check (one = 1),
  rules text not null
) strict;
`;
