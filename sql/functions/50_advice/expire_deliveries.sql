-- Ends advice that has waited too long: what was never handed over has expired; what was, and was neither proved nor refuted, has
-- failed unproven. Answers how many. Several processes may try at once. The service only.
create or replace function polaris.expire_deliveries (p_org bigint)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_delivery record;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  for v_delivery in
    select d.delivery_id, d.state from polaris_data.deliveries d
    where d.org_id = p_org and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now
    order by d.project_id, d.delivery_id limit 100 for no key update skip locked
  loop
    if v_delivery.state = 'sent' then
      perform polaris_data.move_delivery(p_org, v_delivery.delivery_id, 'failed', 'unproven', null, null, 'polaris');
    else
      perform polaris_data.move_delivery(p_org, v_delivery.delivery_id, 'expired', null, null, null, 'polaris');
    end if;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function polaris.expire_deliveries is 'Ends advice that has waited too long.';
