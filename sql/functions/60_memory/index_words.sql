-- What search knows of these events, made anew. Deliveries and changes of the seat have no words of their own; what was erased has none any more.
create or replace function polaris_data.index_words (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
  delete from polaris_data.search_entries n where n.org_id = p_org and n.project_id = p_project and n.seq = any (p_seqs);
  insert into polaris_data.search_entries (org_id, project_id, seq, at, words)
  select p_org, p_project, e.seq, e.recorded_at,
    polaris_data.search_entry(p_org, p_project, e.session_id, e.kind, e.actor, e.recorded_at, e.body, e.payload)
  from polaris_data.events e
  where e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs)
    and e.erased_at is null and e.kind not in ('delivery', 'driver.claimed', 'driver.released', 'driver.expired')
  order by e.seq;
end;
$$;
comment on function polaris_data.index_words is 'What search knows of these events, made anew.';
