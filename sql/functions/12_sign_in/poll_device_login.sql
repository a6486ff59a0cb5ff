-- What the waiting machine is told (RFC 8628, 3.5): authorization_pending, slow_down (it asked too soon, and shall wait 5 seconds longer from now on),
-- access_denied, expired_token, invalid_grant; or its token, once. An answer, no failure, because each poll is kept. The service only.
create or replace function polaris.poll_device_login (p_device_hash bytea, p_token_hash bytea, p_token_shown text)
returns table (error text, org text, actor text, token_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_login polaris_data.device_logins;
  v_now timestamptz := clock_timestamp();
  v_actor text;
  v_error text;
begin
  perform polaris_data.require_service();
  select d.* into v_login from polaris_data.device_logins d where d.device_hash = p_device_hash for update;
  v_actor := polaris_data.member_of(v_login.org_id, v_login.person_id);
  v_error := case
    when v_login.device_hash is null then 'invalid_grant'
    when v_login.created_at <= v_now - interval '10 minutes' then 'expired_token'
    when v_login.denied then 'access_denied'
    when v_login.polled_at > v_now - make_interval(secs => v_login.poll_seconds) then 'slow_down'
    when v_login.person_id is null then 'authorization_pending'
    when v_actor is null then 'access_denied'
  end;
  if v_error in ('slow_down', 'authorization_pending') then
    update polaris_data.device_logins d set polled_at = v_now,
      poll_seconds = v_login.poll_seconds + case v_error when 'slow_down' then 5 else 0 end
    where d.device_hash = p_device_hash;
  elsif v_error is null or v_error <> 'invalid_grant' then
    delete from polaris_data.device_logins d where d.device_hash = p_device_hash;
  end if;
  if v_error is not null then
    return query select v_error, null::text, null::text, null::bigint;
    return;
  end if;
  return query
  select null::text, o.slug, v_actor, polaris_data.write_token(
    o.org_id, v_actor, v_actor, 'polaris login on ' || v_login.machine, p_token_hash, p_token_shown, null, interval '90 days', true)
  from polaris_data.orgs o where o.org_id = v_login.org_id;
end;
$$;
comment on function polaris.poll_device_login is 'What the waiting machine is told.';
