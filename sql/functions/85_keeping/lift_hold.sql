-- Lifts a legal hold; what was put off goes on. Again changes nothing. Administrators only. Fails: 403 admin_only, 404 no_such_hold.
create or replace function polaris.lift_hold (p_org bigint, p_actor text, p_hold bigint)
returns setof polaris_data.hold_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_hold polaris_data.legal_holds;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  select h.* into v_hold from polaris_data.legal_holds h where h.org_id = v_me.org_id and h.hold_id = p_hold for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_hold', format('There is no legal hold %s.', p_hold), 'See polaris hold list.');
  end if;
  if v_hold.lifted_at is null then
    update polaris_data.legal_holds set lifted_by = coalesce(v_me.actor, 'polaris'), lifted_at = v_now
    where org_id = v_me.org_id and hold_id = p_hold;
    perform polaris_data.publish_control(v_me.org_id, 'keeping', v_hold.project_id);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'hold.lifted',
      (select p.name from polaris_data.projects p where p.org_id = v_me.org_id and p.project_id = v_hold.project_id),
      jsonb_build_object('hold', p_hold));
  end if;
  return query select * from polaris_data.show_holds(v_me.org_id, p_hold);
end;
$$;
comment on function polaris.lift_hold is 'Lifts a legal hold.';
