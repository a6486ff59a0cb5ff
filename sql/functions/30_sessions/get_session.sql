-- One session. Fails: 404 no_such_project, 404 no_such_session.
create or replace function polaris.get_session (p_org bigint, p_actor text, p_project text, p_session text)
returns setof polaris_data.session_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;
comment on function polaris.get_session is 'One session.';
