-- Whose browser this is. Last use is written at most once a minute. The service only.
-- Fails: 401 web_session_unknown, 401 web_session_expired.
create or replace function polaris.resume_web_session (p_hash bytea)
returns setof polaris_data.web_session_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_session polaris_data.web_sessions;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.* into v_session from polaris_data.web_sessions w where w.hash = p_hash;
  if not found then
    perform polaris_data.fail(401, 'web_session_unknown', 'You are not signed in.', 'Sign in.');
  elsif least(v_session.seen_at + interval '12 hours', v_session.created_at + interval '7 days') <= v_now then
    perform polaris_data.fail(401, 'web_session_expired', 'You were signed in too long ago.', 'Sign in again.');
  elsif v_session.seen_at < v_now - interval '1 minute' then
    update polaris_data.web_sessions w set seen_at = v_now where w.web_session_id = v_session.web_session_id;
  end if;
  return query select * from polaris_data.show_web_sessions(v_session.web_session_id);
end;
$$;
comment on function polaris.resume_web_session is 'Whose browser this is.';
