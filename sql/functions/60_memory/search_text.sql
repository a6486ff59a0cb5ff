-- What of an event is searched: its text, and of a tool call what it was asked to do, where the text shows it shortened or not at all.
create or replace function polaris_data.search_text (p_kind text, p_body text, p_payload jsonb)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when p_kind <> 'tool.call' or p_payload is null then p_body
    else concat_ws(E'\n', p_body, (
      select string_agg(left(x.part, 4000), E'\n' order by x.at)
      from unnest(array[
        p_payload #>> '{tool_input,file_path}', p_payload #>> '{tool_input,notebook_path}', p_payload #>> '{tool_input,path}',
        p_payload #>> '{tool_input,command}', p_payload #>> '{tool_input,pattern}', p_payload #>> '{tool_input,description}',
        p_payload #>> '{output,args,filePath}', p_payload #>> '{output,args,command}',
        p_payload #>> '{tool_info,file_path}', p_payload #>> '{tool_info,command_line}']) with ordinality as x (part, at)
      where strpos(p_body, left(x.part, 4000)) = 0))
    end;
$$;
comment on function polaris_data.search_text is 'What of an event is searched.';
