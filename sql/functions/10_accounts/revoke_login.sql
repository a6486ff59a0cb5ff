-- Ends what a Postgres login may do here; dropping the role is up to whoever made it. The service only. Twice is once.
-- Fails: 404 no_such_login.
create or replace function polaris.revoke_login (p_org bigint, p_login text)
returns table (login text, actor text, created_at timestamptz, revoked_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_login polaris_data.logins;
begin
  perform polaris_data.require_service();
  select l.* into v_login from polaris_data.logins l
  where l.org_id = p_org and l.login = p_login and l.kind = 'client' for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_login', format('There is no login %s.', p_login), 'See polaris login-role list.');
  elsif v_login.revoked_at is null then
    update polaris_data.logins l set revoked_at = v_now where l.org_id = p_org and l.login = p_login;
    perform polaris_data.publish_control(p_org, 'login', 0);
    perform polaris_data.write_audit(p_org, null, 'login.revoked', v_login.actor, jsonb_build_object('login', p_login));
  end if;
  return query select * from polaris.list_logins(p_org) l where l.login = p_login;
end;
$$;
comment on function polaris.revoke_login is 'Ends what a Postgres login may do here.';
