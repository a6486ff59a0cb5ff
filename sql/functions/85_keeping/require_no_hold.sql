-- Locks a project whose record is to be changed, until commit, and refuses where a legal hold stands on it. Fails: 409 legal_hold.
create or replace function polaris_data.require_no_hold (p_org bigint, p_project bigint)
returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  if not polaris_data.lock_to_keep(p_org, p_project) then
    perform polaris_data.fail(409, 'legal_hold', format('A legal hold stands on %s.', (
      select p.name from polaris_data.projects p where p.org_id = p_org and p.project_id = p_project)),
      'Nothing is changed there until it is lifted.');
  end if;
end;
$$;
comment on function polaris_data.require_no_hold is 'Locks a project whose record is to be changed.';
