-- A session by its names, locked until commit. The lock order of the whole record: projects, then sessions, then deliveries, then
-- counters, each by project first, and the head of the audit log last. The gate is passed once more behind the lock: whoever waited
-- there for somebody who closes the project to it would get in otherwise.
-- Fails: 404 no_such_project, 404 no_such_session.
create or replace function polaris_data.lock_session (p_org bigint, p_actor text, p_project text, p_session text)
returns polaris_data.sessions
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.sessions := polaris_data.find_session(p_org, p_actor, p_project, p_session);
begin
  select s.* into v_session from polaris_data.sessions s
  where s.org_id = p_org and s.session_id = v_session.session_id for no key update;
  perform polaris_data.find_project(p_org, p_actor, p_project);
  return v_session;
end;
$$;
comment on function polaris_data.lock_session is 'A session by its names, locked until commit.';
