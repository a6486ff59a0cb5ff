-- The one gate to a project: every function that names one comes through here. What the caller may not see does not exist.
-- Fails: 404 no_such_project.
create or replace function polaris_data.find_project (p_org bigint, p_actor text, p_project text)
returns polaris_data.projects
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_project polaris_data.projects;
begin
  select p.* into v_project from polaris_data.projects p where p.org_id = p_org and p.name = p_project;
  if not found or (v_project.visibility <> 'org' and not polaris_data.may_see(p_org, p_actor, v_project.project_id, v_project.visibility)) then
    perform polaris_data.fail(404, 'no_such_project', format('There is no project %s.', left(p_project, 80)),
      'Make it: polaris join, or ask for access.');
  end if;
  return v_project;
end;
$$;
comment on function polaris_data.find_project is 'The one gate to a project.';
