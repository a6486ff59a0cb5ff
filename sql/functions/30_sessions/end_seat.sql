-- Ends the held seat of a session that the caller has locked: released, expired, archived, or taken over by p_by, who says why. The epoch
-- stays. Advice that was on its way waits again for the next driver; who asked for the seat is told by the same event what became of
-- it. Released to somebody, nobody else may take it for five minutes.
create or replace function polaris_data.end_seat (
  p_org bigint, p_session bigint, p_how text, p_to text default null, p_by text default null, p_reason text default null
)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.sessions;
  v_requests jsonb;
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
  v_requests := polaris_data.end_requests(p_org, p_session, p_how, p_to, coalesce(p_by, v_session.driver));
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch,
    case p_how when 'expired' then 'driver.expired' when 'taken' then 'driver.taken' else 'driver.released' end,
    case p_how when 'taken' then p_by else v_session.driver end, case p_how when 'taken' then v_session.driver else p_to end,
    case p_how
      when 'taken' then format('%s took the seat of %s from %s: %s', p_by, v_session.name, v_session.driver, p_reason)
      when 'expired' then format('the lease of %s on %s ran out', v_session.driver, v_session.name)
      else format('%s released %s', v_session.driver, v_session.name) || coalesce(' to ' || p_to, '') end,
    jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch, 'how', p_how)
      || case when p_to is null then '{}' else jsonb_build_object('reserved_for', p_to, 'reserved_until', v_until) end
      || case when p_reason is null then '{}' else jsonb_build_object('reason', p_reason) end
      || case when v_requests is null then '{}' else jsonb_build_object('requests', v_requests) end,
    format('polaris:seat:%s:ended', v_session.epoch));
end;
$$;
comment on function polaris_data.end_seat is 'Ends the held seat of a session.';
