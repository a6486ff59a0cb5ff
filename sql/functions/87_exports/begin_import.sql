-- Begins to make a project from an export, or goes on with it: answers the last number that is there, and whether the import is
-- complete. Until then the project is private and archived, so that nobody writes into it. p_digest is the sha256 of the export's
-- manifest; p_source what the manifest says of the project it was made of. Administrators only, and the service only.
-- Fails: 403 admin_only, 409 project_exists, 409 import_is_another, 422 name_is_a_slug, 422 actor_is_a_participant,
-- 422 import_not_valid.
create or replace function polaris.begin_import (p_org bigint, p_actor text, p_project text, p_digest bytea, p_source jsonb)
returns table (last_seq bigint, done boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_first bigint := (p_source ->> 'first_seq')::bigint;
  v_project bigint;
  v_import polaris_data.imports;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  perform polaris_data.require_participant(p_actor);
  perform polaris_data.require_slug(p_project);
  if coalesce(v_first < 1 or (p_source ->> 'last_seq')::bigint < v_first - 1, true) then
    perform polaris_data.fail(422, 'import_not_valid', 'The export does not say which events it holds.', 'Make the export anew.');
  end if;
  v_project := polaris_data.write_project(p_org, p_actor, p_project, 'private', v_first);
  if v_project is not null then
    update polaris_data.projects set archived_at = v_now where org_id = p_org and project_id = v_project;
    insert into polaris_data.imports (org_id, project_id, digest, source, imported_by, last_seq, begun_at)
    values (p_org, v_project, p_digest, p_source, p_actor, v_first - 1, v_now);
  end if;
  select i.* into v_import from polaris_data.projects p
  join polaris_data.imports i on i.org_id = p.org_id and i.project_id = p.project_id
  where p.org_id = p_org and p.name = p_project;
  if not found then
    perform polaris_data.fail(409, 'project_exists', format('There is a project %s already.', p_project), 'Choose another name.');
  elsif v_import.digest <> p_digest then
    perform polaris_data.fail(409, 'import_is_another', format('Project %s was made from another export.', p_project),
      'Choose another name.');
  end if;
  return query
  select h.last_seq, v_import.done_at is not null from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = v_import.project_id;
end;
$$;
comment on function polaris.begin_import is 'Begins to make a project from an export, or goes on with it.';
