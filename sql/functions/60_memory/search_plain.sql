-- A text as search cuts it into words: the signs that identifiers, paths, addresses and markup are put together with become blanks, and
-- CamelCase is cut at its capitals. The parser of Postgres would take an address or a path as one word, and would drop <tags>; the other
-- signs part words for it already. (Nested replace: translate costs as much as all the rest.)
create or replace function polaris_data.search_plain (p_text text)
returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  v_line text := replace(replace(replace(replace(replace(replace(replace(replace(p_text, '_', ' '), '-', ' '), '/', ' '), '.', ' '), '@', ' '),
    '<', ' '), '&', ' '), '+', ' ');
begin
  if v_line ~ '[a-z0-9][A-Z]' then
    v_line := regexp_replace(v_line, '([a-z0-9])([A-Z])', '\1 \2', 'g');
  end if;
  if v_line ~ '[A-Z][A-Z][a-z][a-z]' then
    v_line := regexp_replace(v_line, '([A-Z])([A-Z][a-z][a-z])', '\1 \2', 'g');
  end if;
  return v_line;
end;
$$;
comment on function polaris_data.search_plain is 'A text as search cuts it into words.';
