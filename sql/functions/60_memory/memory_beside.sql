-- The other sessions of a project, or all of them, as lines of a brief: who drives, and what happened last; after a
-- number, only those in which something did.
create or replace function polaris_data.memory_beside (p_org bigint, p_project bigint, p_session bigint, p_after bigint)
returns table (pick bigint, at bigint, line text)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
  select row_number() over (order by e.seq desc), -e.seq, format('#%s %s in %s, %s%s', e.seq, e.kind, o.name,
    coalesce('driven by ' || o.driver, 'which nobody drives'),
    case when a.body <> '' then format('; last asked: %s', polaris_data.excerpt(a.body, 120)) else '' end)
  from polaris_data.sessions o
  cross join lateral (
    select x.seq, x.kind from polaris_data.events x
    where x.org_id = p_org and x.session_id = o.session_id and x.seq > coalesce(p_after, 0) order by x.seq desc limit 1) e
  left join lateral (
    select x.body from (
      select y.kind, left(y.body, 600) as body, y.seq from polaris_data.events y
      where y.org_id = p_org and y.session_id = o.session_id and y.seq > coalesce(p_after, 0) order by y.seq desc limit 100) x
    where x.kind = 'prompt' order by x.seq desc limit 1) a on true
  where o.org_id = p_org and o.project_id = p_project and o.archived_at is null and o.session_id is distinct from p_session
  order by e.seq desc limit 20;
$$;
comment on function polaris_data.memory_beside is 'The other sessions of a project, as lines of a brief.';
