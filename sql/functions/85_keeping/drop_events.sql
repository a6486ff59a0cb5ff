-- Deletes the first events of a project, from p_from (what first_seq was) to below p_below, for retention: the one function that the guard
-- of the record lets delete. What was made of them goes with them, but for the figures of usage. The caller holds the project and its
-- place in the index, in this order. Both ends are named: what lies before was deleted already, and a scan would pass over its remains.
create or replace function polaris_data.drop_events (p_org bigint, p_project bigint, p_from bigint, p_below bigint)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  v_count integer;
begin
  update polaris_data.projects set first_seq = p_below where org_id = p_org and project_id = p_project and first_seq < p_below;
  update polaris_data.index_cursors set seq = p_below - 1 where org_id = p_org and project_id = p_project and seq < p_below - 1;
  delete from polaris_data.search_entries n where n.org_id = p_org and n.project_id = p_project and n.seq >= p_from and n.seq < p_below;
  delete from polaris_data.touched_files f where f.org_id = p_org and f.project_id = p_project and f.seq >= p_from and f.seq < p_below;
  delete from polaris_data.commits c where c.org_id = p_org and c.project_id = p_project and c.seq >= p_from and c.seq < p_below;
  delete from polaris_data.annotations a where a.org_id = p_org and a.project_id = p_project and a.seq >= p_from and a.seq < p_below;
  delete from polaris_data.events e where e.org_id = p_org and e.project_id = p_project and e.seq >= p_from and e.seq < p_below;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function polaris_data.drop_events is 'Deletes the first events of a project, for retention.';
