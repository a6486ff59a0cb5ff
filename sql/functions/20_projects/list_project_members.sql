-- Who is on the list of a project; the list counts where the project is private. Fails: 404 no_such_project.
create or replace function polaris.list_project_members (p_org bigint, p_actor text, p_project text)
returns table (actor text, added_by text, added_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  return query
  select m.actor, m.added_by, m.added_at from polaris_data.project_members m
  where m.org_id = v_me.org_id and m.project_id = v_project.project_id order by m.actor;
end;
$$;
comment on function polaris.list_project_members is 'Who is on the list of a project.';
