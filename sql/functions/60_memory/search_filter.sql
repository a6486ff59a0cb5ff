-- What the caller may see of an organization and wants to see, as marks for the index: p_hidden are the private projects that are not for
-- the caller. Null in a filter: it does not narrow.
create or replace function polaris_data.search_filter (
  p_org bigint, p_hidden bigint[], p_project bigint, p_session bigint, p_kind text[], p_by text[]
)
returns tsquery
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select string_agg(x.part, ' & ')::tsquery
  from (
    select quote_literal(coalesce('=s' || p_session, '=p' || p_project, '=o' || p_org)) as part
    union all
    select '!' || quote_literal('=p' || h.project) from unnest(p_hidden) as h (project)
    union all
    select '(' || string_agg(quote_literal('=k' || replace(k.kind, '\', '\\')), ' | ') || ')' from unnest(p_kind) as k (kind) having count(*) > 0
    union all
    select '(' || string_agg(quote_literal('=a' || replace(b.actor, '\', '\\')), ' | ') || ')' from unnest(p_by) as b (actor) having count(*) > 0) x;
$$;
comment on function polaris_data.search_filter is 'What the caller may see of an organization and wants to see, as marks for the index.';
