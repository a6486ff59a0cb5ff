-- Where a query for the index finds something that names a file, newest first, before a place: p_file is a path or the end of one.
-- A null query: whatever names it within p_filter.
create or replace function polaris_data.search_file (
  p_org bigint, p_file text, p_query tsquery, p_since timestamptz, p_until timestamptz,
  p_from_at timestamptz, p_from_project bigint, p_from_seq bigint, p_limit integer
)
returns table (project_id bigint, seq bigint, at timestamptz)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  v_path text := regexp_replace(p_file, '^(\./)+', '');
begin
  return query
  with touched as materialized (
    select distinct t.project_id, t.seq from polaris_data.touched_files t
    where t.org_id = p_org and t.name = regexp_replace(v_path, '^.*/', '')
      and (t.path = v_path or right(t.path, char_length(v_path) + 1) = '/' || ltrim(v_path, '/') or right(t.path, char_length(v_path)) = v_path and v_path like '/%')
  )
  select n.project_id, n.seq, n.at
  from touched t
  join polaris_data.search_entries n on n.org_id = p_org and n.project_id = t.project_id and n.seq = t.seq
  where n.words @@ p_query and (p_since is null or n.at >= p_since) and (p_until is null or n.at < p_until)
    and (p_from_at is null or (n.at, n.project_id, n.seq) < (p_from_at, p_from_project, p_from_seq))
  order by n.at desc, n.project_id desc, n.seq desc limit p_limit;
end;
$$;
comment on function polaris_data.search_file is 'Where a query for the index finds something that names a file.';
