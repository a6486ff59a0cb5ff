-- One event of a project by its number, with the beginning of its text (8,000 characters, which an annotation never exceeds): no row where
-- there is none. Written for one index, as in write_events.
create or replace function polaris_data.peek_event (p_org bigint, p_project bigint, p_seq bigint)
returns table (session_id bigint, kind text, actor text, agent text, body text)
language plpgsql stable rows 1
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
#variable_conflict use_column
begin
  return query
  select e.session_id, e.kind, e.actor, e.agent, left(e.body, 8000) from polaris_data.events e
  where e.org_id = p_org and e.project_id = p_project and e.seq between p_seq and p_seq order by e.seq limit 1;
end;
$$;
comment on function polaris_data.peek_event is 'One event of a project by its number.';
