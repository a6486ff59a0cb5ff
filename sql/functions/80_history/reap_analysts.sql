-- Ends connections of analysts that do what they may not. A role's own settings are only defaults: an analyst lifts them with one SET,
-- so the limits hold here. Answers whom it ended and why, the first of these that is true:
--   revoked      its login is revoked
--   connections  more of them than allowed; the youngest go
--   query        a statement runs for longer than p_query
--   idle         it sits in an open transaction for longer than p_idle: that holds back vacuum and upgrades
--   transaction  its transaction, whatever it does, is older than p_transaction
--   lock         it holds an advisory lock: services and migrations take turns by those
--   owns         it owns something in some database: it has written. A temporary table goes with the connection
-- Transactions that have written are ended by reap_blockers. All databases of the server are looked at, because an analyst may be
-- connected to any. Nothing happens where the owner may not end sessions. The service only.
create or replace function polaris.reap_analysts (
  p_query interval default '65 seconds', p_idle interval default '65 seconds', p_transaction interval default '10 minutes',
  p_connections integer default 5
)
returns table (pid integer, login text, why text, seconds integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  if not exists (
    select from pg_stat_activity a join polaris_data.logins l on l.login = a.usename and l.kind = 'analyst') then
    return; -- as a rule; what follows looks at every lock
  end if;
  -- Found first, ended then: as a condition beside the others the planner would end whatever it looks at.
  return query
  with locking as materialized (
    select distinct k.pid from pg_locks k where k.locktype = 'advisory'
  ), owning as materialized (
    select distinct d.refobjid from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
  ), seen as materialized (
    select a.pid, l.login::text as login, a.state, l.revoked_at, a.query_start, a.state_change, a.xact_start, a.backend_start,
      a.pid in (select k.pid from locking k) as locks, a.usesysid in (select o.refobjid from owning o) as owns,
      row_number() over (partition by a.usesysid order by a.backend_start, a.pid) as number
    from pg_stat_activity a
    join polaris_data.logins l on l.login = a.usename and l.kind = 'analyst'
    where a.backend_type = 'client backend'
  ), wrong as materialized (
    select distinct on (s.pid) s.pid, s.login, w.why, w.since from seen s
    cross join lateral (
      values
        (1, 'revoked', s.revoked_at is not null, s.revoked_at),
        (2, 'connections', s.number > p_connections, s.backend_start),
        (3, 'query', s.state not like 'idle%' and s.query_start < v_now - p_query, s.query_start),
        (4, 'idle', s.state like 'idle in%' and s.state_change < v_now - p_idle, s.state_change),
        (5, 'transaction', s.xact_start < v_now - p_transaction, s.xact_start),
        (6, 'lock', s.locks, s.backend_start),
        (7, 'owns', s.owns, s.backend_start)) as w (rank, why, so, since)
    where w.so order by s.pid, w.rank
  )
  select w.pid, w.login, w.why, extract(epoch from v_now - w.since)::integer from wrong w where pg_terminate_backend(w.pid);
exception when insufficient_privilege then
  return;
end;
$$;
comment on function polaris.reap_analysts is 'Ends connections of analysts that do what they may not.';
