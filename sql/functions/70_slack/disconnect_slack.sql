-- Ends the connection, at an administrator's word or because Slack said so (actor null): the token goes, and what came from Slack.
-- Again changes nothing. The service only. Fails: 403 admin_only, 404 slack_not_connected.
create or replace function polaris.disconnect_slack (p_org bigint, p_actor text, p_reason text)
returns setof polaris_data.slack_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state text;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  select w.state into v_state from polaris_data.slack_workspaces w where w.org_id = p_org for no key update;
  if not found then
    perform polaris_data.fail(404, 'slack_not_connected', 'No Slack workspace is connected.', 'See settings, Slack.');
  end if;
  if v_state <> 'disconnected' then
    update polaris_data.slack_workspaces set state = 'disconnected', reason = left(p_reason, 300), token = null, token_key = null,
      holder = null, lease_until = null, fence = fence + 1
    where org_id = p_org;
    perform polaris_data.forget_slack(p_org);
    perform polaris_data.publish_control(p_org, 'slack', 0);
    perform polaris_data.write_audit(p_org, p_actor, 'slack.disconnected', null, jsonb_build_object('reason', left(p_reason, 300)));
  end if;
  return query select * from polaris_data.show_slack(p_org);
end;
$$;
comment on function polaris.disconnect_slack is 'Ends the connection with a workspace.';
