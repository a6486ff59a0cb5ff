-- A text as search cuts it into words: the signs that identifiers, paths, addresses and markup are put together with become blanks, and
-- CamelCase is cut at its capitals. The parser of Postgres would take an address or a path as one word, and would drop <tags>.
create or replace function polaris_data.search_plain (p_text text)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when x.line ~ '[a-z0-9][A-Z]|[A-Z][A-Z][a-z][a-z]'
    then regexp_replace(regexp_replace(x.line, '([a-z0-9])([A-Z])', '\1 \2', 'g'), '([A-Z])([A-Z][a-z][a-z])', '\1 \2', 'g')
    else x.line end
  from (
    select translate(p_text, E'./\\-_:@~+=&?#%<>*$''"`|\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u00ab\u00bb\u00a0', repeat(' ', 33)) as line) x;
$$;
comment on function polaris_data.search_plain is 'A text as search cuts it into words.';
