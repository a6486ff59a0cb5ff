-- The organizations that a person may join by the domain that its issuer vouches for, and is not in. The service only.
create or replace function polaris.list_orgs_to_join (p_person bigint)
returns table (org text, org_name text, domain text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select o.slug, o.name, d.domain
  from polaris_data.people p
  join polaris_data.domains d on d.domain = p.domain and d.proven_at is not null
  join polaris_data.orgs o on o.org_id = d.org_id
  where p.person_id = p_person and p.issuer <> 'local'
    and not exists (select from polaris_data.members m where m.org_id = d.org_id and m.person_id = p_person and m.removed_at is null)
    and not polaris_data.was_removed(d.org_id, p_person)
  order by o.slug;
end;
$$;
comment on function polaris.list_orgs_to_join is 'The organizations that a person may join by its domain.';
