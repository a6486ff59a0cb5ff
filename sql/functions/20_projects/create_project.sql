-- Makes a project, open to the organization or private. A name is taken by a private project too.
-- Fails: 409 project_exists, 422 name_is_a_slug, 422 visibility_is_known.
create or replace function polaris.create_project (p_org bigint, p_actor text, p_name text, p_visibility text default 'org')
returns setof polaris_data.project_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_slug(p_name);
  perform polaris_data.require_visibility(p_visibility);
  v_project := polaris_data.write_project(v_me.org_id, coalesce(v_me.actor, 'polaris'), p_name, p_visibility);
  if v_project is null then
    perform polaris_data.fail(409, 'project_exists', format('There is a project %s already.', p_name), 'Choose another name, or join it.');
  end if;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project);
end;
$$;
comment on function polaris.create_project is 'Makes a project.';
