-- Deletes what came from Slack: people, messages, channels, what was posted. The record keeps the advice, which was said to a session, and
-- slack_handles, by hashes, who must not take another's name in it.
create or replace function polaris_data.forget_slack (p_org bigint)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- Channels before posts, as everybody locks them.
  delete from polaris_data.slack_channels where org_id = p_org;
  delete from polaris_data.slack_advice where org_id = p_org;
  delete from polaris_data.slack_posts where org_id = p_org;
  delete from polaris_data.slack_inbox where org_id = p_org;
  delete from polaris_data.slack_people where org_id = p_org;
end;
$$;
comment on function polaris_data.forget_slack is 'Deletes what came from Slack.';
