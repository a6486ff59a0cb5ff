-- An invitation by its link, if it is still good: who wrote it must be an administrator still, or it could make itself one again.
-- Fails: 404 no_such_invite (used, ended and expired ones too).
create or replace function polaris_data.find_invite (p_org_slug text, p_hash bytea)
returns polaris_data.invites
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_invite polaris_data.invites;
begin
  select i.* into v_invite from polaris_data.orgs o
  join polaris_data.invites i on i.org_id = o.org_id and i.hash = p_hash
  where o.slug = p_org_slug;
  if not found or v_invite.accepted_at is not null or v_invite.revoked_at is not null or v_invite.expires_at <= clock_timestamp()
    or (v_invite.invited_by <> 'polaris' and polaris_data.role_of(v_invite.org_id, v_invite.invited_by) is distinct from 'admin') then
    perform polaris_data.fail(404, 'no_such_invite', 'This invitation is not good any more.', 'Ask an administrator for a new one.');
  end if;
  return v_invite;
end;
$$;
comment on function polaris_data.find_invite is 'An invitation by its link, if it is still good.';
