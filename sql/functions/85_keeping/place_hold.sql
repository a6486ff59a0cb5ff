-- Places a legal hold: while it stands, nothing is deleted from the project, or (no project) from the whole organization, neither by
-- retention nor by an erasure. What is being deleted at this moment is waited for. Administrators only.
-- Fails: 403 admin_only, 404 no_such_project, 409 hold_is_placed, 422 body_is_there, 422 body_is_short (500 characters).
create or replace function polaris.place_hold (p_org bigint, p_actor text, p_project text, p_reason text)
returns setof polaris_data.hold_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project bigint := 0;
  v_hold bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_reason(p_reason);
  perform from polaris_data.projects p
  where p.org_id = v_me.org_id and v_project in (0, p.project_id) order by p.project_id for no key update;
  insert into polaris_data.legal_holds (org_id, project_id, reason, placed_by, placed_at)
  values (v_me.org_id, v_project, p_reason, coalesce(v_me.actor, 'polaris'), v_now)
  on conflict (org_id, project_id) where lifted_at is null do nothing returning hold_id into v_hold;
  if v_hold is null then
    perform polaris_data.fail(409, 'hold_is_placed', format('A legal hold stands on %s already.', coalesce(p_project, 'the organization')),
      'Lift it first.');
  end if;
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'hold.placed', p_project,
    jsonb_build_object('hold', v_hold, 'reason', p_reason));
  return query select * from polaris_data.show_holds(v_me.org_id, v_hold);
end;
$$;
comment on function polaris.place_hold is 'Places a legal hold.';
