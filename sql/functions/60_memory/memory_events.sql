-- The newest events, p_limit at most, that a brief or an answer about a project is made of: of a project, of a session, or of what a
-- participant (p_by) drove, each after a number. What a participant drove lies inside its seats, or came late under their epochs. Texts
-- are cut, and only the payloads of tools' answers are read: so a long session costs as much as a short one.
create or replace function polaris_data.memory_events (
  p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_limit integer default 2000
)
returns table (seq bigint, session_id bigint, kind text, actor text, agent text, turn text, body text, failed boolean, client_id text)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  v_seqs bigint[];
begin
  if p_by is not null then
    select array_agg(n.seq) into v_seqs from (
      select x.seq from polaris_data.memory_seats(p_org, p_project, p_session, p_by) t
      cross join lateral (
        (select e.seq from polaris_data.events e
         where e.org_id = p_org and e.session_id = t.session_id and e.seq > greatest(t.first_seq, p_after)
           and e.seq < coalesce(t.last_seq, 9223372036854775807) and e.epoch = t.epoch
         order by e.seq desc limit p_limit)
        union all
        (select e.seq from polaris_data.events e
         where e.late and e.org_id = p_org and e.session_id = t.session_id and e.epoch = t.epoch
           and e.seq > greatest(t.last_seq, p_after) and t.last_seq is not null
         order by e.seq desc limit p_limit)) x
      order by x.seq desc limit p_limit) n;
  elsif p_session is not null then
    select array_agg(n.seq) into v_seqs from (
      select e.seq from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session and e.seq > coalesce(p_after, 0) order by e.seq desc limit p_limit) n;
  else
    select array_agg(n.seq) into v_seqs from (
      select e.seq from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq > coalesce(p_after, 0) order by e.seq desc limit p_limit) n;
  end if;
  return query
  select e.seq, e.session_id, e.kind, e.actor, e.agent, e.turn,
    case when e.kind in ('prompt', 'reply', 'floor', 'turn.interrupted') then left(e.body, 3000) else left(e.body, 800) end,
    e.kind = 'tool.result' and polaris_data.tool_failed(e.payload), e.client_id
  from polaris_data.events e
  where e.org_id = p_org and e.project_id = p_project and e.seq = any (v_seqs)
    and e.kind in ('prompt', 'reply', 'turn.interrupted', 'tool.call', 'tool.result', 'floor') and e.erased_at is null
  order by e.seq;
end;
$$;
comment on function polaris_data.memory_events is 'The newest events that a brief is made of.';
