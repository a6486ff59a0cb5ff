-- Whether a legal hold stands on a project: its own, or one on the whole organization.
create or replace function polaris_data.is_held (p_org bigint, p_project bigint)
returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from polaris_data.legal_holds h
    where h.org_id = p_org and h.project_id in (0, p_project) and h.lifted_at is null);
$$;
comment on function polaris_data.is_held is 'Whether a legal hold stands on a project.';
