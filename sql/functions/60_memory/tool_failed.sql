-- Whether the payload of a tool's answer says that it failed, or was denied, in the shapes of all agents. Takes any JSON.
create or replace function polaris_data.tool_failed (p_payload jsonb)
returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    lower(p_payload ->> 'hook_event_name') in ('posttoolusefailure', 'permissiondenied')
    or coalesce(p_payload ->> 'error', p_payload #>> '{tool_response,error}', '') not in ('', 'false', '{}')
    or coalesce(p_payload #>> '{tool_response,exit_code}', p_payload #>> '{tool_response,metadata,exit_code}',
      p_payload #>> '{output,metadata,exit}', '0') <> '0'
    or p_payload #>> '{input,event,properties,part,state,status}' = 'error'
    or p_payload #>> '{message,content,0,is_error}' = 'true',
    false);
$$;
comment on function polaris_data.tool_failed is 'Whether the payload of a tool''s answer says that it failed.';
