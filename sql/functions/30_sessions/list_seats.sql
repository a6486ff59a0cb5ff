-- Who drove a session, the newest first. Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.list_seats (p_org bigint, p_actor text, p_project text, p_session text, p_limit integer default 10)
returns table (epoch bigint, driver text, claimed_at timestamptz, ended_at timestamptz, ended_how text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 seats.');
  end if;
  return query
  select t.epoch, t.driver, t.claimed_at, t.ended_at, t.ended_how
  from polaris_data.seats t
  where t.org_id = v_me.org_id and t.session_id = v_session.session_id
  order by t.epoch desc limit p_limit;
end;
$$;
comment on function polaris.list_seats is 'Who drove a session, the newest first.';
