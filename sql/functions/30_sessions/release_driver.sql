-- Opens the seat that the caller holds; with an epoch, only the seat of that epoch. Released to somebody who may see the project,
-- nobody else takes it for five minutes.
-- Fails: 404 no_such_project, 404 no_such_session, 404 no_such_member, 409 not_driver (detail: the driver), 422 actor_is_a_participant.
create or replace function polaris.release_driver (
  p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint default null,
  p_to text default null
)
returns setof polaris_data.session_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.driver is null or v_session.driver is distinct from v_me.actor or p_epoch <> v_session.epoch then
    perform polaris_data.fail(409, 'not_driver', format('%s does not drive %s.', coalesce(v_me.actor, 'polaris'), p_session), null,
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  if p_to is not null then
    perform polaris_data.require_participant(p_to);
    if polaris_data.role_of(v_me.org_id, p_to) is null or not polaris_data.may_see_id(v_me.org_id, p_to, v_session.project_id) then
      perform polaris_data.fail(404, 'no_such_member', format('%s is nobody who may see %s.', p_to, p_project), 'See polaris member list.');
    end if;
  end if;
  perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'released', p_to);
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;
comment on function polaris.release_driver is 'Opens the seat that the caller holds.';
