-- A page of a project's events, ascending: after a number the next ones, before a number the page that ends there, neither the
-- newest page. The one read of history and relay; payload as text, because nobody between here and the reader needs to parse it.
create or replace function polaris_data.show_events (
  p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]
)
returns setof polaris_data.event_row
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
  if p_after is not null and p_session is null then
    return query
    select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
      e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
    from polaris_data.events e
    join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
    where e.org_id = p_org and e.project_id = p_project and e.seq > p_after and (p_before is null or e.seq < p_before)
      and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
    order by e.seq limit p_limit;
  elsif p_after is not null then
    return query
    select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
      e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
    from polaris_data.events e
    join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
    where e.org_id = p_org and e.session_id = p_session and e.seq > p_after and (p_before is null or e.seq < p_before)
      and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
    order by e.seq limit p_limit;
  elsif p_session is null then
    return query
    select x.* from (
      select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
        e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
      from polaris_data.events e
      join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
      left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
      where e.org_id = p_org and e.project_id = p_project and e.seq < coalesce(p_before, 9223372036854775807)
        and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
      order by e.seq desc limit p_limit) x
    order by x.seq;
  else
    return query
    select x.* from (
      select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
        e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
      from polaris_data.events e
      join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
      join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
      where e.org_id = p_org and e.session_id = p_session and e.seq < coalesce(p_before, 9223372036854775807)
        and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
      order by e.seq desc limit p_limit) x
    order by x.seq;
  end if;
end;
$$;
comment on function polaris_data.show_events is 'A page of a project''s events, ascending.';
