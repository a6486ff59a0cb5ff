-- Every workspace that has a token, with the sealed token, for bridges and for the rotation of the sealing key; with an organization, its
-- own alone. The service only.
create or replace function polaris.list_slack_workspaces (p_org bigint default null)
returns table (
  org_id bigint, org text, team_id text, app_id text, bot_user_id text, bot_id text, token bytea, token_key text, state text,
  people_at timestamptz, hears_everybody boolean, invites_drivers boolean, threads_turns boolean
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select w.org_id, o.slug, w.team_id, w.app_id, w.bot_user_id, w.bot_id, w.token, w.token_key, w.state, w.people_at,
    w.hears_everybody, w.invites_drivers, w.threads_turns
  from polaris_data.slack_workspaces w join polaris_data.orgs o on o.org_id = w.org_id
  where w.token is not null and (p_org is null or w.org_id = p_org) order by w.org_id;
end;
$$;
comment on function polaris.list_slack_workspaces is 'Every workspace that has a token.';
