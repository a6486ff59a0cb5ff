-- The beginning of a text on one line, harmless to show to an agent as somebody's words.
create or replace function polaris_data.excerpt (p_text text, p_characters integer)
returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when char_length(x.line) <= p_characters then x.line else left(x.line, p_characters - 1) || '…' end
  from (
    select substr(polaris_data.neutralize(btrim(regexp_replace(left(p_text, 4 * p_characters), '\s+', ' ', 'g'))), 3) as line) x;
$$;
comment on function polaris_data.excerpt is 'The beginning of a text on one line.';
