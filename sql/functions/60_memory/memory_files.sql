-- The files that were changed by the newest tool calls (p_seqs, ascending), or in a whole session: the last 30, each with its last event and
-- how many there were. The index knows them; of what it has not taken up yet, the newest 500 calls are looked at here.
create or replace function polaris_data.memory_files (p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_seqs bigint[])
returns table (path text, seq bigint, times bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  v_known bigint := coalesce((select c.seq from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project), 0);
  v_new bigint[] := array(select u.seq from unnest(p_seqs) as u (seq) where u.seq > v_known order by u.seq desc limit 500);
begin
  return query
  select x.path, max(x.seq), count(*) from (
    select t.path, t.seq from (
      select t.path, t.seq, t.written from polaris_data.touched_files t
      where p_session is not null and t.org_id = p_org and t.session_id = p_session and t.seq > coalesce(p_after, 0) and t.seq <= v_known
      order by t.seq desc limit 3000) t
    where t.written
    union all
    select t.path, t.seq from unnest(p_seqs) as u (seq)
    cross join lateral (
      select t.path, t.seq, t.written from polaris_data.touched_files t
      where t.org_id = p_org and t.project_id = p_project and t.seq between u.seq and u.seq order by t.seq, t.path limit 100) t
    where p_session is null and u.seq <= v_known and t.written
    union all
    select f.path, u.seq from unnest(v_new) as u (seq)
    cross join lateral (
      select e.payload from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq and e.erased_at is null
      order by e.seq limit 1) e
    cross join lateral polaris_data.files_of(e.payload) f
    where f.written) x
  group by x.path order by max(x.seq) desc, x.path limit 30;
end;
$$;
comment on function polaris_data.memory_files is 'The files that were changed by the newest tool calls.';
