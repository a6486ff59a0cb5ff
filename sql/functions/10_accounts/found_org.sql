-- Sign-up: a person who is signed in makes an organization and is its first administrator. The service only.
-- Fails: 409 org_exists, 422 name_is_a_slug.
create or replace function polaris.found_org (p_person bigint, p_slug text, p_name text, p_handle text)
returns table (org_id bigint, org text, actor text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_handle);
  v_org := polaris_data.write_org(p_slug, p_name);
  perform polaris_data.write_member(v_org, p_person, p_handle, 'admin');
  perform polaris_data.write_audit(v_org, 'user:' || p_handle, 'org.created', p_slug);
  return query select v_org, p_slug, 'user:' || p_handle;
end;
$$;
comment on function polaris.found_org is 'Sign-up: a person makes an organization.';
