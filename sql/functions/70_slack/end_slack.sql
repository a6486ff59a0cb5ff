-- Slack said that the app was removed from a workspace, or that its token was revoked: disconnect_slack, unless the workspace was connected
-- anew since (p_at: when it happened; Slack tells some things an hour late). Answers ended or ignored. The service only.
create or replace function polaris.end_slack (p_team text, p_app text, p_at timestamptz, p_reason text)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  select w.org_id into v_org from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state <> 'disconnected'
    and w.connected_at < p_at + interval '1 second' -- Slack's clock shows whole seconds
  for no key update;
  if not found then
    return 'ignored';
  end if;
  perform polaris.disconnect_slack(v_org, null, p_reason);
  return 'ended';
end;
$$;
comment on function polaris.end_slack is 'Slack said that the app was removed from a workspace.';
