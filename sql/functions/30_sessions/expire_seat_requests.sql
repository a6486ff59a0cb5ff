-- Ends the requests for a seat that nobody answered in time; answers how many. Several processes may try at once: each ends once.
-- Direct clients too, where no service runs: what has lapsed has lapsed, whoever says so. Locks the sessions, as everybody who ends one.
create or replace function polaris.expire_seat_requests (p_org bigint default null)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_request record;
  v_count integer := 0;
  v_org bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_org := (polaris_data.acting(p_org, null)).org_id;
  for v_request in
    select r.session_id, r.seq, r.actor from polaris_data.seat_requests r
    join polaris_data.sessions s on s.org_id = r.org_id and s.session_id = r.session_id
    where r.org_id = v_org and r.ended_at is null and r.expires_at <= v_now
    order by s.project_id, r.session_id, r.seq limit 100 for no key update of s, r skip locked
  loop
    perform polaris_data.end_request(v_org, v_request.session_id, v_request.seq, 'expired', v_request.actor);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function polaris.expire_seat_requests is 'Ends the requests for a seat that nobody answered in time.';
