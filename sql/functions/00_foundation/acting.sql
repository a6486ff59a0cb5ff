-- Who calls, for which organization. A login of polaris_data.logins is one participant, whatever it passes; anybody else must be
-- a member of polaris_service and is believed. An actor of null is the service itself.
-- session_user, because inside a definer function current_user is the owner; and no setting, because anyone can set one.
-- Fails: 401 login_unknown, 401 login_revoked, 403 actor_is_not_yours, 403 analysts_only_read, 422 org_is_missing.
create or replace function polaris_data.acting (
  p_org bigint,
  p_actor text,
  out org_id bigint,
  out actor text,
  out direct boolean
)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_login polaris_data.logins;
begin
  select l.* into v_login from polaris_data.logins l where l.login = session_user;
  if found then
    if v_login.revoked_at is not null then
      perform polaris_data.fail(401, 'login_revoked', format('The login %s is revoked.', session_user),
        'Ask an administrator for a new one: polaris login-role create.');
    end if;
    if v_login.kind <> 'client' then
      perform polaris_data.fail(403, 'analysts_only_read', format('The login %s is an analyst''s: it reads polaris_history and does nothing else.', session_user),
        'Ask an administrator for a login of a participant: polaris login-role create.');
    end if;
    if p_org <> v_login.org_id or p_actor <> v_login.actor then
      perform polaris_data.fail(403, 'actor_is_not_yours', format('The login %s acts as %s and as nobody else.', session_user, v_login.actor),
        'Leave p_org and p_actor out.');
    end if;
    org_id := v_login.org_id;
    actor := v_login.actor;
    direct := true;
    return;
  end if;
  if not pg_has_role(session_user, 'polaris_service', 'member') then
    perform polaris_data.fail(401, 'login_unknown', format('The login %s is no participant.', session_user),
      'Ask an administrator for one: polaris login-role create.');
  end if;
  if p_org is null then
    perform polaris_data.fail(422, 'org_is_missing', 'The service must name the organization.', 'Pass p_org.');
  end if;
  org_id := p_org;
  actor := p_actor;
  direct := false;
end;
$$;
comment on function polaris_data.acting is 'Who calls, for which organization: from session_user, never from a setting.';
