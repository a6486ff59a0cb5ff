-- What models used, as these events tell it. A message of a model is one row: it stays where it was told first, and a later telling, in
-- this session or in one that was resumed or forked, can only make its counts larger. What an event does not tell any more, because it
-- was erased, goes with it.
create or replace function polaris_data.index_usage (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
  delete from polaris_data.usage u
  using polaris_data.events e
  where u.org_id = p_org and u.project_id = p_project and u.seq = any (p_seqs)
    and e.org_id = p_org and e.project_id = p_project and e.seq = u.seq
    and not coalesce(e.facts -> 'usage' @> jsonb_build_array(jsonb_build_object('message', u.message)), false);
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
    from polaris_data.events e
    cross join lateral jsonb_array_elements(case when jsonb_typeof(e.facts -> 'usage') = 'array' then e.facts -> 'usage' end) m
    where e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs)
      and jsonb_typeof(m -> 'message') = 'string' and length(m ->> 'message') between 1 and 200) t
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
