-- The newest words over all projects that the caller may see: prompts, replies, advice, what was said to the project, and who asked for,
-- took or left a seat; newest first. Looks at the last 200 numbers of each project only. Texts and payloads are touched for the page alone,
-- and the look-up is written for one index, as in write_events. Fails: 422 limit_is_sane.
create or replace function polaris.list_recent (p_org bigint, p_actor text, p_limit integer default 20)
returns setof polaris_data.event_row
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 100 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 100 events.');
  end if;
  return query
  select w.* from (
    select r.project_id, x.seq, x.recorded_at from polaris_data.show_projects(v_me.org_id) r
    cross join lateral (
      select e.seq, e.recorded_at from polaris_data.events e
      where e.org_id = v_me.org_id and e.project_id = r.project_id and e.seq > r.last_seq - 200
        and e.kind in (
          'prompt', 'reply', 'advice', 'floor', 'seat.asked', 'driver.claimed', 'driver.released', 'driver.expired', 'driver.taken')
      order by e.seq desc limit p_limit) x
    where r.archived_at is null and polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
    order by x.recorded_at desc, x.seq desc limit p_limit) n
  cross join lateral polaris_data.show_events(v_me.org_id, n.project_id, null, n.seq - 1, null, 1, null, null) w
  order by n.recorded_at desc, n.seq desc;
end;
$$;
comment on function polaris.list_recent is 'The newest words over all projects that the caller may see.';
