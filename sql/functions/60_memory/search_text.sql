-- What of an event is searched: its text, and of a tool call what it was asked to do, where the text shows it shortened or not at all.
create or replace function polaris_data.search_text (p_kind text, p_body text, p_payload jsonb)
returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  v_text text := p_body;
  v_part text;
begin
  if p_kind = 'tool.call' and p_payload is not null then
    foreach v_part in array array[
      p_payload #>> '{tool_input,file_path}', p_payload #>> '{tool_input,notebook_path}', p_payload #>> '{tool_input,path}',
      p_payload #>> '{tool_input,command}', p_payload #>> '{tool_input,pattern}', p_payload #>> '{tool_input,description}',
      p_payload #>> '{output,args,filePath}', p_payload #>> '{output,args,command}',
      p_payload #>> '{tool_info,file_path}', p_payload #>> '{tool_info,command_line}']
    loop
      if strpos(p_body, left(v_part, 4000)) = 0 then
        v_text := v_text || E'\n' || left(v_part, 4000);
      end if;
    end loop;
  end if;
  return v_text;
end;
$$;
comment on function polaris_data.search_text is 'What of an event is searched.';
