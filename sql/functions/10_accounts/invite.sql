-- Invites an address: keeps the hash of a link that is good once. With a handle the invited person takes the place of a member whom
-- this installation vouched for so far. Administrators only.
-- Fails: 403 admin_only, 404 no_such_member, 409 last_admin, 409 member_has_signed_in, 422 email_is_an_address, 422 role_is_known,
-- 422 expiry_is_sane.
create or replace function polaris.invite (
  p_org bigint, p_actor text, p_email text, p_role text, p_hash bytea, p_handle text default null,
  p_expires_in interval default '7 days'
)
returns setof polaris_data.invite_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_email text := lower(btrim(p_email));
  v_now timestamptz := clock_timestamp();
  v_invite bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_role(p_role);
  if v_email is null or v_email !~ '^[^@[:space:][:cntrl:]<>,;"]{1,64}@[^@[:space:][:cntrl:]<>,;"]{1,189}$' then
    perform polaris_data.fail(422, 'email_is_an_address', 'This is not an e-mail address.', 'Write name@example.com.');
  end if;
  if p_expires_in is null or p_expires_in not between interval '1 minute' and interval '30 days' then
    perform polaris_data.fail(422, 'expiry_is_sane', 'An invitation is good for a minute to 30 days.');
  end if;
  if p_handle is not null then
    if polaris_data.role_of(v_me.org_id, 'user:' || p_handle) is null then
      perform polaris_data.fail(404, 'no_such_member', format('There is no member user:%s.', p_handle), 'See polaris member list.');
    end if;
    if not exists (
      select from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
      where m.org_id = v_me.org_id and m.handle = p_handle and p.issuer = 'local') then
      perform polaris_data.fail(409, 'member_has_signed_in', format('user:%s signs in by itself already.', p_handle), 'Invite without a handle.');
    end if;
    if p_role = 'member' then
      perform polaris_data.require_other_admin(v_me.org_id, p_handle);
    end if;
  end if;
  insert into polaris_data.invites (org_id, hash, email, role, handle, invited_by, created_at, expires_at)
  values (v_me.org_id, p_hash, v_email, p_role, p_handle, coalesce(v_me.actor, 'polaris'), v_now, v_now + p_expires_in)
  returning invite_id into v_invite;
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'invite.created', v_email,
    jsonb_build_object('invite', v_invite, 'role', p_role, 'handle', p_handle));
  return query select * from polaris_data.show_invites(v_me.org_id, v_invite);
end;
$$;
comment on function polaris.invite is 'Invites an address.';
