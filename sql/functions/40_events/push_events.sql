-- Keeps what drivers captured: one call for a whole batch of one organization, across its projects and sessions. The arrays are
-- read side by side; the answer has a row for each element, in order. One that is refused is refused by itself: code says why,
-- and the others are kept.
--
-- An event carries the epoch under which it happened. Its actor must hold that epoch of the session, or have held it: what comes
-- after the seat has ended is kept under its epoch and marked late. The counters are locked before the seats are read, so late is
-- exact: a claim that committed first is seen. What a direct client pushes is redacted here, before anything is locked. A private
-- project that the actor may not see is not there, and its counter is not locked; who held the epoch once still delivers.
--
-- The look-ups are written for one index each, as in write_events.
--
-- Codes: no_such_project, no_such_session, not_driver, unknown_kind, client_id_not_valid, client_id_taken, event_too_large,
-- facts_not_valid.
-- Fails as a whole: 422 arrays_differ.
create or replace function polaris.push_events (
  p_org bigint,
  p_actor text[],
  p_project text[],
  p_session text[],
  p_epoch bigint[],
  p_kind text[],
  p_client_id text[],
  p_turn text[],
  p_agent text[],
  p_body text[],
  p_payload jsonb[],
  p_occurred_at timestamptz[],
  p_facts jsonb[] default null
)
returns table (ord integer, client_id text, seq bigint, created boolean, late boolean, code text, message text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_me record;
  v_count integer := cardinality(p_client_id);
  v_actor text[];
  v_project bigint[];
  v_session bigint[];
  v_private boolean;
  v_code text[];
  v_late boolean[];
  v_body text[] := p_body;
  v_payload jsonb[] := p_payload;
  v_facts jsonb[] := p_facts;
  v_client_id text[] := p_client_id;
  v_turn text[] := p_turn;
  v_key bytea;
  v_large boolean := pg_column_size(p_payload) + pg_column_size(p_body) > 1048576; -- else no single event can be
begin
  v_me := polaris_data.acting(p_org, null);
  v_actor := case when v_me.direct then array_fill(v_me.actor, array[coalesce(v_count, 0)]) else p_actor end;
  if v_count is null
    or cardinality(v_actor) is distinct from v_count or cardinality(p_project) is distinct from v_count
    or cardinality(p_session) is distinct from v_count or cardinality(p_epoch) is distinct from v_count
    or cardinality(p_kind) is distinct from v_count or cardinality(p_turn) is distinct from v_count
    or cardinality(p_agent) is distinct from v_count or cardinality(p_body) is distinct from v_count
    or cardinality(p_payload) is distinct from v_count or cardinality(p_occurred_at) is distinct from v_count
    or cardinality(p_facts) <> v_count then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.', 'Use null where an event has nothing.');
  end if;

  if v_me.direct then
    select o.redaction_key into v_key from polaris_data.orgs o where o.org_id = v_me.org_id;
    select array_agg(polaris_data.redact_prefixes(v_key, u.body) order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.payload::text)::jsonb order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.facts::text)::jsonb order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.client_id) order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.turn) order by u.ord)
    into v_body, v_payload, v_facts, v_client_id, v_turn
    from unnest(p_body, p_payload, p_facts, p_client_id, p_turn) with ordinality
      as u (body, payload, facts, client_id, turn, ord);
  end if;

  select array_agg(p.project_id order by u.ord), array_agg(s.session_id order by u.ord), bool_or(p.visibility <> 'org')
  into v_project, v_session, v_private
  from unnest(p_project, p_session) with ordinality as u (project, session, ord)
  left join lateral (
    select p.project_id, p.visibility from polaris_data.projects p
    where p.org_id = v_me.org_id and p.name between u.project and u.project order by p.name limit 1) p on true
  left join lateral (
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = p.project_id and s.name between u.session and u.session
    order by s.name limit 1) s on true;
  if v_private then
    select array_agg(x.project order by x.ord) into v_project
    from (
      select u.ord, case when polaris_data.may_see_id(v_me.org_id, u.actor, u.project) or exists (
        select from polaris_data.seats t
        where t.org_id = v_me.org_id and t.session_id = u.session and t.epoch between u.epoch and u.epoch and t.driver = u.actor)
        then u.project end as project
      from unnest(v_project, v_session, p_epoch, v_actor) with ordinality as u (project, session, epoch, actor, ord)) x;
  end if;

  perform from (select distinct u.project from unnest(v_project) as u (project) order by u.project) x
  cross join lateral (
    select from polaris_data.project_heads h
    where h.org_id = v_me.org_id and h.project_id = x.project for no key update) h;

  select array_agg(
      case
        when u.project is null then 'no_such_project'
        when u.session is null then 'no_such_session'
        when u.kind is null or u.kind not in ('prompt', 'message', 'reply', 'tool.call', 'tool.result', 'turn.interrupted', 'notice')
          then 'unknown_kind'
        when u.client_id is null or char_length(u.client_id) not between 1 and 200 or u.client_id like 'polaris:%' then 'client_id_not_valid'
        when t.epoch is null then 'not_driver'
        when jsonb_typeof(u.facts) <> 'object' or pg_column_size(u.facts) > 16384 then 'facts_not_valid'
        when v_large and coalesce(pg_column_size(u.payload), 0) + coalesce(octet_length(u.body), 0) > 1048576 then 'event_too_large'
      end order by u.ord),
    array_agg(t.ended_at is not null order by u.ord)
  into v_code, v_late
  from unnest(v_project, v_session, p_epoch, p_kind, p_client_id, v_actor,
      case when v_large then p_body end, case when v_large then p_payload end, p_facts)
    with ordinality as u (project, session, epoch, kind, client_id, actor, body, payload, facts, ord)
  left join lateral (
    select t.epoch, t.ended_at from polaris_data.seats t
    where t.org_id = v_me.org_id and t.session_id = u.session and t.epoch between u.epoch and u.epoch and t.driver = u.actor
    order by t.epoch limit 1
  ) t on true;

  return query
  select x.ord, x.client_id, x.seq, x.created, coalesce(r.late, x.late, false), x.code,
    case x.code
      when 'no_such_project' then format('There is no project %s.', left(x.project, 80))
      when 'no_such_session' then format('There is no session %s in project %s.', left(x.session, 80), x.project)
      when 'unknown_kind' then format('%s is not a kind that can be pushed.', coalesce(quote_literal(left(x.kind, 80)), 'Nothing'))
      when 'client_id_not_valid' then 'A client_id has 1 to 200 characters and does not begin with polaris:.'
      when 'not_driver' then format('%s never held epoch %s of session %s.', x.actor, coalesce(x.epoch::text, 'null'), x.session)
      when 'facts_not_valid' then 'Facts are a JSON object of at most 16 KiB.'
      when 'event_too_large' then 'An event may take 1 MiB.'
      when 'client_id_taken' then 'Another participant used this client_id.'
    end
  from rows from (
    unnest(p_client_id, v_late, p_project, p_session, p_kind, v_actor, p_epoch, v_project),
    polaris_data.write_events(
      v_me.org_id, v_code, v_project, v_session, p_epoch, p_kind, v_actor, array_fill(null::text, array[v_count]), v_turn, p_agent,
      v_body, v_payload, v_client_id, v_late, p_occurred_at, v_facts)
  ) as x (client_id, late, project, session, kind, actor, epoch, project_id, ord, seq, created, code)
  left join lateral (
    select e.late from polaris_data.events e
    where not x.created and e.org_id = v_me.org_id and e.project_id = x.project_id and e.seq between x.seq and x.seq
    order by e.seq limit 1) r on true
  order by x.ord;
end;
$$;
comment on function polaris.push_events is 'Keeps what drivers captured: one call for a whole batch of one organization.';
