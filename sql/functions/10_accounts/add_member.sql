-- Adds a person whom this installation vouches for. It signs in with the tokens that it is given, or accepts an invitation to its
-- handle. Administrators only.
-- Fails: 403 admin_only, 409 member_exists, 422 name_is_a_slug, 422 role_is_known.
create or replace function polaris.add_member (
  p_org bigint, p_actor text, p_handle text, p_role text default 'member', p_email text default null
)
returns setof polaris_data.member_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_slug(p_handle);
  perform polaris_data.require_role(p_role);
  if exists (select from polaris_data.members m where m.org_id = v_me.org_id and m.handle = p_handle) then
    perform polaris_data.fail(409, 'member_exists', format('There is, or was, a member user:%s.', p_handle), 'Choose another handle.');
  end if;
  perform polaris_data.write_member(
    v_me.org_id, polaris_data.write_person('local', v_me.org_id || ':' || p_handle, p_email), p_handle, p_role);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'member.added', 'user:' || p_handle, jsonb_build_object('role', p_role));
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;
comment on function polaris.add_member is 'Adds a person whom this installation vouches for.';
