-- Writes who somebody is, as its issuer says; answers its number. What the issuer leaves out stays as it was.
create or replace function polaris_data.write_person (
  p_issuer text, p_subject text, p_email text, p_name text default null, p_picture text default null, p_domain text default null
)
returns bigint
language sql set search_path = pg_catalog, pg_temp as $$
  insert into polaris_data.people as p (issuer, subject, email, name, picture, domain)
  values (p_issuer, p_subject, p_email, p_name, p_picture, p_domain)
  on conflict (issuer, subject) do update set
    email = coalesce(excluded.email, p.email), name = coalesce(excluded.name, p.name),
    picture = coalesce(excluded.picture, p.picture), domain = case when p.issuer = 'local' then p.domain else excluded.domain end
  returning p.person_id;
$$;
comment on function polaris_data.write_person is 'Writes who somebody is, as its issuer says.';
