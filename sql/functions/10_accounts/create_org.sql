-- Makes an organization with its first administrator. The service only.
-- Fails: 409 org_exists, 422 name_is_a_slug.
create or replace function polaris.create_org (
  p_slug text,
  p_name text,
  p_handle text,
  p_email text default null,
  p_issuer text default 'local',
  p_subject text default null
)
returns table (org_id bigint, org text, actor text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_slug);
  perform polaris_data.require_slug(p_handle);
  insert into polaris_data.orgs (slug, name, redaction_key)
  values (p_slug, coalesce(p_name, p_slug), decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
  on conflict do nothing
  returning org_id into v_org;
  if v_org is null then
    perform polaris_data.fail(409, 'org_exists', format('There is an organization %s already.', p_slug), 'Choose another name.');
  end if;
  perform polaris_data.write_member(v_org, p_handle, 'admin', p_email, p_issuer, p_subject);
  return query select v_org, p_slug, 'user:' || p_handle;
end;
$$;
comment on function polaris.create_org is 'Makes an organization with its first administrator.';
