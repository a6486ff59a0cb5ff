-- The one function that writes events, and it alone publishes them. Takes a batch of one organization, as arrays side by side;
-- an element with a code was refused by the caller and is passed over. The answer has a row for every element, in order.
--
-- What it promises: the counters of the projects are locked (by project id) until commit, so numbers are gapless and in commit
-- order. A client_id that the session has already answers the first number and uses up none; the same inside one batch too. An id
-- that another actor used is client_id_taken. Everything is published in one hint a project. A time that is no time of this world
-- (infinity, the year 20000) is taken for now: one such row would break every page that it is on. p_recorded_at and p_erased_at are
-- for an import alone, which keeps what another record says; everybody else's events are recorded now.
--
-- Plans are cached, and one may be made while the tables are empty or were never analyzed, when a wrong index seems as cheap as
-- the right one and then reads a whole session for each event, for ever. So each look-up is written so that only one index fits: it
-- asks for the first row between x and x (not = x, which would make the order void), in an order that no other index has, and sorting
-- counts as forbidden. The wide columns (body, payload) are touched once, by the insert.
create or replace function polaris_data.write_events (
  p_org bigint,
  p_code text[],
  p_project bigint[],
  p_session bigint[],
  p_epoch bigint[],
  p_kind text[],
  p_actor text[],
  p_target text[],
  p_turn text[],
  p_agent text[],
  p_body text[],
  p_payload jsonb[],
  p_client_id text[],
  p_late boolean[],
  p_occurred_at timestamptz[],
  p_facts jsonb[] default null,
  p_recorded_at timestamptz[] default null,
  p_erased_at timestamptz[] default null
)
returns table (ord integer, seq bigint, created boolean, code text)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_earliest timestamptz := '1970-01-01 00:00+00';
  v_latest timestamptz;
  v_projects bigint[];
  v_heads bigint[];
  v_first bigint[];
  v_known bigint[];
  v_owner text[];
  v_number bigint[];
  v_head record;
begin
  select array_agg(h.project_id), array_agg(h.last_seq) into v_projects, v_heads
  from (select distinct u.project from unnest(p_project) as u (project) order by u.project) x
  cross join lateral (
    select h.project_id, h.last_seq from polaris_data.project_heads h
    where h.org_id = p_org and h.project_id = x.project for no key update) h;
  v_now := clock_timestamp();
  v_latest := v_now + interval '1 day';

  -- first: the place in the batch where a client_id comes first; known: the number that it has already; number: a new one.
  select array_agg(n.first order by n.ord), array_agg(n.known order by n.ord), array_agg(n.owner order by n.ord),
    array_agg(case when n.is_new then n.number end order by n.ord)
  into v_first, v_known, v_owner, v_number
  from (
    select i.ord, i.first, i.known, i.owner, i.is_new,
      v_heads[array_position(v_projects, i.project)] + count(*) filter (where i.is_new) over (partition by i.project order by i.ord) as number
    from (
      select u.ord, u.project, u.first, k.seq as known, k.actor as owner, u.code is null and k.seq is null and u.first = u.ord as is_new
      from (
        select u.*, first_value(u.ord) over (partition by u.client_id, u.session, u.project, u.code order by u.ord) as first
        from unnest(p_code, p_project, p_session, p_client_id) with ordinality as u (code, project, session, client_id, ord)
      ) u
      left join lateral (
        select e.seq, e.actor from polaris_data.events e
        where u.code is null and e.org_id = p_org and e.project_id = u.project and e.session_id = u.session
          and e.client_id between u.client_id and u.client_id
        order by e.client_id limit 1
      ) k on true
    ) i
  ) n;

  insert into polaris_data.events (
    org_id, project_id, seq, session_id, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, recorded_at,
    facts, erased_at)
  select p_org, u.project, u.number, u.session, u.epoch, u.kind, u.actor, u.target, u.turn, u.agent, coalesce(u.body, ''), u.payload,
    u.client_id, coalesce(u.late, false),
    case when u.occurred_at > v_earliest and u.occurred_at < v_latest then u.occurred_at else v_now end,
    case when u.recorded_at > v_earliest and u.recorded_at < v_latest then u.recorded_at else v_now end,
    u.facts, u.erased_at
  from unnest(v_number, p_project, p_session, p_epoch, p_kind, p_actor, p_target, p_turn, p_agent, p_body, p_payload, p_client_id,
    p_late, p_occurred_at, p_facts, p_recorded_at, p_erased_at)
    as u (number, project, session, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, facts,
      recorded_at, erased_at)
  where u.number is not null;

  for v_head in
    select u.project, min(u.number) as first_seq, max(u.number) as last_seq
    from unnest(p_project, v_number) as u (project, number) where u.number is not null
    group by u.project order by u.project
  loop
    update polaris_data.project_heads set last_seq = v_head.last_seq where org_id = p_org and project_id = v_head.project;
    perform polaris_data.publish(v_head.project, v_head.first_seq, v_head.last_seq);
  end loop;

  return query
  select u.ord::integer,
    case when u.code is null and coalesce(u.owner, p_actor[u.first]) = u.actor then coalesce(u.known, v_number[u.first]) end,
    u.number is not null,
    case when u.code is null and coalesce(u.owner, p_actor[u.first]) <> u.actor then 'client_id_taken' else u.code end
  from unnest(p_code, p_actor, v_number, v_known, v_owner, v_first) with ordinality
    as u (code, actor, number, known, owner, first, ord)
  order by u.ord;
end;
$$;
comment on function polaris_data.write_events is 'The one function that writes events, and it alone publishes them.';
