-- The words of a text for the index, in lower case, in the order of the text: snake_case, kebab-case, paths and CamelCase are a row of
-- their parts, so that an identifier is found by each part, and by all of them in whatever style it is asked for. CamelCase is found as
-- one word, too. 100,000 characters are looked at; a word of more than 2,000 is left out.
create or replace function polaris_data.search_words (p_text text)
returns tsvector
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp set client_min_messages = error as $$
declare
  v_text text := left(p_text, 100000);
  v_words tsvector := to_tsvector('pg_catalog.simple', polaris_data.search_plain(v_text));
begin
  if v_text ~ '[a-z0-9][A-Z]|[A-Z][A-Z][a-z][a-z]' then
    v_words := v_words || array_to_tsvector((
      select coalesce(array_agg(distinct lower(m[1])), '{}')
      from regexp_matches(
        replace(v_text, '_', ' '), '\m([A-Za-z0-9]*(?:[a-z0-9][A-Z]|[A-Z][A-Z][a-z][a-z])[A-Za-z0-9]*)', 'g') m
      where octet_length(m[1]) <= 200));
  end if;
  return v_words;
end;
$$;
comment on function polaris_data.search_words is 'The words of a text for the index.';
