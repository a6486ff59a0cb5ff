-- The private projects that a participant may not see.
create or replace function polaris_data.hidden_projects (p_org bigint, p_actor text)
returns bigint[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(p.project_id), '{}') from polaris_data.projects p
  where p.org_id = p_org and p.visibility <> 'org' and not polaris_data.may_see(p_org, p_actor, p.project_id, p.visibility);
$$;
comment on function polaris_data.hidden_projects is 'The private projects that a participant may not see.';
