-- Lets a Postgres login read the history of one organization, for one participant who answers for it. The role itself is made by
-- whoever may make roles (polaris analyst create). The service only, for administrators.
-- Fails: 403 admin_only, 404 no_such_member, 409 login_exists, 422 actor_is_a_participant.
create or replace function polaris.create_analyst (
  p_org bigint, p_actor text, p_for text, p_login text, p_sees_private boolean default false
)
returns table (
  login text, actor text, sees_private boolean, created_by text, created_at timestamptz, revoked_at timestamptz
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  perform polaris_data.require_participant(p_for);
  if polaris_data.role_of(p_org, p_for) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_for), 'Add it first: polaris member add.');
  end if;
  insert into polaris_data.logins (login, org_id, actor, created_by, kind, sees_private)
  values (p_login, p_org, p_for, coalesce(p_actor, p_for), 'analyst', coalesce(p_sees_private, false)) on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'login_exists', format('The login %s is registered already.', p_login), 'Choose another name.');
  end if;
  perform polaris_data.write_audit(p_org, p_actor, 'analyst.created', p_for,
    jsonb_build_object('login', p_login, 'sees_private', coalesce(p_sees_private, false)));
  return query select * from polaris.list_analysts(p_org, p_actor) l where l.login = p_login;
end;
$$;
comment on function polaris.create_analyst is 'Lets a Postgres login read the history of one organization.';
