-- The Postgres logins of an organization that act as participants; analysts have a list of their own. The service only.
create or replace function polaris.list_logins (p_org bigint)
returns table (login text, actor text, created_at timestamptz, revoked_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select l.login::text, l.actor, l.created_at, l.revoked_at from polaris_data.logins l
  where l.org_id = p_org and l.kind = 'client' order by l.login;
end;
$$;
comment on function polaris.list_logins is 'The Postgres logins of an organization.';
