-- Whether a participant may see a project: everybody one that is open to the organization; a private one its members, the
-- administrators, and the service itself (actor null).
create or replace function polaris_data.may_see (p_org bigint, p_actor text, p_project bigint, p_visibility text)
returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select p_visibility = 'org' or p_actor is null or exists (
    select from polaris_data.project_members m where m.org_id = p_org and m.project_id = p_project and m.actor = p_actor)
  or polaris_data.role_of(p_org, p_actor) = 'admin';
$$;
comment on function polaris_data.may_see is 'Whether a participant may see a project.';
