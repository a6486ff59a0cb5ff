-- Lets a bridge write that has the lease still, and keeps it that way until commit. Fails: 409 bridge_was_replaced.
create or replace function polaris_data.require_fence (p_org bigint, p_fence bigint)
returns polaris_data.slack_workspaces
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  v_workspace polaris_data.slack_workspaces;
begin
  perform polaris_data.require_service();
  select w.* into v_workspace from polaris_data.slack_workspaces w where w.org_id = p_org for share;
  if not found or v_workspace.fence is distinct from p_fence or v_workspace.state <> 'connected' then
    perform polaris_data.fail(409, 'bridge_was_replaced', 'This bridge does not have the workspace any more.',
      'Another one has it, or it was disconnected.');
  end if;
  return v_workspace;
end;
$$;
comment on function polaris_data.require_fence is 'Lets a bridge write that has the lease still.';
