-- Signs a browser out; answers how many sessions that ended. The service only.
create or replace function polaris.close_web_session (p_hash bytea)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
begin
  perform polaris_data.require_service();
  delete from polaris_data.web_sessions where hash = p_hash returning web_session_id into v_session;
  if not found then
    return 0;
  end if;
  perform polaris_data.publish_control(0, 'web_session', v_session);
  return 1;
end;
$$;
comment on function polaris.close_web_session is 'Signs a browser out.';
