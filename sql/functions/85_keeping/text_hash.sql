-- By what a text is known again that was read to be changed: SHA-256 of its parts, each with its length, so that no two give the same.
create or replace function polaris_data.text_hash (variadic p_parts text[])
returns bytea
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select sha256(convert_to(string_agg(coalesce(octet_length(p.part)::text || ':' || p.part, '-'), E'\n' order by p.ord), 'UTF8'))
  from unnest(p_parts) with ordinality as p (part, ord);
$$;
comment on function polaris_data.text_hash is 'By what a text is known again that was read to be changed.';
