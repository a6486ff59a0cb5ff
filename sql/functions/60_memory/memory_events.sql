-- The newest events, p_limit at most, that a brief or an answer about a project is made of: of a project, of a session, or of what a
-- participant (p_by) drove, each after a number. What a participant drove lies inside its seats, or came late under their epochs; what it
-- said to the project is not among them. Texts are cut, and only the payloads of tools' answers are read: so a long session costs as much
-- as a short one. Each look-up is written for one index, as in write_events.
create or replace function polaris_data.memory_events (
  p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_limit integer default 2000
)
returns table (seq bigint, session_id bigint, kind text, actor text, agent text, body text, failed boolean, client_id text)
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  v_seat record;
  v_from bigint;
  v_left integer := p_limit;
  v_found integer;
begin
  if p_by is null then
    -- One of the two is empty.
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where p_session is not null and e.org_id = p_org and e.session_id = p_session and e.seq > coalesce(p_after, 0) and e.erased_at is null
    order by e.seq desc limit p_limit;
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where p_session is null and e.org_id = p_org and e.project_id = p_project and e.seq > coalesce(p_after, 0) and e.erased_at is null
    order by e.seq desc limit p_limit;
    return;
  end if;
  for v_seat in select * from polaris_data.memory_seats(p_org, p_project, p_session, p_by) loop
    exit when v_left <= 0;
    v_from := greatest(v_seat.last_seq, p_after, 0);
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where e.late and v_seat.last_seq is not null and e.org_id = p_org and e.session_id = v_seat.session_id and e.epoch = v_seat.epoch
      and e.seq > v_from and e.erased_at is null
    order by e.seq desc limit v_left;
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
    v_from := greatest(v_seat.first_seq, p_after, 0);
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where e.org_id = p_org and e.session_id = v_seat.session_id and e.seq > v_from
      and e.seq < coalesce(v_seat.last_seq, 9223372036854775807) and e.epoch = v_seat.epoch and e.erased_at is null
    order by e.seq desc limit v_left;
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
  end loop;
end;
$$;
comment on function polaris_data.memory_events is 'The newest events that a brief is made of.';
