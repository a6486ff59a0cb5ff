-- The marks by which search finds an event that names a file: the file's name, and with the folder above it where the path has one.
create or replace function polaris_data.file_marks (p_path text)
returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select array_remove(array['=f' || regexp_replace(p_path, '^.*/', ''), '=g' || substring(p_path from '[^/]+/[^/]+$')], null);
$$;
comment on function polaris_data.file_marks is 'The marks by which search finds an event that names a file.';
