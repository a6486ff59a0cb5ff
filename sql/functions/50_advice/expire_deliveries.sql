-- Ends advice that has waited too long: what was never handed over has expired; what was, and was neither proved nor refuted, has
-- failed unproven. Answers how many. Several processes may try at once. Direct clients too,
-- where no service runs: what has lapsed has lapsed, whoever says so.
-- Locks the sessions too, as everybody who moves a delivery does (lock_session): otherwise an ending seat and this deadlock.
create or replace function polaris.expire_deliveries (p_org bigint default null)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_delivery record;
  v_count integer := 0;
  v_org bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_org := (polaris_data.acting(p_org, null)).org_id;
  for v_delivery in
    select d.delivery_id, d.state from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = v_org and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now
    order by d.project_id, d.delivery_id limit 100 for no key update of s, d skip locked
  loop
    if v_delivery.state = 'sent' then
      perform polaris_data.move_delivery(v_org, v_delivery.delivery_id, 'failed', 'unproven', null, null, 'polaris');
    else
      perform polaris_data.move_delivery(v_org, v_delivery.delivery_id, 'expired', null, null, null, 'polaris');
    end if;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function polaris.expire_deliveries is 'Ends advice that has waited too long.';
