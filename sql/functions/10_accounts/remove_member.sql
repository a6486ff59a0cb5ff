-- Removes a person from the organization: its tokens, the tokens it issued and its Postgres logins die with the membership, the
-- seats it holds become open. Administrators only. Fails: 403 admin_only, 404 no_such_member, 409 last_admin.
create or replace function polaris.remove_member (p_org bigint, p_actor text, p_handle text)
returns setof polaris_data.member_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_now timestamptz := clock_timestamp();
  v_gone text := 'user:' || p_handle;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform from polaris_data.members m
  where m.org_id = v_me.org_id and m.role = 'admin' and m.removed_at is null order by m.handle for no key update;
  if polaris_data.role_of(v_me.org_id, v_gone) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_gone), 'See polaris member list.');
  end if;
  if not exists (
    select from polaris_data.members m
    where m.org_id = v_me.org_id and m.role = 'admin' and m.removed_at is null and m.handle <> p_handle) then
    perform polaris_data.fail(409, 'last_admin', format('%s is the last administrator.', v_gone), 'Make somebody else one first.');
  end if;
  update polaris_data.members set removed_at = v_now where org_id = v_me.org_id and handle = p_handle;
  update polaris_data.tokens set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or issued_by = v_gone) and revoked_at is null;
  update polaris_data.logins set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or created_by = v_gone) and revoked_at is null;
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds a counter.
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.driver = v_gone order by s.project_id, s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.driver = v_gone order by s.project_id, s.session_id
  loop
    perform polaris_data.end_seat(v_me.org_id, v_session, 'released');
  end loop;
  perform polaris_data.publish_control(v_me.org_id, 'member', 0);
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;
comment on function polaris.remove_member is 'Removes a person from the organization, and all that hangs on it.';
