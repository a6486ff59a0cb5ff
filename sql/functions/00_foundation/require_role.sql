-- Checks a role: admin or member. Fails: 422 role_is_known.
create or replace function polaris_data.require_role (p_role text)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if p_role is null or p_role not in ('admin', 'member') then
    perform polaris_data.fail(422, 'role_is_known', 'A role is admin or member.');
  end if;
end;
$$;
comment on function polaris_data.require_role is 'Checks a role: admin or member.';
