-- Archives a session that the caller has locked: the seat ends, advice that waits fails with a reason.
create or replace function polaris_data.end_session (p_org bigint, p_session bigint, p_actor text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.sessions;
  v_delivery uuid;
  v_now timestamptz := clock_timestamp();
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.archived_at is not null then
    return;
  end if;
  perform polaris_data.end_seat(p_org, p_session, 'archived');
  update polaris_data.sessions set archived_at = v_now where org_id = p_org and session_id = p_session;
  for v_delivery in
    select d.delivery_id from polaris_data.deliveries d
    where d.org_id = p_org and d.session_id = p_session and d.state in ('held', 'queued', 'sent')
    order by d.delivery_id for no key update
  loop
    perform polaris_data.move_delivery(p_org, v_delivery, 'failed', 'session archived', null, null, p_actor);
  end loop;
  -- A session may be restored and archived again: the time makes each its own event.
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch, 'session.archived', p_actor, null,
    format('%s archived session %s', p_actor, v_session.name), null, 'polaris:session.archived:' || extract(epoch from v_now));
end;
$$;
comment on function polaris_data.end_session is 'Archives a session.';
