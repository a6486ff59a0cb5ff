-- Takes the seat of a session that the caller has locked, if it is open or its lease has run out; answers whether the actor has
-- it only now. A holder's lease is renewed. Changes nothing and answers null when somebody else
-- holds it, or when it was released to somebody else.
create or replace function polaris_data.take_seat (p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer)
returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
  v_lease timestamptz := v_now + make_interval(secs => p_lease_seconds);
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.driver = p_actor then
    update polaris_data.sessions set lease_until = v_lease where org_id = p_org and session_id = p_session;
    return false;
  elsif v_session.lease_until > v_now or (v_session.reserved_for <> p_actor and v_session.reserved_until > v_now) then
    return null;
  end if;
  perform polaris_data.end_seat(p_org, p_session, 'expired');
  update polaris_data.sessions set driver = p_actor, epoch = v_session.epoch + 1, lease_until = v_lease,
    reserved_for = null, reserved_until = null
  where org_id = p_org and session_id = p_session;
  insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at)
  values (p_org, p_session, v_session.epoch + 1, p_actor, v_now);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch + 1, 'driver.claimed', p_actor, null,
    format('%s drives %s', p_actor, v_session.name), jsonb_build_object('driver', p_actor, 'epoch', v_session.epoch + 1),
    format('polaris:seat:%s:claimed', v_session.epoch + 1));
  if v_session.driver is not null then
    perform polaris_data.write_audit(p_org, p_actor, 'seat.taken_over', v_session.driver,
      jsonb_build_object('project', (select p.name from polaris_data.projects p where p.org_id = p_org and p.project_id = v_session.project_id),
        'session', v_session.name, 'epoch', v_session.epoch + 1));
  end if;
  return true;
end;
$$;
comment on function polaris_data.take_seat is 'Takes the seat of a session, if it is free.';
