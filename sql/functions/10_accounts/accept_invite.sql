-- Makes a person a member by the link that was sent to its address. The person must have signed in with that very address, which
-- its issuer has verified. The service only.
-- Fails: 403 invite_is_for_another_address, 404 no_such_invite, 409 already_member, 409 last_admin, 409 member_exists,
-- 422 name_is_a_slug.
create or replace function polaris.accept_invite (p_person bigint, p_org_slug text, p_hash bytea, p_handle text default null)
returns setof polaris_data.member_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_invite polaris_data.invites;
  v_handle text;
  v_before text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  -- Locked are the person, the members, the invitation, in this order (remove_member ends invitations, too). Behind the locks it is
  -- looked up again: whoever was first has used it.
  perform from polaris_data.people p where p.person_id = p_person for no key update;
  v_invite := polaris_data.find_invite(p_org_slug, p_hash);
  if v_invite.handle is not null then
    perform from polaris_data.members m
    where m.org_id = v_invite.org_id and m.removed_at is null and (m.role = 'admin' or m.handle = v_invite.handle)
    order by m.handle for no key update;
  end if;
  perform from polaris_data.invites i where i.org_id = v_invite.org_id and i.invite_id = v_invite.invite_id for no key update;
  v_invite := polaris_data.find_invite(p_org_slug, p_hash);
  if not exists (
    select from polaris_data.people p where p.person_id = p_person and p.issuer <> 'local' and lower(p.email) = v_invite.email) then
    perform polaris_data.fail(403, 'invite_is_for_another_address', 'This invitation is for another address.',
      format('Sign in as %s.', v_invite.email));
  end if;
  v_handle := coalesce(v_invite.handle, p_handle);
  perform polaris_data.require_slug(v_handle);
  if v_invite.handle is not null then
    if exists (
      select from polaris_data.members m where m.org_id = v_invite.org_id and m.person_id = p_person and m.removed_at is null) then
      perform polaris_data.fail(409, 'already_member', 'This person is a member here already.');
    end if;
    if v_invite.role = 'member' then
      perform polaris_data.require_other_admin(v_invite.org_id, v_handle);
    end if;
    select p.email into v_before from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
    where m.org_id = v_invite.org_id and m.handle = v_handle;
    update polaris_data.members m set person_id = p_person, role = v_invite.role
    where m.org_id = v_invite.org_id and m.handle = v_handle and m.removed_at is null
      and exists (select from polaris_data.people p where p.person_id = m.person_id and p.issuer = 'local');
    if not found then
      perform polaris_data.fail(409, 'member_exists', format('user:%s is somebody else by now.', v_handle), 'Ask for a new invitation.');
    end if;
    perform polaris_data.match_member(v_invite.org_id, v_handle, v_before);
    perform polaris_data.end_unseen(v_invite.org_id, 'user:' || v_handle);
    perform polaris_data.publish_control(v_invite.org_id, 'member', 0);
  else
    perform polaris_data.write_member(v_invite.org_id, p_person, v_handle, v_invite.role);
  end if;
  update polaris_data.invites i set accepted_at = v_now, accepted_by = 'user:' || v_handle
  where i.org_id = v_invite.org_id and i.invite_id = v_invite.invite_id;
  perform polaris_data.write_audit(v_invite.org_id, 'user:' || v_handle, 'invite.accepted', v_invite.email,
    jsonb_build_object('invite', v_invite.invite_id, 'role', v_invite.role));
  return query select * from polaris_data.show_members(v_invite.org_id, v_handle);
end;
$$;
comment on function polaris.accept_invite is 'Makes a person a member by the link that was sent to its address.';
