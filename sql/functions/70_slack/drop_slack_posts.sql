-- Gives up what is not posted yet, for one project or for all of them. What may be in Slack already is not sent again, but its answer or
-- its echo still says that it was.
create or replace function polaris_data.drop_slack_posts (p_org bigint, p_project bigint, p_reason text)
returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
  update polaris_data.slack_posts set
    state = 'dropped', reason = p_reason, text = case state when 'waiting' then '' else text end
  where org_id = p_org and (p_project is null or project_id = p_project) and state in ('waiting', 'posting', 'unsure');
$$;
comment on function polaris_data.drop_slack_posts is 'Gives up what still waits to be posted.';
