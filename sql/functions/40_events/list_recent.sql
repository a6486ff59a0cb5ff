-- The newest words over all projects that the caller may see: prompts, replies, advice, what was said to the project, and who took
-- or left a seat; newest first. Looks at the last 200 numbers of each project only. Fails: 422 limit_is_sane.
create or replace function polaris.list_recent (p_org bigint, p_actor text, p_limit integer default 20)
returns setof polaris_data.event_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 100 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 100 events.');
  end if;
  return query
  select e.* from polaris_data.show_projects(v_me.org_id) r
  cross join lateral polaris_data.show_events(v_me.org_id, r.project_id, null, greatest(r.last_seq - 200, 0), null, 200,
    array['prompt', 'reply', 'advice', 'floor', 'driver.claimed', 'driver.released', 'driver.expired'], null) e
  where r.archived_at is null and polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
  order by e.recorded_at desc, e.seq desc limit p_limit;
end;
$$;
comment on function polaris.list_recent is 'The newest words over all projects that the caller may see.';
