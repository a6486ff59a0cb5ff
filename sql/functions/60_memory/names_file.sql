-- Whether an event names this file: the path that it names, or the end of one.
create or replace function polaris_data.names_file (p_org bigint, p_project bigint, p_seq bigint, p_file text)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform from polaris_data.touched_files t
  where t.org_id = p_org and t.project_id = p_project and t.seq between p_seq and p_seq
    and (t.path = p_file or right(t.path, char_length(p_file) + 1) = '/' || ltrim(p_file, '/')
      or (p_file like '/%' and right(t.path, char_length(p_file)) = p_file))
  order by t.seq, t.path limit 1;
  return found;
end;
$$;
comment on function polaris_data.names_file is 'Whether an event names this file: the path that it names, or the end of one.';
