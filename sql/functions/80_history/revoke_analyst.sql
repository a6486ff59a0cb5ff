-- Ends what an analyst's login may read, at its next query; dropping the role is up to whoever made it. The service only, for
-- administrators. Twice is once. Fails: 403 admin_only, 404 no_such_login.
create or replace function polaris.revoke_analyst (p_org bigint, p_actor text, p_login text)
returns table (
  login text, actor text, sees_private boolean, created_by text, created_at timestamptz, revoked_at timestamptz
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_login polaris_data.logins;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  select l.* into v_login from polaris_data.logins l
  where l.org_id = p_org and l.login = p_login and l.kind = 'analyst' for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_login', format('There is no login %s.', p_login), 'See polaris analyst list.');
  elsif v_login.revoked_at is null then
    update polaris_data.logins l set revoked_at = v_now where l.org_id = p_org and l.login = p_login;
    perform polaris_data.write_audit(p_org, p_actor, 'analyst.revoked', v_login.actor, jsonb_build_object('login', p_login));
  end if;
  return query select * from polaris.list_analysts(p_org, p_actor) l where l.login = p_login;
end;
$$;
comment on function polaris.revoke_analyst is 'Ends what an analyst''s login may read.';
