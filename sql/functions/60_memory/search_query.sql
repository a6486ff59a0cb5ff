-- A query in people's words as one for the index, and as a pattern that finds the same words in a text. All words have to be there;
-- "a phrase" in its order; begin* by its beginning; -not keeps out; or between two lets either do. An identifier in any style is a
-- phrase of its parts. Null: there is nothing to look for. No text makes it fail; 1,000 characters are looked at.
create or replace function polaris_data.search_query (p_text text, out query tsquery, out pattern text)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp set client_min_messages = error as $$
declare
  v_part text[];
  v_said text;
  v_words text[];
  v_prefix boolean;
  v_one tsquery;
  v_all tsquery;
  v_patterns text[] := '{}';
  v_in text[] := '{}'; -- what is asked for and kept out in one breath is nowhere, and costs the most to look for
  v_out text[] := '{}';
begin
  -- Each part is [minus, quoted text, its star, bare text]: what stands between blanks, or between double quotes.
  for v_part in
    select regexp_matches(translate(left(p_text, 1000), E'\u201c\u201d\u201e', '"""'), '(-?)(?:"([^"]*)"?(\*?)|([^\s"]+))', 'g')
  loop
    if lower(v_part[4]) = 'or' and v_part[1] = '' then
      v_all := case when v_in && v_out then null else v_all end;
      query := case when query is null then v_all when v_all is null then query else query || v_all end;
      v_all := null;
      v_in := '{}';
      v_out := '{}';
      continue;
    end if;
    v_said := coalesce(v_part[4], v_part[2]);
    v_prefix := v_part[3] = '*' or v_part[4] like '%_*';
    select array_agg((ts_lexize('pg_catalog.simple', t.token))[1]) into v_words
    from ts_parse('default', polaris_data.search_plain(v_said)) t
    where t.tokid <> 12 and octet_length(t.token) < 1000; -- 12: what lies between the words
    continue when v_words is null;
    v_prefix := v_prefix and char_length(v_words[cardinality(v_words)]) > 1;
    select (string_agg(quote_literal(replace(w.word, '\', '\\')), ' <-> ' order by w.ord) || case when v_prefix then ':*' else '' end)::tsquery
    into v_one
    from unnest(v_words) with ordinality as w (word, ord);
    if v_part[1] = '-' and coalesce(v_part[4], '') not like '-%' then -- --flag is a word
      v_all := case when v_all is null then !! v_one else v_all && !! v_one end;
      v_out := v_out || v_one::text;
    else
      v_all := case when v_all is null then v_one else v_all && v_one end;
      v_in := v_in || v_one::text;
      v_patterns := v_patterns || polaris_data.search_pattern(v_words, v_prefix);
    end if;
  end loop;
  v_all := case when v_in && v_out then null else v_all end;
  query := case when query is null then v_all when v_all is null then query else query || v_all end;
  pattern := nullif(array_to_string(v_patterns, '|'), '');
end;
$$;
comment on function polaris_data.search_query is 'A query in people''s words as one for the index.';
