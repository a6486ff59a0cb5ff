-- The organization of the analyst who asks: by session_user, never by a setting. The policies of the tables ask it once a query.
-- Fails: 401 login_unknown, 401 login_revoked.
create or replace function polaris_history.own_org ()
returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_login polaris_data.logins;
begin
  select l.* into v_login from polaris_data.logins l where l.login = session_user and l.kind = 'analyst';
  if not found then
    perform polaris_data.fail(401, 'login_unknown', format('The login %s is no analyst.', session_user),
      'Ask an administrator for one: polaris analyst create.');
  elsif v_login.revoked_at is not null then
    perform polaris_data.fail(401, 'login_revoked', format('The login %s is revoked.', session_user),
      'Ask an administrator for a new one: polaris analyst create.');
  end if;
  return v_login.org_id;
end;
$$;
comment on function polaris_history.own_org is 'The organization of the analyst who asks.';
