-- What search knows of these events, made anew. Deliveries and changes of the seat have no words of their own; what was erased has none any more.
-- The numbers come in order. The look-ups are written for one index each, as in write_events: another plan would read the whole project.
create or replace function polaris_data.index_words (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
begin
  -- Of new events there is nothing to delete.
  perform from polaris_data.search_entries n
  where n.org_id = p_org and n.project_id = p_project and n.seq between p_seqs[1] and p_seqs[cardinality(p_seqs)] order by n.seq limit 1;
  if found then
    delete from polaris_data.search_entries n where n.org_id = p_org and n.project_id = p_project and n.seq = any (p_seqs);
  end if;
  insert into polaris_data.search_entries (org_id, project_id, seq, at, words)
  select p_org, p_project, e.seq, e.recorded_at,
    polaris_data.search_entry(p_org, p_project, e.session_id, e.kind, e.actor, e.recorded_at, e.body, e.payload)
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.* from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  where e.erased_at is null and e.kind not in ('delivery', 'driver.claimed', 'driver.released', 'driver.expired');
end;
$$;
comment on function polaris_data.index_words is 'What search knows of these events, made anew.';
