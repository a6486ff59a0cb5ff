-- Archives a session: the seat ends, nothing is deleted. Its maker, its driver or an administrator. Twice is once.
-- Fails: 403 admin_only, 404 no_such_project, 404 no_such_session.
create or replace function polaris.archive_session (p_org bigint, p_actor text, p_project text, p_session text)
returns setof polaris_data.session_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_me.actor is distinct from v_session.created_by and v_me.actor is distinct from v_session.driver then
    perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  end if;
  perform polaris_data.end_session(v_me.org_id, v_session.session_id, coalesce(v_me.actor, 'polaris'));
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;
comment on function polaris.archive_session is 'Archives a session.';
