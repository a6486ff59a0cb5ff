-- A regular expression that finds these words in a text, one after the other, in whatever style an identifier is written.
create or replace function polaris_data.search_pattern (p_words text[], p_prefix boolean)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select '(?:(?<![[:alnum:]])|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]))'
    || string_agg((
      select string_agg(
        case when upper(c.letter) <> c.letter and char_length(upper(c.letter)) = 1 then '[' || c.letter || upper(c.letter) || ']'
          else c.letter end, '' order by c.ord)
      from regexp_split_to_table(w.word, '') with ordinality as c (letter, ord)), '[^[:alnum:]]{0,8}' order by w.ord)
    || case when p_prefix then '[[:alnum:]]*' else '(?![a-z0-9])' end
  from unnest(p_words) with ordinality as w (word, ord);
$$;
comment on function polaris_data.search_pattern is 'A regular expression that finds these words in a text.';
