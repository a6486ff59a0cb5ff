-- Whether this connection is the one of the whole installation that prunes and erases: it holds an advisory lock for as long as it lives.
-- That is for economy alone, every batch locks what it needs; so a login of a direct client or an analyst that holds the lock, which
-- anybody can take, is passed over. The service only.
create or replace function polaris.lead_keeping ()
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_key bigint := 30229308860100199; -- the bytes of 'keeping'
begin
  perform polaris_data.require_service();
  if exists (
    select from pg_locks k
    where k.locktype = 'advisory' and k.pid = pg_backend_pid() and k.granted
      and k.database = (select d.oid from pg_database d where d.datname = current_database())
      and (k.classid::bigint << 32) + k.objid::bigint = v_key and k.objsubid = 1) then
    return true;
  end if;
  return pg_try_advisory_lock(v_key) or exists (
    select from pg_locks k
    join pg_stat_activity a on a.pid = k.pid
    join polaris_data.logins l on l.login = a.usename
    where k.locktype = 'advisory' and k.granted
      and k.database = (select d.oid from pg_database d where d.datname = current_database())
      and (k.classid::bigint << 32) + k.objid::bigint = v_key and k.objsubid = 1);
end;
$$;
comment on function polaris.lead_keeping is 'Whether this connection is the one of the installation that prunes and erases.';
