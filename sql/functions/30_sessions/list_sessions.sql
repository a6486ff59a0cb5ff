-- The sessions of a project, by name. Fails: 404 no_such_project.
create or replace function polaris.list_sessions (p_org bigint, p_actor text, p_project text)
returns setof polaris_data.session_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_sessions(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id);
end;
$$;
comment on function polaris.list_sessions is 'The sessions of a project.';
