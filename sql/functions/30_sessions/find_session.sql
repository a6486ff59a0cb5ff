-- A session by its names, through the gate of its project. Fails: 404 no_such_project, 404 no_such_session.
create or replace function polaris_data.find_session (p_org bigint, p_actor text, p_project text, p_session text)
returns polaris_data.sessions
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_project polaris_data.projects := polaris_data.find_project(p_org, p_actor, p_project);
  v_session polaris_data.sessions;
begin
  select s.* into v_session from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = v_project.project_id and s.name = p_session;
  if not found then
    perform polaris_data.fail(404, 'no_such_session', format('There is no session %s in project %s.', left(p_session, 80), p_project),
      format('Make it: polaris join %s %s.', p_project, coalesce(left(p_session, 80), 'NAME')));
  end if;
  return v_session;
end;
$$;
comment on function polaris_data.find_session is 'A session by its names, through the gate of its project.';
