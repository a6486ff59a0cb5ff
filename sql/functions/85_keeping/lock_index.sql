-- Keeps the pass that fills the tables made from the record out of a project until commit: what it has read already it must not write
-- after that was deleted. After the counters, before the head of the audit log.
create or replace function polaris_data.lock_index (p_org bigint, p_project bigint)
returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  insert into polaris_data.index_cursors (org_id, project_id) values (p_org, p_project) on conflict do nothing;
  perform from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project for no key update;
end;
$$;
comment on function polaris_data.lock_index is 'Keeps the pass that fills the tables made from the record out of a project until commit.';
