-- What whoever holds the link of an invitation is shown. The service only. Fails: 404 no_such_invite.
create or replace function polaris.get_invite (p_org_slug text, p_hash bytea)
returns table (org text, org_name text, email text, role text, handle text, invited_by text, expires_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_invite polaris_data.invites;
begin
  perform polaris_data.require_service();
  v_invite := polaris_data.find_invite(p_org_slug, p_hash);
  return query
  select o.slug, o.name, v_invite.email, v_invite.role, v_invite.handle, v_invite.invited_by, v_invite.expires_at
  from polaris_data.orgs o where o.org_id = v_invite.org_id;
end;
$$;
comment on function polaris.get_invite is 'What whoever holds the link of an invitation is shown.';
