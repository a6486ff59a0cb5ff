-- Ends the held seat of a session that the caller has locked: released, expired or archived. The epoch stays. Advice that was
-- on its way waits again for the next driver. Released to somebody, nobody else may take it for five minutes.
create or replace function polaris_data.end_seat (p_org bigint, p_session bigint, p_how text, p_to text default null)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
  v_until timestamptz := case when p_to is not null then v_now + interval '5 minutes' end;
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.driver is null then
    return;
  end if;
  update polaris_data.sessions set driver = null, lease_until = null, reserved_for = p_to, reserved_until = v_until
  where org_id = p_org and session_id = p_session;
  update polaris_data.seats set ended_at = v_now, ended_how = p_how
  where org_id = p_org and session_id = p_session and epoch = v_session.epoch;
  perform polaris_data.requeue_deliveries(p_org, p_session);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch,
    case p_how when 'expired' then 'driver.expired' else 'driver.released' end, v_session.driver, p_to,
    format(case p_how when 'expired' then 'the lease of %s on %s ran out' else '%s released %s' end, v_session.driver, v_session.name)
      || coalesce(' to ' || p_to, ''),
    jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch, 'how', p_how)
      || case when p_to is null then '{}' else jsonb_build_object('reserved_for', p_to, 'reserved_until', v_until) end,
    format('polaris:seat:%s:ended', v_session.epoch));
end;
$$;
comment on function polaris_data.end_seat is 'Ends the held seat of a session.';
