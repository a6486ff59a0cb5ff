-- Opens the seats whose lease has run out; answers how many. Several processes may try at once: each seat ends once.
-- Direct clients too, where no service runs: what has lapsed has lapsed, whoever says so.
create or replace function polaris.expire_leases (p_org bigint default null)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
  v_count integer := 0;
  v_org bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_org := (polaris_data.acting(p_org, null)).org_id;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_org and s.driver is not null and s.lease_until <= v_now
    order by s.project_id, s.session_id limit 100 for no key update skip locked
  loop
    perform polaris_data.end_seat(v_org, v_session, 'expired');
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function polaris.expire_leases is 'Opens the seats whose lease has run out.';
