-- Whether a participant may see a project, by its number; one that is not there is not seen.
create or replace function polaris_data.may_see_id (p_org bigint, p_actor text, p_project bigint)
returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from polaris_data.projects p
    where p.org_id = p_org and p.project_id = p_project and polaris_data.may_see(p_org, p_actor, p.project_id, p.visibility));
$$;
comment on function polaris_data.may_see_id is 'Whether a participant may see a project, by its number.';
