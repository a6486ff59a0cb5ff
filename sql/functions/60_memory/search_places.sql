-- Where a query for the index finds something, newest first (or oldest first), in order of (time, project, number): beyond a place, within
-- the bounds. It looks at one span of time after the other, first at short ones, so that a common word costs as little as a rare one;
-- the look-ups are written for one index each.
create or replace function polaris_data.search_places (
  p_org bigint, p_query tsquery, p_since timestamptz, p_until timestamptz, p_from_at timestamptz, p_from_project bigint, p_from_seq bigint,
  p_limit integer, p_oldest boolean default false
)
returns table (project_id bigint, seq bigint, at timestamptz)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_seqscan = off
set enable_indexscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  v_since timestamptz := coalesce(p_since, '-infinity');
  v_until timestamptz := coalesce(p_until, 'infinity');
  v_place record;
  v_left integer := p_limit;
  -- A prefix costs the index the same in each span, short or long: few and longer ones.
  v_spans integer := case when p_query::text like '%:*%' then 4 else 0 end;
  v_next timestamptz;
  v_level integer;
  v_span record;
  v_asked tsquery;
begin
  if p_oldest then
    v_since := greatest(v_since, coalesce(p_from_at, '-infinity'));
  else
    v_until := least(v_until, coalesce(p_from_at, 'infinity') + interval '1 microsecond');
  end if;
  while v_left > 0 loop
    v_next := polaris_data.search_next(p_org, v_since, v_until, p_oldest);
    exit when v_next is null;
    v_level := case when v_spans < 2 then 0 when v_spans < 5 then 1 when v_spans < 9 then 2 else 3 end;
    v_spans := v_spans + 1;
    v_span := polaris_data.search_span(v_next, v_level);
    v_asked := p_query && quote_literal(v_span.mark)::tsquery;
    for v_place in
      with found as materialized (
        select n.project_id, n.seq, n.at from polaris_data.search_entries n
        where n.org_id = p_org and n.words @@ v_asked and n.at >= v_since and n.at < v_until
      )
      select f.project_id, f.seq, f.at from found f
      where case
        when p_from_at is null then true
        when p_oldest then (f.at, f.project_id, f.seq) > (p_from_at, p_from_project, p_from_seq)
        else (f.at, f.project_id, f.seq) < (p_from_at, p_from_project, p_from_seq) end
      order by
        case when p_oldest then f.at end, case when p_oldest then f.project_id end, case when p_oldest then f.seq end,
        f.at desc, f.project_id desc, f.seq desc
      limit v_left
    loop
      project_id := v_place.project_id;
      seq := v_place.seq;
      at := v_place.at;
      v_left := v_left - 1;
      return next;
    end loop;
    if p_oldest then
      v_since := v_span.ends;
    else
      v_until := v_span.begins;
    end if;
  end loop;
end;
$$;
comment on function polaris_data.search_places is 'Where a query for the index finds something, in order of time.';
