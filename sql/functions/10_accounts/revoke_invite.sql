-- Ends an invitation that nobody has accepted. Administrators only. Twice is once.
-- Fails: 403 admin_only, 404 no_such_invite, 409 invite_is_accepted.
create or replace function polaris.revoke_invite (p_org bigint, p_actor text, p_invite bigint)
returns setof polaris_data.invite_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_invite polaris_data.invites;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  select i.* into v_invite from polaris_data.invites i where i.org_id = v_me.org_id and i.invite_id = p_invite for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_invite', format('There is no invitation %s.', p_invite));
  elsif v_invite.accepted_at is not null then
    perform polaris_data.fail(409, 'invite_is_accepted', format('%s accepted this invitation.', v_invite.accepted_by), 'Remove the member instead.');
  elsif v_invite.revoked_at is null then
    update polaris_data.invites set revoked_at = v_now where org_id = v_me.org_id and invite_id = p_invite;
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'invite.revoked', v_invite.email, jsonb_build_object('invite', p_invite));
  end if;
  return query select * from polaris_data.show_invites(v_me.org_id, p_invite);
end;
$$;
comment on function polaris.revoke_invite is 'Ends an invitation that nobody has accepted.';
