-- What search knows of these events, made anew: their words, and as marks the organization, project, session, kind, actor and time.
-- Deliveries and changes of the seat have no words of their own; what was erased has none any more.
create or replace function polaris_data.index_words (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
  delete from polaris_data.search_entries n where n.org_id = p_org and n.project_id = p_project and n.seq = any (p_seqs);
  insert into polaris_data.search_entries (org_id, project_id, seq, at, words)
  select p_org, p_project, e.seq, e.recorded_at,
    polaris_data.search_words(polaris_data.search_text(e.kind, e.body, e.payload))
    || array_to_tsvector(
      array['=o' || p_org, '=p' || p_project, '=s' || e.session_id, '=k' || e.kind, '=a' || e.actor]
      || array(select polaris_data.search_span(e.recorded_at, x.level) from generate_series(0, 3) as x (level)))
  from polaris_data.events e
  where e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs)
    and e.erased_at is null and e.kind not in ('delivery', 'driver.claimed', 'driver.released', 'driver.expired')
  order by e.seq;
end;
$$;
comment on function polaris_data.index_words is 'What search knows of these events, made anew.';
