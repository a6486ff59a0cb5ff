-- Makes a session with an open seat. Fails: 404 no_such_project, 409 session_exists, 409 project_is_archived, 422 name_is_a_slug.
create or replace function polaris.create_session (p_org bigint, p_actor text, p_project text, p_session text)
returns setof polaris_data.session_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_slug(p_session);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  v_session := polaris_data.write_session(v_me.org_id, coalesce(v_me.actor, 'polaris'), v_project.project_id, p_session);
  perform polaris_data.find_project(v_me.org_id, v_me.actor, p_project); -- it may have been closed to the caller meanwhile
  if v_session is null then
    perform polaris_data.fail(409, 'session_exists', format('There is a session %s in project %s already.', p_session, p_project),
      format('Join it: polaris join %s %s.', p_project, p_session));
  end if;
  return query select * from polaris_data.show_sessions(v_me.org_id, v_project.project_id, v_session);
end;
$$;
comment on function polaris.create_session is 'Makes a session with an open seat.';
