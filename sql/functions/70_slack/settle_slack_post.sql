-- What became of a post that was handed to Slack. posted: with its ts, and the version that was sent. waiting: it provably did not arrive
-- and is tried again after p_retry_in. unsure: nobody knows; an echo settles it, or it is repeated 60 seconds after it was handed
-- over. failed: never again, for p_reason. An echo may have been faster, then nothing changes, or the copy that is one too many is
-- known. The service only. Fails: 409 bridge_was_replaced, 422 post_state_is_known.
create or replace function polaris.settle_slack_post (
  p_org bigint, p_fence bigint, p_post_id bigint, p_state text, p_ts text default null, p_version integer default null,
  p_reason text default null, p_retry_in interval default null
)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  if p_state is null or p_state not in ('posted', 'waiting', 'unsure', 'failed') then
    perform polaris_data.fail(422, 'post_state_is_known', 'A post becomes posted, waiting, unsure or failed.');
  end if;
  if p_state = 'posted' and p_ts is not null then
    return polaris_data.place_slack_post(p_org, p_post_id, p_ts, p_version) <> 'known';
  end if;
  update polaris_data.slack_posts set
    state = p_state, reason = left(p_reason, 300),
    shown = case p_state when 'posted' then version else shown end,
    due_at = case p_state when 'waiting' then v_now + coalesce(p_retry_in, interval '0') else due_at end,
    posted_at = case p_state when 'posted' then v_now end
  where org_id = p_org and post_id = p_post_id and state in ('posting', 'unsure');
  return found;
end;
$$;
comment on function polaris.settle_slack_post is 'What became of a post that was handed to Slack.';
