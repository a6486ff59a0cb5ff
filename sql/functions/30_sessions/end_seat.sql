-- Ends the held seat of a session that the caller has locked: released, expired or archived. The epoch stays. Advice that was
-- on its way waits again for the next driver.
create or replace function polaris_data.end_seat (p_org bigint, p_session bigint, p_how text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.driver is null then
    return;
  end if;
  update polaris_data.sessions set driver = null, lease_until = null where org_id = p_org and session_id = p_session;
  update polaris_data.seats set ended_at = v_now, ended_how = p_how
  where org_id = p_org and session_id = p_session and epoch = v_session.epoch;
  perform polaris_data.requeue_deliveries(p_org, p_session);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch,
    case p_how when 'expired' then 'driver.expired' else 'driver.released' end, v_session.driver, null,
    format(case p_how when 'expired' then 'the lease of %s on %s ran out' else '%s released %s' end, v_session.driver, v_session.name),
    jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch, 'how', p_how),
    format('polaris:seat:%s:ended', v_session.epoch));
end;
$$;
comment on function polaris_data.end_seat is 'Ends the held seat of a session.';
