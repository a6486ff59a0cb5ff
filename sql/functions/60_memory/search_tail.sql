-- What a query finds among a project's newest events that are not in the index yet: as a rule a second's worth, and never more than 300.
create or replace function polaris_data.search_tail (p_org bigint, p_project bigint, p_query tsquery)
returns setof bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_from bigint;
begin
  select c.seq into v_from from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project;
  return query
  select e.seq from (
    select * from polaris_data.events n
    where n.org_id = p_org and n.project_id = p_project and n.seq > coalesce(v_from, 0) order by n.seq desc limit 300) e
  where e.erased_at is null and e.kind not in ('delivery', 'driver.claimed', 'driver.released', 'driver.expired')
    and polaris_data.search_entry(p_org, p_project, e.session_id, e.kind, e.actor, e.recorded_at, e.body, e.payload) @@ p_query;
end;
$$;
comment on function polaris_data.search_tail is 'What a query finds among a project''s newest events that are not in the index yet.';
