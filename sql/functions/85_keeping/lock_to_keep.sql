-- Locks a project whose record is to be made less, until commit, and answers whether that is allowed: no legal hold stands on it. Who
-- places a hold locks the same row, so that behind it nothing is deleted any more.
create or replace function polaris_data.lock_to_keep (p_org bigint, p_project bigint)
returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  perform from polaris_data.projects p where p.org_id = p_org and p.project_id = p_project for no key update;
  return found and not polaris_data.is_held(p_org, p_project);
end;
$$;
comment on function polaris_data.lock_to_keep is 'Locks a project whose record is to be made less; answers whether that is allowed.';
