-- An organization's workspace as it may be shown: without the token.
create or replace function polaris_data.show_slack (p_org bigint)
returns setof polaris_data.slack_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select w.org_id, w.team_id, w.app_id, w.name, w.url, w.bot_user_id, w.bot_id, w.scopes, w.state, w.reason, w.connected_by,
    w.connected_at, w.people_at, w.hears_everybody, w.invites_drivers, w.threads_turns, w.digest_hour, w.holder, w.lease_until
  from polaris_data.slack_workspaces w where w.org_id = p_org;
$$;
comment on function polaris_data.show_slack is 'An organization''s workspace as it may be shown.';
