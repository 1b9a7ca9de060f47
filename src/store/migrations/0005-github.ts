/** The mirror of GitHub. Times of GitHub are its ISO texts, ours are epoch milliseconds. */
export const migration0005 = `
create table repositories (
  token          text primary key,
  -- In lower case: GitHub knows no difference.
  name           text not null unique,
  -- As GitHub writes it.
  full_name      text not null,
  github_id      integer,
  source         text not null check (source in ('settings', 'wire')),
  state          text not null default 'active' check (state in ('active', 'gone', 'forbidden')),
  default_branch text,
  private        integer not null default 0,
  archived       integer not null default 0,
  has_issues     integer not null default 1,
  added_at       integer not null,
  synced_at      integer,
  last_error     text
) strict, without rowid;

-- Names that a repository was added under or had before, besides its present one.
create table repository_names (
  name  text primary key,
  token text not null references repositories (token) on delete cascade
) strict, without rowid;

-- How far each list was read; moved on only with what was read.
create table github_cursors (
  token  text not null references repositories (token) on delete cascade,
  list   text not null,
  url    text not null,
  etag   text,
  -- The newest thing of the last walk that was finished.
  upto   text,
  -- Of a walk under way: its newest thing, the page to go on with, pages read.
  target text,
  next   text,
  pages  integer not null default 0,
  primary key (token, list)
) strict, without rowid;

create table issues (
  token      text not null references repositories (token) on delete cascade,
  number     integer not null,
  title      text not null,
  body       text not null,
  state      text not null,
  reason     text,
  author     text,
  labels     text not null,
  created_at text not null,
  updated_at text not null,
  closed_at  text,
  primary key (token, number)
) strict, without rowid;

create table pull_requests (
  token      text not null references repositories (token) on delete cascade,
  number     integer not null,
  title      text not null,
  body       text not null,
  state      text not null,
  draft      integer not null,
  author     text,
  branch     text not null,
  sha        text not null,
  base       text not null,
  created_at text not null,
  updated_at text not null,
  merged_at  text,
  -- updated_at when its reviews and checks were read.
  read_at    text,
  primary key (token, number)
) strict, without rowid;
create index pull_requests_recent on pull_requests (token, state, updated_at);

create table reviews (
  token        text not null references repositories (token) on delete cascade,
  id           integer not null,
  pull         integer not null,
  author       text,
  state        text not null,
  submitted_at text,
  primary key (token, id)
) strict, without rowid;
create index reviews_of on reviews (token, pull);

create table checks (
  token      text not null references repositories (token) on delete cascade,
  id         integer not null,
  pull       integer not null,
  sha        text not null,
  name       text not null,
  status     text not null,
  conclusion text,
  at         text,
  primary key (token, id)
) strict, without rowid;
create index checks_of on checks (token, pull, sha);

create table commits (
  token   text not null references repositories (token) on delete cascade,
  sha     text not null,
  message text not null,
  author  text,
  at      text,
  primary key (token, sha)
) strict, without rowid;

-- Repositories that a sync is done with: it does not begin them again after a crash.
create table sync_items (
  request_id text not null,
  token      text not null,
  item       text not null,
  primary key (request_id, token)
) strict, without rowid;

-- Comments and labels that are to be written, each once.
create table github_writes (
  id         text primary key,
  token      text not null references repositories (token) on delete cascade,
  issue      integer not null,
  kind       text not null check (kind in ('comment', 'label')),
  text       text not null,
  state      text not null check (state in ('waiting', 'done', 'failed')),
  attempts   integer not null default 0,
  error      text,
  at         integer not null
) strict, without rowid;
create index github_writes_waiting on github_writes (at) where state = 'waiting';
`;
