-- One project. Fails: 404 no_such_project.
create or replace function polaris.get_project (p_org bigint, p_actor text, p_project text)
returns setof polaris_data.project_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_projects(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id);
end;
$$;
comment on function polaris.get_project is 'One project.';
