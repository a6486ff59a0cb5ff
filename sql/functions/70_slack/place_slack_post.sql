-- A message of ours stands in Slack at this ts: posted; known when that is no news (or nothing of ours any more); double when the post
-- stands there already under another ts. What was found first stays, with its text, its reaction and its thread; the other is a second
-- copy, which gets a row of its own that asks for its deletion and knows its ts ever after: its echo may come when it is gone already.
-- A text that changed after it was sent is edited by and by.
create or replace function polaris_data.place_slack_post (p_org bigint, p_post_id bigint, p_ts text, p_version integer)
returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_post polaris_data.slack_posts;
  v_now timestamptz := clock_timestamp();
begin
  select o.* into v_post from polaris_data.slack_posts o where o.org_id = p_org and o.post_id = p_post_id for no key update;
  if not found then
    return 'known';
  elsif v_post.ts is null then
    update polaris_data.slack_posts set
      state = 'posted', ts = p_ts, shown = coalesce(p_version, 1), posted_at = v_now, reason = null,
      due_at = case when kind = 'tools' then v_now + interval '3 seconds' else v_now end
    where org_id = p_org and post_id = p_post_id;
    return 'posted';
  elsif exists (
    select from polaris_data.slack_posts o where o.org_id = p_org and o.channel_id = v_post.channel_id and o.ts = p_ts) then
    return 'known';
  end if;
  insert into polaris_data.slack_posts (
    org_id, project_id, lane, key, kind, session_id, channel_id, text, shown, extra_ts, state, ts, made_at, due_at, reason)
  values (
    p_org, v_post.project_id, 'side', 'copy:' || p_ts, 'note', v_post.session_id, v_post.channel_id, '', 1, p_ts, 'dropped', p_ts,
    v_now, v_now, 'a second copy')
  on conflict (org_id, project_id, key) do nothing;
  update polaris_data.slack_posts set doubles = doubles + 1 where org_id = p_org and post_id = p_post_id;
  return 'double';
end;
$$;
comment on function polaris_data.place_slack_post is 'A message of ours stands in Slack at this ts.';
