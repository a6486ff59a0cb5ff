-- Deletes events from the front of a project, p_limit at most, as far as they are older than they may be; first_seq says then what is
-- still there. What was made of them goes with them: search entries, files, commits, annotations, deliveries that have ended, the texts
-- of posts; the figures of usage stay. Nothing that a pusher waits for is locked. Answers how many went, the first number that is left,
-- and whether there is more. Nothing while a legal hold stands. The service only.
create or replace function polaris.prune_project (p_org bigint, p_project_id bigint, p_limit integer default 500)
returns table (pruned integer, first_seq bigint, more boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set lock_timeout = '1s' as $$
#variable_conflict use_column
declare
  v_days integer;
  v_before timestamptz;
  v_old bigint;
  v_first bigint;
  v_last bigint;
  v_young bigint;
  v_read bigint;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.lock_slack(p_org);
  if not polaris_data.lock_to_keep(p_org, p_project_id) then
    return query select 0, null::bigint, false;
    return;
  end if;
  select p.first_seq into v_old from polaris_data.projects p where p.org_id = p_org and p.project_id = p_project_id;
  select t.keep_days into v_days from polaris_data.retention t
  where t.org_id = p_org and t.project_id in (0, p_project_id) order by t.project_id desc limit 1;
  if v_days is null then
    return query select 0, v_old, false;
    return;
  end if;
  v_before := v_now - make_interval(days => v_days);
  select max(x.seq), min(x.seq) filter (where x.recorded_at >= v_before), count(*) into v_last, v_young, v_read
  from (
    select e.seq, e.recorded_at from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project_id and e.seq >= v_old order by e.seq limit p_limit) x;
  v_first := coalesce(v_young, v_last + 1, v_old);
  perform polaris_data.prune_copies(p_org, p_project_id, v_first);
  perform polaris_data.lock_index(p_org, p_project_id);
  v_count := polaris_data.drop_events(p_org, p_project_id, v_old, v_first);
  return query select v_count, v_first, v_young is null and v_read = p_limit;
end;
$$;
comment on function polaris.prune_project is 'Deletes events from the front of a project.';
