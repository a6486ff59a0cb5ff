-- Whether the analyst who asks may read private projects. Whoever is no analyst may not.
create or replace function polaris_history.sees_private ()
returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from polaris_data.logins l
    where l.login = session_user and l.kind = 'analyst' and l.sees_private and l.revoked_at is null);
$$;
comment on function polaris_history.sees_private is 'Whether the analyst who asks may read private projects.';
