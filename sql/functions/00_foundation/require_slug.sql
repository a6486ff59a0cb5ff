-- Checks that a name is a slug: lower case letters, digits and hyphens, 1 to 63, no hyphen first. Fails: 422 name_is_a_slug.
create or replace function polaris_data.require_slug (p_name text)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if p_name is null or p_name !~ '^[a-z0-9][a-z0-9-]{0,62}$' then
    perform polaris_data.fail(422, 'name_is_a_slug', format('%s is not a name.', coalesce(quote_literal(left(p_name, 80)), 'Nothing')),
      'Use lower case letters, digits and hyphens: 1 to 63 characters, not a hyphen first.');
  end if;
end;
$$;
comment on function polaris_data.require_slug is 'Checks that a name is a slug.';
