-- Makes a person a member of the organization that has proven its domain. The service only.
-- Fails: 403 domain_is_not_yours, 409 already_member, 409 member_exists, 422 name_is_a_slug.
create or replace function polaris.join_by_domain (p_person bigint, p_org_slug text, p_handle text)
returns setof polaris_data.member_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_org bigint;
  v_domain text;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_handle);
  select d.org_id, d.domain into v_org, v_domain
  from polaris_data.people p
  join polaris_data.domains d on d.domain = p.domain and d.proven_at is not null
  join polaris_data.orgs o on o.org_id = d.org_id and o.slug = p_org_slug
  where p.person_id = p_person and p.issuer <> 'local';
  if v_org is null or polaris_data.was_removed(v_org, p_person) then
    perform polaris_data.fail(403, 'domain_is_not_yours', 'This organization is not open to you.', 'Ask an administrator for an invitation.');
  end if;
  perform polaris_data.write_member(v_org, p_person, p_handle, 'member');
  perform polaris_data.write_audit(v_org, 'user:' || p_handle, 'member.joined', 'user:' || p_handle, jsonb_build_object('domain', v_domain));
  return query select * from polaris_data.show_members(v_org, p_handle);
end;
$$;
comment on function polaris.join_by_domain is 'Makes a person a member of the organization that has proven its domain.';
