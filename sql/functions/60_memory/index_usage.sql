-- What models used, as these events tell it. A message of a model is one row: it stays where it was told first, and a later telling, in
-- this session or in one that was resumed or forked, can only make its counts larger. What an event does not tell any more, because it
-- was erased, goes with it.
--
-- The numbers come in order. The look-ups are written for one index each, as in write_events; only the few events that tell something
-- are looked at closely.
create or replace function polaris_data.index_usage (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_telling bigint[];
begin
  select array_agg(u.seq) into v_telling
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.facts from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  where e.facts ? 'usage';

  -- Of new events there is nothing to delete.
  perform from polaris_data.usage u
  where u.org_id = p_org and u.project_id = p_project and u.seq between p_seqs[1] and p_seqs[cardinality(p_seqs)] order by u.seq limit 1;
  if found then
    delete from polaris_data.usage u
    where u.org_id = p_org and u.project_id = p_project and u.seq = any (p_seqs) and (
      select not coalesce(e.facts -> 'usage' @> jsonb_build_array(jsonb_build_object('message', u.message)), false)
      from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1);
  end if;
  if v_telling is null then
    return;
  end if;
  insert into polaris_data.usage as u (
    org_id, agent, message, project_id, session_id, seq, turn, actor, model, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cost_usd, at)
  select p_org, t.agent, t.message, p_project, (array_agg(t.session_id order by t.seq))[1], min(t.seq), (array_agg(t.turn order by t.seq))[1],
    (array_agg(t.actor order by t.seq))[1], (array_agg(t.model order by t.seq) filter (where t.model is not null))[1], max(t.input),
    max(t.output), max(t.cache_read), max(t.cache_write), max(t.cost), (array_agg(t.at order by t.seq))[1]
  from (
    select e.seq, e.session_id, e.turn, e.actor, coalesce(e.agent, '') as agent, least(e.occurred_at, e.recorded_at) as at,
      m ->> 'message' as message, left(m ->> 'model', 200) as model, polaris_data.tokens_of(m -> 'input') as input,
      polaris_data.tokens_of(m -> 'output') as output, polaris_data.tokens_of(m -> 'cache_read') as cache_read,
      polaris_data.tokens_of(m -> 'cache_write') as cache_write,
      case when jsonb_typeof(m -> 'cost_usd') = 'number' then least(greatest((m -> 'cost_usd')::numeric, 0), 1000000) end as cost
    from unnest(v_telling) n (seq)
    cross join lateral (
      select e.* from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between n.seq and n.seq order by e.seq limit 1) e
    cross join lateral jsonb_array_elements(case when jsonb_typeof(e.facts -> 'usage') = 'array' then e.facts -> 'usage' end) m
    where jsonb_typeof(m -> 'message') = 'string' and length(m ->> 'message') between 1 and 200) t
  group by t.agent, t.message
  order by t.agent, t.message
  on conflict (org_id, agent, message) do update set
    model = coalesce(u.model, excluded.model),
    input_tokens = greatest(u.input_tokens, excluded.input_tokens),
    output_tokens = greatest(u.output_tokens, excluded.output_tokens),
    cache_read_tokens = greatest(u.cache_read_tokens, excluded.cache_read_tokens),
    cache_write_tokens = greatest(u.cache_write_tokens, excluded.cache_write_tokens),
    cost_usd = greatest(u.cost_usd, excluded.cost_usd)
  where (excluded.input_tokens, excluded.output_tokens, excluded.cache_read_tokens, excluded.cache_write_tokens)
      is distinct from (u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens)
    or excluded.cost_usd is distinct from u.cost_usd or (u.model is null and excluded.model is not null);
end;
$$;
comment on function polaris_data.index_usage is 'What models used, as these events tell it.';
