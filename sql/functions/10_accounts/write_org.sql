-- Writes an organization with its own redaction key; answers its number. Fails: 409 org_exists, 422 name_is_a_slug.
create or replace function polaris_data.write_org (p_slug text, p_name text)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_org bigint;
begin
  perform polaris_data.require_slug(p_slug);
  insert into polaris_data.orgs (slug, name, redaction_key)
  values (p_slug, left(coalesce(nullif(btrim(p_name), ''), p_slug), 100),
    decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
  on conflict do nothing
  returning org_id into v_org;
  if v_org is null then
    perform polaris_data.fail(409, 'org_exists', format('There is an organization %s already.', p_slug), 'Choose another name.');
  end if;
  return v_org;
end;
$$;
comment on function polaris_data.write_org is 'Writes an organization with its own redaction key.';
