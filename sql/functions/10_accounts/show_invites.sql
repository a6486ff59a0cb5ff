-- Invitations as they are listed; with an id, only that one. Never the link.
create or replace function polaris_data.show_invites (p_org bigint, p_invite bigint default null)
returns setof polaris_data.invite_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select i.invite_id, i.email, i.role, i.handle, i.invited_by, i.created_at, i.expires_at, i.accepted_at, i.accepted_by, i.revoked_at
  from polaris_data.invites i
  where i.org_id = p_org and (p_invite is null or i.invite_id = p_invite)
  order by i.invite_id;
$$;
comment on function polaris_data.show_invites is 'Invitations as they are listed.';
