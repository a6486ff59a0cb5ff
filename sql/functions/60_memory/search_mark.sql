-- A mark of the index as a query for it, whatever signs it holds.
create or replace function polaris_data.search_mark (p_mark text)
returns tsquery
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select ('''' || replace(replace(p_mark, '\', '\\'), '''', '''''') || '''')::tsquery;
$$;
comment on function polaris_data.search_mark is 'A mark of the index as a query for it, whatever signs it holds.';
