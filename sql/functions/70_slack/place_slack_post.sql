-- A message of ours stands in Slack at this ts: posted; known when that is no news; double when the post stands there already under another
-- ts: then the later one is to be deleted. A text that changed after it was sent is edited by and by.
create or replace function polaris_data.place_slack_post (p_org bigint, p_post_id bigint, p_ts text, p_version integer)
returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_post polaris_data.slack_posts;
  v_now timestamptz := clock_timestamp();
begin
  select o.* into v_post from polaris_data.slack_posts o where o.org_id = p_org and o.post_id = p_post_id for no key update;
  if v_post.ts is null then
    update polaris_data.slack_posts set
      state = 'posted', ts = p_ts, shown = coalesce(p_version, 1), posted_at = v_now, reason = null,
      due_at = case when kind = 'tools' then v_now + interval '3 seconds' else v_now end
    where org_id = p_org and post_id = p_post_id;
    return 'posted';
  elsif v_post.ts = p_ts or v_post.extra_ts = p_ts then
    return 'known';
  end if;
  update polaris_data.slack_posts set
    doubles = doubles + 1, ts = least(ts collate "C", p_ts), extra_ts = greatest(ts collate "C", p_ts), due_at = v_now
  where org_id = p_org and post_id = p_post_id;
  return 'double';
end;
$$;
comment on function polaris_data.place_slack_post is 'A message of ours stands in Slack at this ts.';
