-- Under which key what this workspace tells is redacted: its organization's; null where nobody has connected it. The service only.
create or replace function polaris.get_slack_key (p_team text, p_app text)
returns bytea
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return (
    select o.redaction_key from polaris_data.slack_workspaces w join polaris_data.orgs o on o.org_id = w.org_id
    where w.team_id = p_team and w.app_id = p_app and w.state = 'connected');
end;
$$;
comment on function polaris.get_slack_key is 'Under which key what this workspace tells is redacted.';
