-- The newest deliveries of a project or of one session, oldest first.
-- Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.list_deliveries (
  p_org bigint, p_actor text, p_project text, p_session text default null, p_limit integer default 100
)
returns setof polaris_data.delivery_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 deliveries.');
  end if;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  return query select * from polaris_data.show_deliveries(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id, null, v_session, null, p_limit);
end;
$$;
comment on function polaris.list_deliveries is 'The newest deliveries of a project or of one session.';
