-- Ends one open request for the seat of a session that the caller has locked, and what the driver's agent was not told of it yet.
-- Declined, withdrawn and expired have an event of their own; the other ends are part of the event that changes the seat.
create or replace function polaris_data.end_request (
  p_org bigint, p_session bigint, p_seq bigint, p_how text, p_by text, p_reason text default null
)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_request polaris_data.seat_requests;
  v_session polaris_data.sessions;
  v_state text;
  v_now timestamptz := clock_timestamp();
begin
  update polaris_data.seat_requests r set ended_at = v_now, ended_how = p_how, ended_by = p_by
  where r.org_id = p_org and r.session_id = p_session and r.seq = p_seq and r.ended_at is null
  returning r.* into v_request;
  if not found then
    return;
  end if;
  select d.state into v_state from polaris_data.deliveries d
  where d.org_id = p_org and d.delivery_id = v_request.delivery_id for no key update;
  if v_state in ('held', 'queued') then
    perform polaris_data.move_delivery(p_org, v_request.delivery_id,
      case when p_how in ('declined', 'withdrawn') then 'declined' when p_how = 'archived' then 'failed' else 'expired' end,
      case p_how
        when 'declined' then p_reason
        when 'withdrawn' then 'withdrawn'
        when 'given' then 'the seat was given'
        when 'opened' then 'the seat is open'
        when 'taken' then 'somebody else has the seat'
        when 'archived' then 'session archived' end,
      null, null, p_by);
  end if;
  if p_how in ('declined', 'withdrawn', 'expired') then
    select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
    perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch, 'seat.settled', p_by, v_request.actor,
      case p_how
        when 'declined' then concat_ws(': ',
          format('%s keeps the seat of %s, which %s asked for', p_by, v_session.name, v_request.actor), p_reason)
        when 'withdrawn' then format('%s does not ask for the seat of %s any more', v_request.actor, v_session.name)
        else format('%s asked for the seat of %s, and nobody answered in time', v_request.actor, v_session.name) end,
      jsonb_build_object('request', p_seq, 'how', p_how, 'reason', p_reason), format('polaris:seat:asked:%s:ended', p_seq));
  end if;
end;
$$;
comment on function polaris_data.end_request is 'Ends one open request for the seat of a session.';
