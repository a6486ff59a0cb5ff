-- Lets administrators and the service itself (actor null) pass. Fails: 403 admin_only.
create or replace function polaris_data.require_admin (p_org bigint, p_actor text)
returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if p_actor is not null and polaris_data.role_of(p_org, p_actor) is distinct from 'admin' then
    perform polaris_data.fail(403, 'admin_only', format('%s is not an administrator of this organization.', p_actor),
      'Ask an administrator to do it.');
  end if;
end;
$$;
comment on function polaris_data.require_admin is 'Lets administrators and the service itself pass.';
