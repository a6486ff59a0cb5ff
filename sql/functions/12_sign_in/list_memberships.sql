-- The organizations that a person is in. The service only.
create or replace function polaris.list_memberships (p_person bigint)
returns table (org_id bigint, org text, org_name text, handle text, role text, redaction_key bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select o.org_id, o.slug, o.name, m.handle, m.role, o.redaction_key
  from polaris_data.members m join polaris_data.orgs o on o.org_id = m.org_id
  where m.person_id = p_person and m.removed_at is null
  order by o.slug;
end;
$$;
comment on function polaris.list_memberships is 'The organizations that a person is in.';
