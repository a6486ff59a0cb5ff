-- Slack showed us a message of our own: the proof that a post arrived whose answer was lost. Found by the number that it carries, else by
-- its text among those that are on their way, then among those that were sent again within the hour (a running line of tools, which the
-- bridge puts together, by how it begins); what stands at this ts already is known, whatever it says. Answers posted, known, double (see
-- place_slack_post) or ignored. The service only.
create or replace function polaris.echo_slack_post (
  p_team text, p_app text, p_channel text, p_ts text, p_post_id bigint default null, p_text text default null
)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_org bigint;
  v_post bigint := p_post_id;
  v_did text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.org_id into v_org from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state = 'connected' for share;
  if exists (
    select from polaris_data.slack_posts o
    where o.org_id = v_org and o.channel_id = p_channel and o.ts = p_ts and o.kind <> 'theirs') then
    return 'known';
  end if;
  if v_post is null then
    select o.post_id into v_post from polaris_data.slack_posts o
    where o.org_id = v_org and o.channel_id = p_channel and (o.state in ('posting', 'unsure') or o.repeats > 0)
      and (o.text = p_text or (o.kind = 'tools' and starts_with(p_text, split_part(o.text, E'\n', 1) || ' 🔧 ')))
      and (o.state in ('posting', 'unsure') or (o.repeats > o.doubles and coalesce(o.posted_at, v_now) > v_now - interval '1 hour'))
    order by o.state = 'posted', o.post_id limit 1;
  end if;
  if not exists (
    select from polaris_data.slack_posts o where o.org_id = v_org and o.post_id = v_post and o.channel_id = p_channel and o.kind <> 'theirs') then
    return 'ignored';
  end if;
  v_did := polaris_data.place_slack_post(v_org, v_post, p_ts, null);
  if v_did <> 'known' then
    perform polaris_data.publish_control(v_org, 'slack_inbox', 0);
  end if;
  return v_did;
end;
$$;
comment on function polaris.echo_slack_post is 'Slack showed us a message of our own.';
