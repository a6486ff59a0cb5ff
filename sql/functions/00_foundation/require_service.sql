-- Lets only the service pass. Fails: 403 service_only.
create or replace function polaris_data.require_service ()
returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from polaris_data.logins l where l.login = session_user)
    or not pg_has_role(session_user, 'polaris_service', 'member') then
    perform polaris_data.fail(403, 'service_only', 'Only the service may call this.');
  end if;
end;
$$;
comment on function polaris_data.require_service is 'Lets only the service pass.';
