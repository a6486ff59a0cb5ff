-- Keeps a sign-in of a machine without a browser (RFC 8628), by the hash of its device code; sweeps what is too old. The service
-- only. Fails: 409 user_code_is_taken.
create or replace function polaris.begin_device_login (p_device_hash bytea, p_user_code text, p_machine text, p_address text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  delete from polaris_data.device_logins d where d.created_at < v_now - interval '1 hour';
  insert into polaris_data.device_logins (device_hash, user_code, machine, address, created_at)
  values (p_device_hash, p_user_code, left(p_machine, 80), left(p_address, 80), v_now)
  on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'user_code_is_taken', 'This code is taken.', 'Make another one.');
  end if;
end;
$$;
comment on function polaris.begin_device_login is 'Keeps a sign-in of a machine without a browser.';
