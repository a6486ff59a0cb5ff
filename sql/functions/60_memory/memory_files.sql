-- The files that were changed in a project, in a session, or by what a participant drove, after a number: the newest 30, each with its last
-- event and how many there were. The index knows them; what it has not taken up yet is looked at here (p_seqs: the newest tool calls).
create or replace function polaris_data.memory_files (
  p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_seqs bigint[]
)
returns table (path text, seq bigint, times bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  v_known bigint := coalesce((select c.seq from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project), 0);
begin
  return query
  select x.path, max(x.seq), count(*) from (
    select t.path, t.seq from polaris_data.touched_files t
    where p_session is not null and p_by is null and t.org_id = p_org and t.session_id = p_session and t.written
      and t.seq > coalesce(p_after, 0) and t.seq <= v_known
    union all
    select t.path, t.seq from polaris_data.touched_files t
    where (p_session is null or p_by is not null) and t.org_id = p_org and t.project_id = p_project and t.written
      and t.seq = any (p_seqs) and t.seq <= v_known
    union all
    select f.path, e.seq from polaris_data.events e
    cross join lateral polaris_data.files_of(e.payload) f
    where e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs) and e.seq > v_known and e.kind = 'tool.call'
      and e.erased_at is null and f.written) x
  group by x.path order by max(x.seq) desc, x.path limit 30;
end;
$$;
comment on function polaris_data.memory_files is 'The files that were changed in a session.';
