-- A page of a project's history of which each event holds what a query looks for, ascending by seq: after = the next ones, before = the
-- page that ends there, neither = the newest page. What is so new that it is not in the index is looked at as well. Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.find_events (
  p_org bigint default null, p_actor text default null, p_project text default null, p_query text default null,
  p_session text default null, p_after bigint default null, p_before bigint default null, p_limit integer default 100,
  p_kind text[] default null, p_by text[] default null
)
returns setof polaris_data.event_row
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
  v_query tsquery;
  v_from bigint := coalesce(p_after, p_before);
  v_from_at timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 events.');
  end if;
  v_query := (polaris_data.search_query(p_query)).query
    && polaris_data.search_filter(v_me.org_id, null, v_project.project_id, v_session, p_kind, p_by);
  if v_query is null then
    return;
  end if;
  -- Time goes with the numbers of a project: where there is no event of the number, it is that of the next one.
  select e.recorded_at into v_from_at from polaris_data.events e
  where e.org_id = v_me.org_id and e.project_id = v_project.project_id and e.seq >= v_from order by e.seq limit 1;
  if not found and p_after is not null then
    v_from_at := 'infinity';
  end if;
  return query
  select w.*
  from (
    select x.seq from (
      select i.seq from polaris_data.search_places(
        v_me.org_id, v_query, null, null, v_from_at, v_project.project_id, v_from, p_limit, p_after is not null) i
      union
      select t.seq from polaris_data.search_tail(v_me.org_id, v_project.project_id, v_query) t (seq)
      where t.seq > coalesce(p_after, 0)) x
    where p_before is null or x.seq < p_before
    order by case when p_after is not null then x.seq end, x.seq desc limit p_limit) f
  cross join lateral polaris_data.show_events(v_me.org_id, v_project.project_id, null, f.seq - 1, null, 1, null, null) w
  where f.seq >= v_project.first_seq
  order by f.seq;
end;
$$;
comment on function polaris.find_events is 'A page of a project''s history of which each event holds what a query looks for.';
