-- Forgets what nobody needs any more: what Slack told a day after it was done, posts after 30 days, unless they are still to be made.
-- Answers how many rows went. The service only. Fails: 409 bridge_was_replaced.
create or replace function polaris.prune_slack (p_org bigint, p_fence bigint)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_events integer;
  v_posts integer;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  delete from polaris_data.slack_inbox where org_id = p_org and done_at < v_now - interval '24 hours';
  get diagnostics v_events = row_count;
  delete from polaris_data.slack_posts
  where org_id = p_org and made_at < v_now - interval '30 days' and state in ('posted', 'failed', 'dropped') and kind <> 'invite';
  get diagnostics v_posts = row_count;
  return v_events + v_posts;
end;
$$;
comment on function polaris.prune_slack is 'Forgets what nobody needs any more.';
