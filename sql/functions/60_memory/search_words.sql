-- The words of a text for the index, in lower case. Separators are blanks, so that snake_case, kebab-case and paths are found by their
-- parts; CamelCase is found by its parts and as one word. The order is the text's: an identifier is a phrase of its parts, however it is
-- written. 100,000 characters are looked at.
create or replace function polaris_data.search_words (p_text text)
returns tsvector
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp set client_min_messages = error as $$
declare
  v_text text := translate(left(p_text, 100000), './\-_:@~+=&?#%<>*$''"`|', '                     ');
begin
  if v_text !~ '[a-z0-9][A-Z]' then
    return to_tsvector('pg_catalog.simple', v_text);
  end if;
  return to_tsvector('pg_catalog.simple', regexp_replace(v_text, '([a-z0-9])([A-Z])', '\1 \2', 'g'))
    || array_to_tsvector((
      select coalesce(array_agg(distinct lower(m[1])), '{}')
      from regexp_matches(v_text, '([[:alnum:]]{0,60}[a-z0-9][A-Z][[:alnum:]]{0,60})', 'g') m));
end;
$$;
comment on function polaris_data.search_words is 'The words of a text for the index.';
