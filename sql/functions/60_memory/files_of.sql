-- The files that the payload of a tool call names, in the shapes of all agents, 100 at most: written = the tool changes files. A path is
-- as the agent wrote it, below the working directory where it was relative; patches of apply_patch name theirs in lines of their own.
-- Searches name folders and patterns, shells anything: neither gives files. Takes any JSON and never fails.
create or replace function polaris_data.files_of (p_payload jsonb)
returns table (path text, written boolean)
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v_call jsonb := coalesce(p_payload #> '{tool_calls,0}', p_payload #> '{input,event,properties,part}');
  v_given jsonb := coalesce(
    p_payload -> 'tool_input', p_payload #> '{output,args}', p_payload -> 'tool_info', v_call -> 'tool_input', v_call #> '{state,input}');
  v_tool text := lower(coalesce(
    p_payload ->> 'tool_name', p_payload #>> '{input,tool}', p_payload ->> 'agent_action_name',
    v_call ->> 'tool_name', v_call ->> 'tool', ''));
  v_folder text := rtrim(
    coalesce(p_payload ->> 'cwd', p_payload ->> 'directory', v_given ->> 'cwd', p_payload #>> '{workspace_roots,0}'), '/');
  v_patch text;
begin
  -- A server's tool by its last part: mcp__files__write_file, MCP:files:write_file.
  v_tool := regexp_replace(v_tool, '^(.*(__|:|/)|pre_|post_)', '');
  if v_given is null or v_tool ~ '^(glob|grep|ls|list|search|find|webfetch)' then
    return;
  end if;
  if jsonb_typeof(v_given) = 'string' then
    v_patch := v_given #>> '{}';
  elsif jsonb_typeof(v_given -> 'command') = 'array' then
    v_patch := v_given #>> '{command,-1}';
  else
    v_patch := coalesce(v_given ->> 'command', v_given ->> 'patchText', v_given ->> 'patch', v_given ->> 'input');
  end if;
  -- A shell gets a patch only behind the name of the tool.
  if v_patch like '%*** Begin Patch%' and (v_tool in ('apply_patch', 'patch') or v_patch like '%apply_patch%') then
    return query
    select polaris_data.path_below(v_folder, m[1]), true
    from regexp_matches(left(v_patch, 1000000), '^\*\*\* (?:Add File|Update File|Delete File|Move to): ([^\r\n]+)', 'gn') m
    limit 100;
    return;
  end if;
  return query
  select polaris_data.path_below(v_folder, x.path), v_tool ~
    '^(write|edit|multi_?edit|notebook_?edit|replace|str_replace|search_replace|apply_?patch|patch|create_?file|delete|move_?file)'
  from (
    select coalesce(
      v_given ->> 'file_path', v_given ->> 'filePath', v_given ->> 'notebook_path', v_given ->> 'absolute_path', v_given ->> 'target_file',
      case when v_tool ~ 'file|^(read|write|edit|create|view|str_replace)' then v_given ->> 'path' end) as path) x
  where octet_length(x.path) between 1 and 2000;
end;
$$;
comment on function polaris_data.files_of is 'The files that the payload of a tool call names.';
