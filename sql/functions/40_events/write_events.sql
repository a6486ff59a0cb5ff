-- The one function that writes events, and it alone publishes them. Takes a batch of one organization, as arrays side by side;
-- an element with a code was refused by the caller and is passed over. The answer has a row for every element, in order.
--
-- What it promises: the counters of the projects are locked (by project id) until commit, so numbers are gapless and in commit
-- order. A client_id that the session has already answers the first number and uses up none; the same inside one batch too. An id
-- that another actor used is client_id_taken. Everything is published in one hint a project. A time that is no time of this world
-- (infinity, the year 20000) is taken for now: one such row would break every page that it is on.
--
-- One index look-up an element and a generic plan, always: on a long connection that began with an empty table the cached plan
-- would otherwise scan whole tables for ever.
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
  p_occurred_at timestamptz[]
)
returns table (ord integer, seq bigint, created boolean, code text)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_first timestamptz := '1970-01-01 00:00+00';
  v_last timestamptz;
begin
  perform from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = any (p_project)
  order by h.project_id for no key update;
  v_now := clock_timestamp();
  v_last := v_now + interval '1 day';
  return query
  with item as (
    select u.*,
      row_number() over (partition by u.code, u.project, u.session, u.client_id order by u.ord) as nth
    from unnest(p_code, p_project, p_session, p_epoch, p_kind, p_actor, p_target, p_turn, p_agent, p_body, p_payload, p_client_id,
      p_late, p_occurred_at) with ordinality
      as u (code, project, session, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, ord)
  ),
  known as (
    select i.*, k.seq as known_seq, k.actor as known_actor, i.code is null and k.seq is null and i.nth = 1 as is_new
    from item i
    left join lateral (
      select e.seq, e.actor from polaris_data.events e
      where i.code is null and e.org_id = p_org and e.project_id = i.project and e.session_id = i.session and e.client_id = i.client_id
      limit 1
    ) k on true
  ),
  numbered as materialized (
    select k.*, h.last_seq + count(*) filter (where k.is_new) over (partition by k.project order by k.ord) as number
    from known k
    left join polaris_data.project_heads h on h.org_id = p_org and h.project_id = k.project
  ),
  written as (
    insert into polaris_data.events (
      org_id, project_id, seq, session_id, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, recorded_at)
    select p_org, n.project, n.number, n.session, n.epoch, n.kind, n.actor, n.target, n.turn, n.agent, coalesce(n.body, ''), n.payload,
      n.client_id, coalesce(n.late, false),
      case when n.occurred_at > v_first and n.occurred_at < v_last then n.occurred_at else v_now end, v_now
    from numbered n where n.is_new
  ),
  moved as (
    update polaris_data.project_heads h set last_seq = s.last_seq
    from (select n.project, min(n.number) as first_seq, max(n.number) as last_seq from numbered n where n.is_new group by n.project) s
    where h.org_id = p_org and h.project_id = s.project
    returning s.project, s.first_seq, s.last_seq
  ),
  told as (
    select count(polaris_data.publish(m.project, m.first_seq, m.last_seq)) as projects from moved m
  ),
  settled as (
    select n.ord, n.code, n.actor, n.is_new,
      coalesce(n.known_seq, first_value(n.number) over same_id) as seq,
      coalesce(n.known_actor, first_value(n.actor) over same_id) as first_actor
    from numbered n
    window same_id as (partition by n.code, n.project, n.session, n.client_id order by n.ord)
  )
  select s.ord::integer,
    case when s.code is null and s.first_actor = s.actor then s.seq end,
    s.is_new,
    case when s.code is null and s.first_actor <> s.actor then 'client_id_taken' else s.code end
  from settled s
  cross join told
  order by s.ord;
end;
$$;
comment on function polaris_data.write_events is 'The one function that writes events, and it alone publishes them.';
