-- Where a query for the index finds something, newest first (or oldest first), in order of (time, project, number): beyond a place, within
-- the bounds; p_file: only what names this path, or one that ends with it. It looks at one span of time after the other, first at short
-- ones, so that a common word costs as little as a rare one; the look-ups are written for one index each.
create or replace function polaris_data.search_places (
  p_org bigint, p_query tsquery, p_since timestamptz, p_until timestamptz, p_from_at timestamptz, p_from_project bigint, p_from_seq bigint,
  p_limit integer, p_oldest boolean default false, p_file text default null
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
  -- A prefix costs the index the same in each span, short or long. So the next thousand events are read without it: what is common fills
  -- a page there. What is not is gathered from the longest spans at once.
  v_prefix boolean := p_query::text like '%:*%';
  v_walk boolean := v_prefix;
  v_spans integer := 0;
  v_next timestamptz;
  v_level integer;
  v_span record;
  v_asked tsquery := p_query;
  v_from timestamptz;
  v_to timestamptz;
begin
  if p_oldest then
    v_since := greatest(v_since, coalesce(p_from_at, '-infinity'));
  else
    v_until := least(v_until, coalesce(p_from_at, 'infinity') + interval '1 microsecond');
  end if;
  while v_left > 0 loop
    v_next := polaris_data.search_next(p_org, v_since, v_until, p_oldest);
    exit when v_next is null;
    if v_walk then
      v_next := polaris_data.search_next(p_org, v_since, v_until, p_oldest, 1000);
      v_from := case when p_oldest then v_since else coalesce(v_next, v_since) end;
      v_to := case when p_oldest then coalesce(v_next, v_until) else v_until end;
    else
      v_level := case when v_prefix then 3 when v_spans < 2 then 0 when v_spans < 5 then 1 when v_spans < 9 then 2 else 3 end;
      v_spans := v_spans + 1;
      v_span := polaris_data.search_span(v_next, v_level);
      v_asked := p_query && quote_literal(v_span.mark)::tsquery;
      v_from := greatest(v_since, v_span.begins);
      v_to := least(v_until, v_span.ends);
    end if;
    for v_place in
      with found as materialized (
        select n.project_id, n.seq, n.at from polaris_data.search_entries n
        where not v_walk and n.org_id = p_org and n.words @@ v_asked and n.at >= v_from and n.at < v_to
        union all
        select n.project_id, n.seq, n.at from polaris_data.search_entries n -- @@ as a function uses no index of words
        where v_walk and n.org_id = p_org and ts_match_vq(n.words, v_asked) and n.at >= v_from and n.at < v_to
      ), in_order as (
        select f.* from found f
        where case
          when p_from_at is null then true
          when p_oldest then (f.at, f.project_id, f.seq) > (p_from_at, p_from_project, p_from_seq)
          else (f.at, f.project_id, f.seq) < (p_from_at, p_from_project, p_from_seq) end
        order by
          case when p_oldest then f.at end, case when p_oldest then f.project_id end, case when p_oldest then f.seq end,
          f.at desc, f.project_id desc, f.seq desc
        offset 0
      )
      select f.project_id, f.seq, f.at from in_order f
      where p_file is null or polaris_data.names_file(p_org, f.project_id, f.seq, p_file)
      limit v_left
    loop
      project_id := v_place.project_id;
      seq := v_place.seq;
      at := v_place.at;
      v_left := v_left - 1;
      return next;
    end loop;
    if p_oldest then
      v_since := v_to;
    else
      v_until := v_from;
    end if;
    v_walk := false;
  end loop;
end;
$$;
comment on function polaris_data.search_places is 'Where a query for the index finds something, in order of time.';
