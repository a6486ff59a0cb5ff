-- Makes a member an administrator, or an administrator a member: then its seats in private projects that it is not on the list of become
-- open, and the invitations that it wrote and the tokens that it issued for other people end: with one of those it could go on as
-- another administrator. Administrators only.
-- Fails: 403 admin_only, 404 no_such_member, 409 last_admin, 422 role_is_known.
create or replace function polaris.set_role (p_org bigint, p_actor text, p_handle text, p_role text)
returns setof polaris_data.member_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_old text;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_role(p_role);
  if p_role = 'member' then
    perform polaris_data.require_other_admin(v_me.org_id, p_handle);
  end if;
  v_old := polaris_data.role_of(v_me.org_id, 'user:' || p_handle);
  if v_old is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member user:%s.', p_handle), 'See polaris member list.');
  end if;
  if v_old <> p_role then
    update polaris_data.members set role = p_role where org_id = v_me.org_id and handle = p_handle;
    update polaris_data.invites set revoked_at = v_now
    where p_role = 'member' and org_id = v_me.org_id and invited_by = 'user:' || p_handle and accepted_at is null and revoked_at is null;
    update polaris_data.tokens set revoked_at = v_now
    where p_role = 'member' and org_id = v_me.org_id and issued_by = 'user:' || p_handle and actor like 'user:%'
      and actor <> issued_by and revoked_at is null;
    perform polaris_data.end_unseen(v_me.org_id, 'user:' || p_handle);
    perform polaris_data.publish_control(v_me.org_id, 'member', 0);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'member.role', 'user:' || p_handle, jsonb_build_object('role', p_role, 'was', v_old));
  end if;
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;
comment on function polaris.set_role is 'Makes a member an administrator, or an administrator a member.';
