-- Whether the payload of a tool's answer says that it failed, or was denied, in the shapes of all agents. Takes any JSON. One path, because
-- each operator on a stored payload unpacks the whole of it again.
-- What Claude Code calls PostToolUse went well, and is most of what there is.
create or replace function polaris_data.tool_failed (p_agent text, p_payload jsonb)
returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select not (p_agent is not distinct from 'claude-code' and p_payload ->> 'hook_event_name' is not distinct from 'PostToolUse')
    and coalesce(p_payload @? '$ ? (
    @.hook_event_name == "PostToolUseFailure" || @.hook_event_name == "postToolUseFailure" || @.hook_event_name == "PermissionDenied"
    || (@.error != "" && @.error != null && @.error != false)
    || (@.tool_response.error != "" && @.tool_response.error != null && @.tool_response.error != false)
    || @.tool_response.exit_code != 0 || @.tool_response.metadata.exit_code != 0 || @.output.metadata.exit != 0
    || @.input.event.properties.part.state.status == "error"
    || @.message.content[0].is_error == true)', false);
$$;
comment on function polaris_data.tool_failed is 'Whether the payload of a tool''s answer says that it failed.';
