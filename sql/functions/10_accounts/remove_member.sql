-- Removes a person from the organization, or lets it leave: its tokens, the tokens it issued and its Postgres logins die with the
-- membership, invitations that it wrote too; it goes from private projects, and the seats it holds become open. Administrators, and
-- everybody for itself. Fails: 403 admin_only, 404 no_such_member, 409 last_admin.
create or replace function polaris.remove_member (p_org bigint, p_actor text, p_handle text)
returns setof polaris_data.member_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_now timestamptz := clock_timestamp();
  v_gone text := 'user:' || p_handle;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if v_me.actor is distinct from v_gone then
    perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  end if;
  if polaris_data.role_of(v_me.org_id, v_gone) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_gone), 'See polaris member list.');
  end if;
  perform polaris_data.require_other_admin(v_me.org_id, p_handle);
  -- Of two who remove at once the second waited for the first.
  update polaris_data.members set removed_at = v_now where org_id = v_me.org_id and handle = p_handle and removed_at is null;
  if not found then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_gone), 'See polaris member list.');
  end if;
  perform polaris_data.match_member(v_me.org_id, p_handle); -- somebody else may be the only one of this address now
  update polaris_data.tokens set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or issued_by = v_gone) and revoked_at is null;
  update polaris_data.logins set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or created_by = v_gone) and revoked_at is null;
  update polaris_data.invites set revoked_at = v_now
  where org_id = v_me.org_id and invited_by = v_gone and accepted_at is null and revoked_at is null;
  delete from polaris_data.project_members where org_id = v_me.org_id and actor = v_gone;
  perform polaris_data.end_seats(v_me.org_id, v_gone);
  perform polaris_data.publish_control(v_me.org_id, 'member', 0);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor,
    case when v_me.actor = v_gone then 'member.left' else 'member.removed' end, v_gone);
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;
comment on function polaris.remove_member is 'Removes a person from the organization, and all that hangs on it.';
