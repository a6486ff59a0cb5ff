-- A page of history, ascending by seq: after = the next ones, before = the page that ends there, neither = the newest page.
-- Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.read_events (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_after bigint default null, p_before bigint default null, p_limit integer default 100, p_kind text[] default null,
  p_by text[] default null
)
returns setof polaris_data.event_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 events.');
  end if;
  return query select * from polaris_data.show_events(
    v_me.org_id, v_project.project_id, v_session, p_after, p_before, p_limit, p_kind, p_by);
end;
$$;
comment on function polaris.read_events is 'A page of history.';
