/** What an agent has used in all, kept up as its rows change; what was removed of it, so that it is not taken again. */
export const migration0012 = `
-- The last day of an agent whose usage was removed for its age.
create table usage_removed (
  agent text primary key,
  day   text not null
) strict, without rowid;

create table usage_totals (
  agent       text not null,
  model       text not null,
  stated      integer not null,
  -- Rows of usage that are in it.
  rows        integer not null,
  calls       integer not null,
  input       integer not null,
  output      integer not null,
  cache_read  integer not null,
  cache_write integer not null,
  usd         real not null,
  primary key (agent, model, stated)
) strict, without rowid;

insert into usage_totals (agent, model, stated, rows, calls, input, output, cache_read, cache_write, usd)
select agent, model, stated, count(*), sum(calls), sum(input), sum(output), sum(cache_read), sum(cache_write), sum(usd)
  from usage group by agent, model, stated;

create trigger usage_added after insert on usage begin
  insert into usage_totals (agent, model, stated, rows, calls, input, output, cache_read, cache_write, usd)
  values (new.agent, new.model, new.stated, 1, new.calls, new.input, new.output, new.cache_read, new.cache_write, new.usd)
  on conflict (agent, model, stated) do update
    set rows = rows + 1, calls = calls + new.calls, input = input + new.input, output = output + new.output,
        cache_read = cache_read + new.cache_read, cache_write = cache_write + new.cache_write, usd = usd + new.usd;
end;

create trigger usage_grown after update on usage begin
  update usage_totals
     set calls = calls + new.calls - old.calls, input = input + new.input - old.input,
         output = output + new.output - old.output, cache_read = cache_read + new.cache_read - old.cache_read,
         cache_write = cache_write + new.cache_write - old.cache_write, usd = usd + new.usd - old.usd
   where agent = new.agent and model = new.model and stated = new.stated;
end;

create trigger usage_gone after delete on usage begin
  update usage_totals
     set rows = rows - 1, calls = calls - old.calls, input = input - old.input, output = output - old.output,
         cache_read = cache_read - old.cache_read, cache_write = cache_write - old.cache_write,
         usd = max(0.0, usd - old.usd)
   where agent = old.agent and model = old.model and stated = old.stated;
  delete from usage_totals where agent = old.agent and model = old.model and stated = old.stated and rows = 0;
end;
`;
