-- Connects a workspace to an organization, or connects it again: a token in the place of the old one, and no bridge that has the old one
-- writes any more. What happened while it was not connected is not told afterwards. The workspace that this organization had before is
-- forgotten; so is the connection with another organization that has ended, or whose token Slack does not take any more. Administrators;
-- the service only, which has the token from Slack and sealed it. Fails: 403 admin_only, 409 workspace_is_taken.
create or replace function polaris.connect_slack (
  p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[],
  p_token bytea, p_token_key text
)
returns setof polaris_data.slack_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_old polaris_data.slack_workspaces;
  v_other bigint;
  v_log record;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  delete from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.org_id <> p_org and w.state <> 'connected' returning w.org_id into v_other;
  if found then
    perform polaris_data.forget_slack(v_other);
    perform polaris_data.publish_control(v_other, 'slack', 0);
  end if;
  delete from polaris_data.slack_workspaces w where w.org_id = p_org and w.team_id <> p_team;
  if found then
    perform polaris_data.forget_slack(p_org);
  end if;
  -- The first fence of a row is higher than any that a bridge may have of an earlier one.
  insert into polaris_data.slack_workspaces (
    team_id, org_id, app_id, name, url, bot_user_id, bot_id, scopes, token, token_key, state, connected_by, connected_at, fence)
  values (
    p_team, p_org, p_app, left(p_name, 200), left(p_url, 500), p_bot_user, p_bot_id, p_scopes, p_token, p_token_key, 'connected',
    coalesce(p_actor, 'polaris'), v_now, (extract(epoch from v_now) * 1000)::bigint)
  on conflict (team_id) do nothing;
  if not found then
    select w.* into v_old from polaris_data.slack_workspaces w where w.team_id = p_team for no key update;
    if v_old.org_id <> p_org then
      perform polaris_data.fail(409, 'workspace_is_taken', 'This workspace is connected to another organization of this Polaris.',
        'Disconnect it there first, or remove the app in Slack.');
    end if;
    update polaris_data.slack_workspaces set
      app_id = p_app, name = left(p_name, 200), url = left(p_url, 500), bot_user_id = p_bot_user, bot_id = p_bot_id,
      scopes = p_scopes, token = p_token, token_key = p_token_key, state = 'connected', reason = null,
      connected_by = coalesce(p_actor, 'polaris'), connected_at = v_now, people_at = null,
      fence = fence + 1, holder = null, lease_until = null
    where team_id = p_team;
    -- What was refused may be allowed now.
    update polaris_data.slack_channels set state = 'missing', reason = null, changed_at = v_now
    where org_id = p_org and state = 'refused';
    if v_old.state <> 'connected' then
      -- Nothing that waits is from a time at which anybody looked.
      update polaris_data.slack_channels c set cursor = h.last_seq, digest_seq = h.last_seq, changed_at = v_now
      from polaris_data.project_heads h where c.org_id = p_org and h.org_id = p_org and h.project_id = c.project_id;
      perform polaris_data.drop_slack_posts(p_org, null, 'not connected');
    end if;
  end if;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  for v_log in
    select * from (values
      (p_org, p_actor, 'slack.connected', p_team, jsonb_build_object('name', left(p_name, 200), 'scopes', p_scopes)),
      (v_other, null, 'slack.disconnected', p_team, jsonb_build_object('reason', 'connected to another organization'))
    ) as x (org, actor, action, target, detail)
    where x.org is not null order by x.org
  loop
    perform polaris_data.write_audit(v_log.org, v_log.actor, v_log.action, v_log.target, v_log.detail);
  end loop;
  return query select * from polaris_data.show_slack(p_org);
end;
$$;
comment on function polaris.connect_slack is 'Connects a workspace to an organization.';
