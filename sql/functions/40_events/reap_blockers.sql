-- Ends direct clients' transactions that have written or locked something for longer than 2 s: they would hold a project's counter
-- and with it everybody's events. Answers how many. The service only.
create or replace function polaris.reap_blockers (p_older_than interval default '2 seconds')
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_count integer;
begin
  perform polaris_data.require_service();
  select count(*) into v_count
  from pg_stat_activity a
  join polaris_data.logins l on l.login = a.usename
  where a.datname = current_database() and a.backend_xid is not null
    and a.xact_start < clock_timestamp() - p_older_than and pg_terminate_backend(a.pid);
  return v_count;
end;
$$;
comment on function polaris.reap_blockers is 'Ends direct clients'' transactions that hold the record up.';
