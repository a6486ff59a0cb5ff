-- How the bridge of an organization does: posts by what became of them, repeats and proven second copies, what waits and for how
-- long. The service only.
create or replace function polaris.get_slack_figures (p_org bigint)
returns table (
  posted bigint, waiting bigint, unsure bigint, failed bigint, dropped bigint, repeats bigint, doubles bigint, undone bigint,
  oldest_seconds double precision
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select count(*) filter (where o.state = 'posted' and o.kind <> 'theirs'), count(*) filter (where o.state = 'waiting'),
    count(*) filter (where o.state in ('posting', 'unsure')), count(*) filter (where o.state = 'failed'),
    count(*) filter (where o.state = 'dropped' and o.ts is null), coalesce(sum(o.repeats), 0)::bigint, coalesce(sum(o.doubles), 0)::bigint,
    (select count(*) from polaris_data.slack_inbox i where i.org_id = p_org and i.done_at is null),
    coalesce(extract(epoch from v_now - min(o.made_at) filter (where o.state in ('waiting', 'posting', 'unsure'))), 0)::double precision
  from polaris_data.slack_posts o where o.org_id = p_org;
end;
$$;
comment on function polaris.get_slack_figures is 'How the bridge of an organization does.';
