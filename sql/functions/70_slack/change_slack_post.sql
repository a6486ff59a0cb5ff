-- A message in Slack looks as it should now, in these points: the version of its text, its reaction ('' for none), the second copy gone. With
-- p_reason it never will, and rests as it is. The service only.
-- Fails: 409 bridge_was_replaced.
create or replace function polaris.change_slack_post (
  p_org bigint, p_fence bigint, p_post_id bigint, p_version integer default null, p_reaction text default null,
  p_deleted boolean default false, p_reason text default null
)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  update polaris_data.slack_posts set
    shown = case when p_reason is not null then version else coalesce(p_version, shown) end,
    reaction_shown = case when p_reason is not null then reaction when p_reaction is not null then nullif(p_reaction, '') else reaction_shown end,
    extra_ts = case when p_deleted or p_reason is not null then null else extra_ts end,
    reason = coalesce(left(p_reason, 300), reason),
    due_at = case when kind = 'tools' then v_now + interval '3 seconds' else due_at end
  where org_id = p_org and post_id = p_post_id;
end;
$$;
comment on function polaris.change_slack_post is 'A message in Slack looks as it should now.';
