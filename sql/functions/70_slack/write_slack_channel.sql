-- Writes what the bridge found out about a project's channel. A project that is older than the connection is told from now on, a newer
-- one from its beginning, unless its beginning was imported; a channel that comes back after a pause is told from now on, and the note that something was left out is the
-- caller's. A channel that turns out to be shared with another workspace is not heard until an administrator says so. Answers how
-- many events are skipped. The service only. Fails: 409 bridge_was_replaced.
create or replace function polaris.write_slack_channel (
  p_org bigint, p_fence bigint, p_project_id bigint, p_channel text, p_name text, p_state text, p_reason text default null,
  p_shared boolean default null
)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_workspace polaris_data.slack_workspaces := polaris_data.require_fence(p_org, p_fence);
  v_old polaris_data.slack_channels;
  v_head bigint;
  v_cursor bigint;
  v_now timestamptz := clock_timestamp();
begin
  select h.last_seq,
    case when p.created_at > v_workspace.connected_at and not exists (
      select from polaris_data.imports i where i.org_id = p_org and i.project_id = p.project_id) then 0 else h.last_seq end
  into strict v_head, v_cursor
  from polaris_data.projects p join polaris_data.project_heads h on h.org_id = p.org_id and h.project_id = p.project_id
  where p.org_id = p_org and p.project_id = p_project_id;
  insert into polaris_data.slack_channels (org_id, project_id, channel_id, name, state, reason, shared, hears, cursor, digest_seq, changed_at)
  values (p_org, p_project_id, p_channel, p_name, p_state, left(p_reason, 300), coalesce(p_shared, false), not coalesce(p_shared, false),
    v_cursor, v_cursor, v_now)
  on conflict (org_id, project_id) do nothing;
  if found then
    return 0;
  end if;
  select c.* into strict v_old from polaris_data.slack_channels c
  where c.org_id = p_org and c.project_id = p_project_id for no key update;
  update polaris_data.slack_channels set channel_id = p_channel, name = p_name, state = p_state, reason = left(p_reason, 300),
    shared = coalesce(p_shared, shared), hears = hears and not (coalesce(p_shared, false) and not v_old.shared), changed_at = v_now
  where org_id = p_org and project_id = p_project_id;
  if p_state in ('archived', 'left') then
    perform polaris_data.drop_slack_posts(p_org, p_project_id, 'the channel is ' || p_state);
  elsif p_state = 'live' and v_old.state in ('archived', 'left') then
    perform polaris_data.rest_slack(p_org, p_project_id, 'the channel was ' || v_old.state);
    return v_head - v_old.cursor;
  end if;
  return 0;
end;
$$;
comment on function polaris.write_slack_channel is 'Writes what the bridge found out about a project''s channel.';
