-- Which files the tool calls among these events name, made anew. The look-up is written for one index, as in write_events.
create or replace function polaris_data.index_files (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
begin
  delete from polaris_data.touched_files t where t.org_id = p_org and t.project_id = p_project and t.seq = any (p_seqs);
  insert into polaris_data.touched_files (org_id, project_id, seq, path, name, session_id, turn, written)
  select p_org, p_project, e.seq, f.path, regexp_replace(f.path, '^.*/', ''), e.session_id, e.turn, bool_or(f.written)
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.* from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  cross join lateral polaris_data.files_of(e.payload) f
  where e.kind = 'tool.call' and e.erased_at is null and e.session_id is not null
    and octet_length(f.path) between 1 and 2000
  group by e.seq, f.path, e.session_id, e.turn;
end;
$$;
comment on function polaris_data.index_files is 'Which files the tool calls among these events name, made anew.';
