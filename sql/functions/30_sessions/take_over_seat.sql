-- An administrator takes the seat from whoever holds it, or from whom it is kept for, and says why: everybody reads it in the record,
-- and the audit log keeps it. p_epoch is the seat that the administrator means: of two who take it over at once one does, the other
-- finds another driver and is told.
-- Fails: 403 admin_only, 404 no_such_project, 404 no_such_session, 409 seat_has_changed (detail: driver and epoch), 409 seat_is_open,
-- 409 seat_is_yours, 409 session_is_archived, 422 reason_is_there, 422 reason_is_short (500 characters), 422 lease_is_sane.
create or replace function polaris.take_over_seat (
  p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text,
  p_lease_seconds integer default 60
)
returns setof polaris_data.session_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_former text;
  v_reason text := btrim(p_reason, E' \t\r\n');
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_lease(v_me.actor, p_lease_seconds);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  v_now := clock_timestamp();
  v_former := coalesce(v_session.driver, case when v_session.reserved_until > v_now then v_session.reserved_for end);
  if coalesce(v_reason, '') = '' then
    perform polaris_data.fail(422, 'reason_is_there', 'Taking a seat over needs a reason.', 'The driver and the audit log are told.');
  elsif char_length(v_reason) > 500 then
    perform polaris_data.fail(422, 'reason_is_short', format('The reason has %s characters; 500 are allowed.', char_length(v_reason)));
  elsif v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another one.');
  elsif p_epoch is distinct from v_session.epoch then
    perform polaris_data.fail(409, 'seat_has_changed', format('The seat of %s has changed: %s.', p_session,
        coalesce(v_session.driver || ' drives', 'nobody drives')), 'Look who drives now.',
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  elsif v_former = v_me.actor then
    perform polaris_data.fail(409, 'seat_is_yours', format('The seat of %s is yours.', p_session), 'Join it from your agent.');
  elsif v_former is null then
    perform polaris_data.fail(409, 'seat_is_open', format('Nobody drives %s.', p_session),
      format('Take the seat: polaris join %s %s.', p_project, p_session));
  end if;
  v_reason := polaris_data.clean_words(v_me.org_id, v_me.direct, v_reason);
  if v_session.driver is not null then
    perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'taken', null, v_me.actor, v_reason);
  else
    update polaris_data.sessions set reserved_for = null, reserved_until = null
    where org_id = v_me.org_id and session_id = v_session.session_id;
    perform polaris_data.write_event(v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'driver.taken', v_me.actor,
      v_former, format('%s took the seat of %s, which was kept for %s: %s', v_me.actor, p_session, v_former, v_reason),
      jsonb_build_object('epoch', v_session.epoch, 'how', 'taken', 'reason', v_reason), format('polaris:seat:%s:taken', v_session.epoch));
  end if;
  perform polaris_data.take_seat(v_me.org_id, v_session.session_id, v_me.actor, p_lease_seconds);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'seat.taken_over', v_former,
    jsonb_build_object('project', p_project, 'session', p_session, 'epoch', v_session.epoch + 1, 'reason', v_reason));
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;
comment on function polaris.take_over_seat is 'An administrator takes the seat from whoever holds it, and says why.';
