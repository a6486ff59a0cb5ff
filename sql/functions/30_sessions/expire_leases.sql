-- Opens the seats whose lease has run out; answers how many. Several processes may try at once: each seat ends once.
-- The service only.
create or replace function polaris.expire_leases (p_org bigint)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver is not null and s.lease_until <= v_now
    order by s.project_id, s.session_id limit 100 for no key update skip locked
  loop
    perform polaris_data.end_seat(p_org, v_session, 'expired');
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function polaris.expire_leases is 'Opens the seats whose lease has run out.';
