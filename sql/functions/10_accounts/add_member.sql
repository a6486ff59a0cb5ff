-- Adds a person to the organization. Administrators only.
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
  if p_role is null or p_role not in ('admin', 'member') then
    perform polaris_data.fail(422, 'role_is_known', 'A role is admin or member.');
  end if;
  perform polaris_data.write_member(v_me.org_id, p_handle, p_role, p_email, 'local', null);
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;
comment on function polaris.add_member is 'Adds a person to the organization.';
