-- A project by its name, locked until commit, as it is behind the lock: who changes who may see it, or whether it is archived, does so
-- one after the other. Before any session: see lock_session. Fails: 404 no_such_project.
create or replace function polaris_data.lock_project (p_org bigint, p_actor text, p_project text)
returns polaris_data.projects
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_project polaris_data.projects := polaris_data.find_project(p_org, p_actor, p_project);
begin
  perform from polaris_data.projects p where p.org_id = p_org and p.project_id = v_project.project_id for no key update;
  return polaris_data.find_project(p_org, p_actor, p_project);
end;
$$;
comment on function polaris_data.lock_project is 'A project by its name, locked until commit.';
