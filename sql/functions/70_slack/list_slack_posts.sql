-- What is to be sent now: of each live channel the one post that is first to be made (while it waits for its time or for its echo, those
-- behind it wait, too), hints and invitations, and messages that should look different from what Slack shows: of each channel p_limit
-- at most. What stands in a channel that the project had before stays as it is. Written for one index each, as
-- write_events. The service only.
create or replace function polaris.list_slack_posts (p_org bigint, p_limit integer default 50)
returns setof polaris_data.slack_post_row
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  with live as (
    select c.project_id, c.channel_id from polaris_data.slack_channels c
    join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
    where c.org_id = p_org and c.state = 'live' and p.visibility = 'org'
  ), found as (
    select x.post_id from live
    cross join lateral (
      select o.post_id, o.due_at from polaris_data.slack_posts o
      where o.org_id = p_org and o.project_id = live.project_id and o.lane = 'channel' and o.state in ('waiting', 'posting', 'unsure')
      order by o.post_id limit 1) x
    where x.due_at <= v_now
    union all
    select x.post_id from live
    cross join lateral (
      select o.post_id from polaris_data.slack_posts o
      where o.org_id = p_org and o.project_id = live.project_id and o.lane = 'side' and o.state in ('waiting', 'posting', 'unsure')
        and o.due_at <= v_now
      order by o.post_id limit p_limit) x
    union all
    select x.post_id from live
    cross join lateral (
      select o.post_id from polaris_data.slack_posts o
      where o.org_id = p_org and o.channel_id = live.channel_id and o.ts is not null
        and (o.version > o.shown or o.reaction is distinct from o.reaction_shown or o.extra_ts is not null) and o.due_at <= v_now
      order by o.due_at limit p_limit) x
  )
  select w.* from polaris_data.show_slack_posts(p_org, array(select f.post_id from found f)) w;
end;
$$;
comment on function polaris.list_slack_posts is 'What is to be sent to Slack now.';
