-- Ends direct clients' transactions that have written or locked something for too long: they would hold a project's counter and
-- with it everybody's events. Answers whom it ended; nothing where the owner may not end sessions. The service only.
create or replace function polaris.reap_blockers (p_older_than interval default '2 seconds')
returns table (pid integer, login text, seconds integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  -- Found first, ended then: as a condition beside the others the planner would end whatever it looks at.
  return query
  with blocker as materialized (
    select a.pid, l.login::text as login, extract(epoch from clock_timestamp() - a.xact_start)::integer as seconds
    from pg_stat_activity a
    join polaris_data.logins l on l.login = a.usename
    where a.datname = current_database() and a.backend_xid is not null and a.xact_start < clock_timestamp() - p_older_than
  )
  select b.pid, b.login, b.seconds from blocker b where pg_terminate_backend(b.pid);
exception when insufficient_privilege then
  return;
end;
$$;
comment on function polaris.reap_blockers is 'Ends direct clients'' transactions that hold the record up.';
