-- Lets whoever made the project pass, administrators, and the service itself. Fails: 403 admin_only.
create or replace function polaris_data.require_maker (p_org bigint, p_actor text, p_created_by text)
returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if p_created_by is distinct from p_actor then
    perform polaris_data.require_admin(p_org, p_actor);
  end if;
end;
$$;
comment on function polaris_data.require_maker is 'Lets whoever made something pass, and administrators.';
