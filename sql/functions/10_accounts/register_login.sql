-- Makes a Postgres login act as one participant. The role itself is made by whoever may make roles (polaris login-role create).
-- The service only. Fails: 404 no_such_member, 409 login_exists, 422 actor_is_a_participant.
create or replace function polaris.register_login (p_org bigint, p_actor text, p_login text)
returns table (login text, actor text, created_at timestamptz, revoked_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  perform polaris_data.require_participant(p_actor);
  if polaris_data.role_of(p_org, p_actor) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_actor), 'Add it first: polaris member add.');
  end if;
  insert into polaris_data.logins (login, org_id, actor, created_by) values (p_login, p_org, p_actor, p_actor) on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'login_exists', format('The login %s is registered already.', p_login), 'Choose another name.');
  end if;
  perform polaris_data.write_audit(p_org, null, 'login.registered', p_actor, jsonb_build_object('login', p_login));
  return query select * from polaris.list_logins(p_org) l where l.login = p_login;
end;
$$;
comment on function polaris.register_login is 'Makes a Postgres login act as one participant.';
