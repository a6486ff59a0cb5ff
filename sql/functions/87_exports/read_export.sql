-- A page of one part of an export, each row as one line of JSON whose columns stand in one order, so that the same record gives the same
-- bytes. p_what: session, seat, event, delivery, annotation. p_after: the key of the last row before (empty: from the beginning); events,
-- deliveries and annotations begin after that number and end with p_last. A page of events is cut where it becomes large.
-- For the project's maker and for administrators. The service only.
-- Fails: 403 admin_only, 404 no_such_project, 422 limit_is_sane.
create or replace function polaris.read_export (
  p_org bigint, p_actor text, p_project text, p_what text, p_after bigint[], p_last bigint, p_limit integer default 500
)
returns table (key bigint[], line text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_project polaris_data.projects;
  v_id bigint;
  v_after bigint := coalesce(p_after[1], 0);
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_maker(p_org, p_actor, v_project.created_by);
  v_id := v_project.project_id;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 rows.');
  end if;
  if p_what = 'event' then
    return query
    with page as materialized (
      select x.seq from (
        select e.seq, sum(pg_column_size(e.body) + coalesce(pg_column_size(e.payload), 0)) over (order by e.seq) as size,
          row_number() over (order by e.seq) as n
        from (
          select e.* from polaris_data.events e
          where e.org_id = p_org and e.project_id = v_id and e.seq > v_after and e.seq <= p_last order by e.seq limit p_limit) e) x
      where x.n = 1 or x.size < 2097152
    )
    select array[e.seq], row_to_json(e)::text
    from (
      select e.seq, s.name as session, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent) as speaker, e.target,
        e.turn, e.agent, e.body, e.payload, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts, e.erased_at
      from page g
      join polaris_data.events e on e.org_id = p_org and e.project_id = v_id and e.seq = g.seq
      left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id) e
    order by e.seq;
  elsif p_what = 'session' then
    return query
    select array[s.session_id], row_to_json(x)::text
    from polaris_data.sessions s
    cross join lateral (select s.name, s.created_by, s.created_at, s.archived_at, s.epoch) x
    where s.org_id = p_org and s.project_id = v_id and s.session_id > v_after
    order by s.session_id limit p_limit;
  elsif p_what = 'seat' then
    return query
    select array[t.session_id, t.epoch], row_to_json(x)::text
    from polaris_data.sessions s
    join polaris_data.seats t on t.org_id = p_org and t.session_id = s.session_id
    cross join lateral (select s.name as session, t.epoch, t.driver, t.claimed_at, t.ended_at, t.ended_how) x
    where s.org_id = p_org and s.project_id = v_id and s.session_id >= v_after
      and (t.session_id, t.epoch) > (v_after, coalesce(p_after[2], 0))
    order by t.session_id, t.epoch limit p_limit;
  elsif p_what = 'delivery' then
    return query
    select array[d.advice_seq], row_to_json(x)::text
    from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = d.session_id
    cross join lateral (
      select d.delivery_id, s.name as session, d.advice_seq, d.sender, d.sender_class, d.body, d.state, d.reason, d.path, d.attempts,
        d.epoch, d.queued_at, d.sent_at, d.seen_at, d.answered_at, d.expires_at, d.edited_by) x
    where d.org_id = p_org and d.project_id = v_id and d.advice_seq > v_after and d.advice_seq <= p_last
    order by d.advice_seq limit p_limit;
  elsif p_what = 'annotation' then
    return query
    select array[a.seq], row_to_json(x)::text
    from polaris_data.annotations a
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = a.session_id
    cross join lateral (
      select a.seq, s.name as session, a.what, a.about, a.actor, a.at, a.closed_at, a.closed_by, a.closed_seq) x
    where a.org_id = p_org and a.project_id = v_id and a.seq > v_after and a.seq <= p_last
    order by a.seq limit p_limit;
  end if;
end;
$$;
comment on function polaris.read_export is 'A page of one part of an export.';
