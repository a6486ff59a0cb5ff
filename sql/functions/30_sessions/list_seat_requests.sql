-- Who asked for the seat of a session, or for those of a project, and what became of it: the newest, oldest first. ended_at is null
-- while a request waits for the driver. Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.list_seat_requests (
  p_org bigint, p_actor text, p_project text, p_session text default null, p_limit integer default 100
)
returns setof polaris_data.seat_request_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project bigint;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 requests.');
  end if;
  return query select * from polaris_data.show_seat_requests(v_me.org_id, v_project, v_session, null, p_limit);
end;
$$;
comment on function polaris.list_seat_requests is 'Who asked for the seat of a session, and what became of it.';
