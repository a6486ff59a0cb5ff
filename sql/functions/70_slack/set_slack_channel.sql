-- What people want of a project's channel; what is null stays. The level: whoever sees the project. Whether it is heard, and whether the
-- bridge goes back into a channel that it was removed from, or makes another for an archived one: administrators. What happened while
-- the channel rested is not told afterwards.
-- The service only. Fails: 403 admin_only, 404 no_such_project, 404 no_such_channel, 422 level_is_known.
create or replace function polaris.set_slack_channel (
  p_org bigint, p_actor text, p_project text, p_level text default null, p_hears boolean default null, p_again boolean default null
)
returns setof polaris_data.slack_channel_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_project polaris_data.projects;
  v_old polaris_data.slack_channels;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  if p_hears is not null or p_again is not null then
    perform polaris_data.require_admin(p_org, p_actor);
  end if;
  if p_level not in ('all', 'final-only', 'muted', 'digest') then
    perform polaris_data.fail(422, 'level_is_known', 'A level is all, final-only, muted or digest.');
  end if;
  select c.* into v_old from polaris_data.slack_channels c
  where c.org_id = p_org and c.project_id = v_project.project_id for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_channel', format('Project %s has no channel in Slack.', p_project),
      'It is made with the first session, once Slack is connected.');
  end if;
  update polaris_data.slack_channels set
    level = coalesce(p_level, level), hears = coalesce(p_hears, hears),
    digest_at = case
      when coalesce(p_level, level) <> 'digest' then null
      when level = 'digest' then digest_at
      else polaris_data.next_digest(p_org, v_now) end,
    digest_seq = case when p_level = 'digest' and level <> 'digest' then cursor else digest_seq end,
    changed_at = v_now
  where org_id = p_org and project_id = v_project.project_id;
  if p_again and v_old.state in ('archived', 'left', 'refused') then
    update polaris_data.slack_channels set
      state = 'missing', reason = null, channel_id = case v_old.state when 'archived' then null else channel_id end
    where org_id = p_org and project_id = v_project.project_id;
    perform polaris_data.rest_slack(p_org, v_project.project_id, 'the channel was ' || v_old.state);
  end if;
  if p_level in ('muted', 'digest') and v_old.level <> p_level then
    perform polaris_data.drop_slack_posts(p_org, v_project.project_id, p_level);
  end if;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'slack.channel', p_project, jsonb_strip_nulls(jsonb_build_object(
    'level', p_level, 'hears', p_hears, 'again', p_again)));
  return query select * from polaris.list_slack_channels(p_org, p_actor, v_project.project_id);
end;
$$;
comment on function polaris.set_slack_channel is 'What people want of a project''s channel.';
