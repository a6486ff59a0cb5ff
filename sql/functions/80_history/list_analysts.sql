-- The analysts' logins of an organization, revoked ones included. The service only, for administrators. Fails: 403 admin_only.
create or replace function polaris.list_analysts (p_org bigint, p_actor text)
returns table (
  login text, actor text, sees_private boolean, created_by text, created_at timestamptz, revoked_at timestamptz
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  return query
  select l.login::text, l.actor, l.sees_private, l.created_by, l.created_at, l.revoked_at
  from polaris_data.logins l where l.org_id = p_org and l.kind = 'analyst' order by l.login;
end;
$$;
comment on function polaris.list_analysts is 'The analysts'' logins of an organization.';
