-- What is to be done in an organization now: erasures (kind erase, id = the erasure), then projects whose first event is older than it may
-- be, or that have a rest of something pruned (kind prune, id = the project). Not what a legal hold stands on. The service only.
create or replace function polaris.list_keeping_work (p_org bigint)
returns table (kind text, id bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select 'erase', x.erasure_id from polaris_data.erasures x
  where x.org_id = p_org and x.done_at is null and not exists (
    select from polaris_data.erasure_parts t
    where t.org_id = p_org and t.erasure_id = x.erasure_id and t.seq < t.until_seq and polaris_data.is_held(p_org, t.project_id))
  order by x.erasure_id;
  return query
  select 'prune', p.project_id from polaris_data.projects p
  left join polaris_data.retention t on t.org_id = p_org and t.project_id = p.project_id
  left join polaris_data.retention o on o.org_id = p_org and o.project_id = 0
  cross join lateral (
    select e.recorded_at from polaris_data.events e
    where e.org_id = p_org and e.project_id = p.project_id and e.seq >= p.first_seq order by e.seq limit 1) f
  where p.org_id = p_org and f.recorded_at < v_now - make_interval(days => coalesce(t.keep_days, o.keep_days))
    and not polaris_data.is_held(p_org, p.project_id)
  order by p.project_id;
end;
$$;
comment on function polaris.list_keeping_work is 'What is to be pruned and erased in an organization now.';
