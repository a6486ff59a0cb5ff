-- The prompt under which an event of a session happened: the last one of its turn, else the last one before it. It looks at 2,000 events.
create or replace function polaris_data.prompt_of (p_org bigint, p_session bigint, p_turn text, p_seq bigint, out seq bigint, out body text)
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
#variable_conflict use_column
declare
  v_seq bigint;
  v_body text;
  v_turn text;
begin
  select x.seq, x.body, x.turn into v_seq, v_body, v_turn from (
    select e.seq, e.kind, e.body, e.turn from polaris_data.events e
    where e.org_id = p_org and e.session_id = p_session and e.seq <= p_seq order by e.seq desc limit 2000) x
  where x.kind = 'prompt' limit 1;
  if v_turn <> p_turn then
    select x.seq, x.body into seq, body from (
      select e.seq, e.kind, e.body, e.turn from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session and e.seq <= p_seq order by e.seq desc limit 2000) x
    where x.kind = 'prompt' and x.turn = p_turn limit 1;
  end if;
  if seq is null then
    seq := v_seq;
    body := v_body;
  end if;
end;
$$;
comment on function polaris_data.prompt_of is 'The prompt under which an event of a session happened.';
