-- Writes a person and its membership. A person without an issuer of its own is local: vouched for by this installation.
-- Fails: 409 member_exists (a handle is never given to another person, not even after a removal).
create or replace function polaris_data.write_member (
  p_org bigint, p_handle text, p_role text, p_email text, p_issuer text, p_subject text
)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_person bigint;
begin
  insert into polaris_data.people as p (issuer, subject, email)
  values (p_issuer, coalesce(p_subject, p_org || ':' || p_handle), p_email)
  on conflict (issuer, subject) do update set email = coalesce(excluded.email, p.email)
  returning p.person_id into v_person;
  insert into polaris_data.members (org_id, handle, person_id, role)
  values (p_org, p_handle, v_person, p_role)
  on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'member_exists', format('There is, or was, a member user:%s.', p_handle), 'Choose another handle.');
  end if;
end;
$$;
comment on function polaris_data.write_member is 'Writes a person and its membership.';
