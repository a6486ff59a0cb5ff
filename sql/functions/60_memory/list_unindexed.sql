-- The projects whose newest events are not yet in the tables made from the record, the one that waits longest first: how many events each
-- is behind, and since when the first of them waits. The service only.
create or replace function polaris.list_unindexed (p_limit integer default 100)
returns table (org_id bigint, project_id bigint, behind bigint, waits_since timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select h.org_id, h.project_id, h.last_seq - greatest(coalesce(c.seq, 0), p.first_seq - 1), e.recorded_at
  from polaris_data.project_heads h
  join polaris_data.projects p on p.org_id = h.org_id and p.project_id = h.project_id
  left join polaris_data.index_cursors c on c.org_id = h.org_id and c.project_id = h.project_id
  left join lateral (
    select e.recorded_at from polaris_data.events e
    where e.org_id = h.org_id and e.project_id = h.project_id and e.seq > coalesce(c.seq, 0) order by e.seq limit 1) e on true
  where h.last_seq > greatest(coalesce(c.seq, 0), p.first_seq - 1)
  order by e.recorded_at limit p_limit;
end;
$$;
comment on function polaris.list_unindexed is 'The projects whose newest events are not yet in the tables made from the record.';
