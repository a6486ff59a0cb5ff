-- Writes what is to be posted in a project's channel, in this order. A post is an object:
--   key      its name, once in a project: tools that are there already are the same message with a new text, which is edited in place; a
--            text (of the second prompt of a turn) is a message of its own under e:<seq>; anything else was written before
--   kind     text, tools, seat, advice, answer, note, digest; hint (for recipient alone), invite (recipient joins the channel; again
--            where the project has another channel by now)
--   text     as Slack shows it; of tools, the newest call, and calls = how many more there are
--   session, seq, author, picture, emoji, thread_ts, thread_key (the key of the post it answers)
--   delivery the advice that it is or is about: of kind advice, its reactions show it; any other kind goes into its thread
-- A text of the same author in the same thread is put to one that waits still and is the last, as long as both are short: a channel takes
-- one message a second. The root of a turn's thread (turn:…) keeps its name and is a message of its own.
create or replace function polaris_data.put_slack_posts (p_org bigint, p_project_id bigint, p_posts jsonb)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_post record;
  v_old polaris_data.slack_posts;
  v_key text;
  v_id bigint;
  v_now timestamptz := clock_timestamp();
begin
  for v_post in
    select x.* from jsonb_array_elements(p_posts) with ordinality as e (item, n)
    cross join lateral jsonb_to_record(e.item) as x (
      key text, kind text, text text, calls integer, session text, seq bigint, author text, picture text, emoji text,
      thread_ts text, thread_key text, recipient text, delivery uuid)
    order by e.n
  loop
    -- A bridge may have read an event before it was erased.
    continue when exists (
      select from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project_id and e.seq = v_post.seq and e.erased_at is not null);
    if v_post.delivery is not null and v_post.kind = 'advice' then
      -- What was said in Slack stands there already.
      continue when exists (
        select from polaris_data.slack_advice a where a.org_id = p_org and a.delivery_id = v_post.delivery);
    elsif v_post.delivery is not null then
      select o.key, case when o.kind = 'theirs' then o.ts end into v_post.thread_key, v_post.thread_ts from polaris_data.slack_advice a
      join polaris_data.slack_posts o on o.org_id = a.org_id and o.post_id = a.post_id
      where a.org_id = p_org and a.delivery_id = v_post.delivery and not a.withdrawn;
      continue when not found;
    end if;
    v_key := v_post.key;
    if v_post.kind = 'tools' then
      update polaris_data.slack_posts set
        text = v_post.text, calls = calls + coalesce(v_post.calls, 0), version = version + 1
      where org_id = p_org and project_id = p_project_id and key = v_key and state not in ('failed', 'dropped');
      continue when found;
    elsif v_post.kind = 'text' and exists (
      select from polaris_data.slack_posts o where o.org_id = p_org and o.project_id = p_project_id and o.key = v_key) then
      v_key := 'e:' || v_post.seq;
    end if;
    if v_post.kind = 'text' and v_key not like 'turn:%' then
      select o.* into v_old from polaris_data.slack_posts o
      where o.org_id = p_org and o.project_id = p_project_id and o.lane = 'channel' and o.state in ('waiting', 'posting', 'unsure')
      order by o.post_id desc limit 1 for no key update;
      if v_old.kind = 'text' and v_old.state = 'waiting' and v_old.attempts = 0
        and (v_old.author, v_old.picture, v_old.emoji, v_old.thread_key, v_old.thread_ts)
          is not distinct from (v_post.author, v_post.picture, v_post.emoji, v_post.thread_key, v_post.thread_ts)
        and char_length(v_old.text) + char_length(v_post.text) < 2900
        and v_old.session_id is not distinct from (select s.session_id from polaris_data.sessions s
          where s.org_id = p_org and s.project_id = p_project_id and s.name = v_post.session) then
        update polaris_data.slack_posts set text = text || E'\n' || v_post.text where org_id = p_org and post_id = v_old.post_id;
        continue;
      end if;
    end if;
    insert into polaris_data.slack_posts (
      org_id, project_id, lane, key, kind, session_id, seq, thread_key, thread_ts, recipient, author, picture, emoji, text, calls,
      state, made_at, due_at)
    values (
      p_org, p_project_id, case when v_post.kind in ('hint', 'invite') then 'side' else 'channel' end, v_key, v_post.kind,
      (select s.session_id from polaris_data.sessions s
       where s.org_id = p_org and s.project_id = p_project_id and s.name = v_post.session),
      v_post.seq, v_post.thread_key, v_post.thread_ts, v_post.recipient, v_post.author, v_post.picture, v_post.emoji,
      coalesce(v_post.text, ''), coalesce(v_post.calls, 0), 'waiting', v_now, v_now)
    on conflict (org_id, project_id, key) do update set state = 'waiting', attempts = 0, due_at = v_now, reason = null
    where slack_posts.kind = 'invite' and slack_posts.state in ('posted', 'failed', 'dropped') and slack_posts.channel_id is distinct from (
      select c.channel_id from polaris_data.slack_channels c where c.org_id = p_org and c.project_id = p_project_id)
    returning post_id into v_id;
    if found and v_post.kind = 'advice' and v_post.delivery is not null then
      insert into polaris_data.slack_advice (org_id, delivery_id, post_id, at) values (p_org, v_post.delivery, v_id, v_now);
      perform polaris_data.mark_slack_post(p_org, v_id);
    end if;
  end loop;
end;
$$;
comment on function polaris_data.put_slack_posts is 'Writes what is to be posted in a project''s channel.';
