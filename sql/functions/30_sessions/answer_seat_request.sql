-- What becomes of a request for the seat: the driver gives the seat to the asker, who alone may take it for five minutes, or declines;
-- the asker withdraws. The same answer again changes nothing.
-- Fails: 403 not_driver, 403 not_allowed, 404 no_such_project, 404 no_such_session, 404 no_such_request, 409 request_has_ended (detail:
-- how), 422 answer_is_known.
create or replace function polaris.answer_seat_request (
  p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text default null
)
returns setof polaris_data.seat_request_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_request polaris_data.seat_requests;
  v_how text;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  v_how := case p_answer when 'give' then 'given' when 'decline' then 'declined' when 'withdraw' then 'withdrawn' end;
  if v_how is null then
    perform polaris_data.fail(422, 'answer_is_known', 'The driver gives or declines; who asked withdraws.');
  end if;
  select r.* into v_request from polaris_data.seat_requests r
  where r.org_id = v_me.org_id and r.session_id = v_session.session_id and r.seq = p_request;
  if not found then
    perform polaris_data.fail(404, 'no_such_request', format('Nobody asked for the seat of %s in event %s.', p_session, p_request),
      format('See polaris seat list %s %s.', p_project, p_session));
  end if;
  if v_request.ended_how is distinct from v_how then
    if v_request.ended_at is not null then
      perform polaris_data.fail(409, 'request_has_ended', format('The request of %s has ended: %s.', v_request.actor, v_request.ended_how),
        null, jsonb_build_object('how', v_request.ended_how, 'by', v_request.ended_by));
    elsif v_how = 'withdrawn' and v_me.actor is distinct from v_request.actor then
      perform polaris_data.fail(403, 'not_allowed', format('Only %s withdraws this request.', v_request.actor), 'The driver declines.');
    elsif v_how <> 'withdrawn' and v_me.actor is distinct from v_session.driver then
      perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s.', coalesce(v_me.actor, 'polaris'), p_session), null,
        jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
    elsif v_how = 'given' then
      perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'released', v_request.actor);
    else
      perform polaris_data.end_request(v_me.org_id, v_session.session_id, p_request, v_how, v_me.actor,
        left(polaris_data.clean_words(v_me.org_id, v_me.direct, nullif(btrim(p_reason, E' \t\r\n'), '')), 500));
    end if;
  end if;
  return query select * from polaris_data.show_seat_requests(v_me.org_id, v_session.project_id, v_session.session_id, p_request);
end;
$$;
comment on function polaris.answer_seat_request is 'What becomes of a request for the seat.';
