-- Posts with all that sending them needs.
create or replace function polaris_data.show_slack_posts (p_org bigint, p_posts bigint[])
returns setof polaris_data.slack_post_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select o.post_id, o.project_id, p.name, s.name, o.lane, o.key, o.kind, o.seq, coalesce(o.channel_id, c.channel_id),
    coalesce(o.thread_ts, (select t.ts from polaris_data.slack_posts t
      where t.org_id = p_org and t.project_id = o.project_id and t.key = o.thread_key and t.channel_id = coalesce(o.channel_id, c.channel_id))),
    o.recipient, o.author, o.picture, o.emoji, o.text, o.calls, o.version, o.shown, o.reaction, o.reaction_shown, o.extra_ts, o.state,
    o.ts, o.attempts, o.repeats
  from polaris_data.slack_posts o
  join polaris_data.projects p on p.org_id = p_org and p.project_id = o.project_id
  left join polaris_data.slack_channels c on c.org_id = p_org and c.project_id = o.project_id
  left join polaris_data.sessions s on s.org_id = p_org and s.session_id = o.session_id
  where o.org_id = p_org and o.post_id = any (p_posts)
  order by o.post_id;
$$;
comment on function polaris_data.show_slack_posts is 'Posts with all that sending them needs.';
