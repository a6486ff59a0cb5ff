-- The place of a text where a pattern is found first, on one line, harmless to show to an agent; what was found stands between U+E000 and
-- U+E001, which no text of a snippet holds otherwise. Where nothing is found, the beginning.
create or replace function polaris_data.search_snippet (p_text text, p_pattern text, p_characters integer default 240)
returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  v_at integer := case when p_pattern is null then 1 else greatest(regexp_instr(left(p_text, 100000), p_pattern), 1) end;
  v_from integer := case when v_at <= p_characters / 2 then 1 else v_at - p_characters / 4 end;
  v_line text;
begin
  v_line := substr(p_text, v_from, p_characters);
  v_line := substr(polaris_data.neutralize(btrim(regexp_replace(translate(v_line, E'\ue000\ue001', ''), '\s+', ' ', 'g'))), 3);
  if p_pattern is not null then
    v_line := regexp_replace(v_line, p_pattern, E'\ue000\\&\ue001', 'g');
  end if;
  return case when v_from > 1 then '…' else '' end || v_line || case when char_length(p_text) >= v_from + p_characters then '…' else '' end;
end;
$$;
comment on function polaris_data.search_snippet is 'The place of a text where a pattern is found first, on one line.';
