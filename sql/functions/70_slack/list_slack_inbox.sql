-- What is to be done next: the oldest event of each channel, if its time has come. However much waits, it costs a look-up a channel. The
-- service only. Written for one index, as write_events.
create or replace function polaris.list_slack_inbox (p_org bigint)
returns setof polaris_data.slack_event_row
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
  with recursive first as (
    (select i.lane, i as event from polaris_data.slack_inbox i
     where i.org_id = p_org and i.done_at is null order by i.lane, i.inbox_id limit 1)
    union all
    select n.lane, n.event from first f
    cross join lateral (
      select i.lane, i as event from polaris_data.slack_inbox i
      where i.org_id = p_org and i.done_at is null and i.lane > f.lane order by i.lane, i.inbox_id limit 1) n
  )
  select x.event_id, x.kind, x.channel_id, c.project_id, p.name, x.ts, x.thread_ts, x.user_id, x.sessions, x.body, x.payload::text,
    x.attempts, x.received_at
  from (select (f.event).* from first f) x
  left join polaris_data.slack_channels c on c.org_id = p_org and c.channel_id = x.channel_id
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = c.project_id
  where x.due_at <= v_now order by x.inbox_id;
end;
$$;
comment on function polaris.list_slack_inbox is 'What is to be done next of what Slack told.';
