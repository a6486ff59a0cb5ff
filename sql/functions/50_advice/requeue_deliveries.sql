-- Lets advice that was on its way to a driver who has gone wait for the next one.
create or replace function polaris_data.requeue_deliveries (p_org bigint, p_session bigint)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_delivery record;
begin
  for v_delivery in
    select d.delivery_id, s.driver, s.created_by from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = p_org and d.session_id = p_session and d.state = 'sent'
    order by d.delivery_id for no key update of d
  loop
    perform polaris_data.move_delivery(p_org, v_delivery.delivery_id, 'queued', 'the driver left', null, null,
      coalesce(v_delivery.driver, 'polaris'));
  end loop;
end;
$$;
comment on function polaris_data.requeue_deliveries is 'Lets advice that was on its way to a driver who has gone wait for the next one.';
