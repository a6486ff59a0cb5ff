-- Changes how a workspace is used; what is null stays as it is. Administrators. The service only.
-- Fails: 403 admin_only, 404 slack_not_connected, 422 digest_hour_is_sane.
create or replace function polaris.set_slack (
  p_org bigint, p_actor text, p_hears_everybody boolean default null, p_invites_drivers boolean default null,
  p_threads_turns boolean default null, p_digest_hour integer default null
)
returns setof polaris_data.slack_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  if p_digest_hour not between 0 and 23 then
    perform polaris_data.fail(422, 'digest_hour_is_sane', 'An hour is 0 to 23, in UTC.');
  end if;
  update polaris_data.slack_workspaces set
    hears_everybody = coalesce(p_hears_everybody, hears_everybody), invites_drivers = coalesce(p_invites_drivers, invites_drivers),
    threads_turns = coalesce(p_threads_turns, threads_turns), digest_hour = coalesce(p_digest_hour, digest_hour)
  where org_id = p_org;
  if not found then
    perform polaris_data.fail(404, 'slack_not_connected', 'No Slack workspace is connected.', 'See settings, Slack.');
  end if;
  if p_digest_hour is not null then
    update polaris_data.slack_channels set digest_at = polaris_data.next_digest(p_org, v_now) where org_id = p_org and level = 'digest';
  end if;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'slack.settings', null, jsonb_strip_nulls(jsonb_build_object(
    'hears_everybody', p_hears_everybody, 'invites_drivers', p_invites_drivers, 'threads_turns', p_threads_turns,
    'digest_hour', p_digest_hour)));
  return query select * from polaris_data.show_slack(p_org);
end;
$$;
comment on function polaris.set_slack is 'Changes how a workspace is used.';
