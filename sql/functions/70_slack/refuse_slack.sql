-- Notes that Slack does not take the token any more (or that it has too few rights): everything for this workspace rests until an
-- administrator connects it again. The service only. Fails: 409 bridge_was_replaced.
create or replace function polaris.refuse_slack (p_org bigint, p_fence bigint, p_reason text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  perform polaris_data.lock_slack(p_org); -- several workers notice it at once
  perform polaris_data.require_fence(p_org, p_fence);
  update polaris_data.slack_workspaces set state = 'refused', reason = left(p_reason, 300), holder = null, lease_until = null
  where org_id = p_org;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, null, 'slack.refused', null, jsonb_build_object('reason', left(p_reason, 300)));
end;
$$;
comment on function polaris.refuse_slack is 'Notes that Slack does not take the token any more.';
