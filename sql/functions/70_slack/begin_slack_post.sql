-- A post is handed to Slack now: committed before the call, so that after a crash it counts as perhaps sent. For 60 seconds from now only
-- its answer or our own echo moves it. One that is handed over again after such an end counts as a repeat. Answers the post as it is to
-- be sent; no row: not now (not its time, not its turn in the channel, or nothing is posted there any more). The service only.
-- Fails: 409 bridge_was_replaced.
create or replace function polaris.begin_slack_post (p_org bigint, p_fence bigint, p_post_id bigint)
returns setof polaris_data.slack_post_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  update polaris_data.slack_posts o set
    state = 'posting', attempts = o.attempts + 1, repeats = o.repeats + (o.state <> 'waiting')::integer,
    due_at = v_now + interval '60 seconds', channel_id = c.channel_id
  from polaris_data.slack_channels c
  join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id and p.visibility = 'org'
  where o.org_id = p_org and o.post_id = p_post_id and o.state in ('waiting', 'posting', 'unsure') and o.due_at <= v_now
    and c.org_id = p_org and c.project_id = o.project_id and c.state = 'live'
    and (o.lane = 'side' or not exists (
      select from polaris_data.slack_posts x
      where x.org_id = p_org and x.project_id = o.project_id and x.lane = 'channel' and x.state in ('waiting', 'posting', 'unsure')
        and x.post_id < o.post_id));
  if found then
    return query select * from polaris_data.show_slack_posts(p_org, array[p_post_id]);
  end if;
end;
$$;
comment on function polaris.begin_slack_post is 'A post is handed to Slack now.';
