-- One delivery. Fails: 404 no_such_project, 404 no_such_delivery.
create or replace function polaris.get_delivery (p_org bigint, p_actor text, p_project text, p_delivery uuid)
returns setof polaris_data.delivery_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_deliveries(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id, p_delivery) d
  where d.delivery_id = p_delivery; -- none is asked for: none is found
  if not found then
    perform polaris_data.fail(404, 'no_such_delivery', format('There is no delivery %s in project %s.', p_delivery, p_project));
  end if;
end;
$$;
comment on function polaris.get_delivery is 'One delivery.';
