-- The people whom this installation vouches for, of one organization or of all: who may be chosen where sign-in without a provider is
-- switched on. The service only.
create or replace function polaris.list_local_people (p_org bigint default null)
returns table (issuer text, subject text, handle text, org text, org_name text, role text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select p.issuer, p.subject, m.handle, o.slug, o.name, m.role
  from polaris_data.people p
  join polaris_data.members m on m.person_id = p.person_id and m.removed_at is null
  join polaris_data.orgs o on o.org_id = m.org_id
  where p.issuer = 'local' and (p_org is null or o.org_id = p_org)
  order by o.slug, m.role, m.created_at, m.handle;
end;
$$;
comment on function polaris.list_local_people is 'The people whom this installation vouches for.';
