-- The import that a project is being made by, its project locked until commit. Administrators only, and the service only.
-- Fails: 403 admin_only, 404 no_such_project, 409 import_is_another.
create or replace function polaris_data.lock_import (p_org bigint, p_actor text, p_project text, p_digest bytea)
returns polaris_data.imports
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_project polaris_data.projects;
  v_import polaris_data.imports;
begin
  perform polaris_data.require_service();
  perform polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  v_project := polaris_data.lock_project(p_org, p_actor, p_project);
  -- A statement of its own: it sees what somebody wrote for whom the lock was waited.
  select i.* into v_import from polaris_data.imports i where i.org_id = p_org and i.project_id = v_project.project_id;
  if not found or v_import.digest <> p_digest then
    perform polaris_data.fail(409, 'import_is_another', format('Project %s is not being made from this export.', p_project),
      'Begin with the head of the export, in a new project.');
  end if;
  return v_import;
end;
$$;
comment on function polaris_data.lock_import is 'The import that a project is being made by, locked until commit.';
