-- The projects of an organization with their channels, whether they have one yet or not. shown: something of it may be posted there (it
-- is open to the organization and not archived). With an id, only that one. What the caller may see, no more. The service only.
create or replace function polaris.list_slack_channels (p_org bigint, p_actor text, p_project_id bigint default null)
returns setof polaris_data.slack_channel_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return query
  select r.project_id, r.name, (select count(*) from polaris_data.sessions s where s.org_id = p_org and s.project_id = r.project_id),
    r.last_seq, r.visibility = 'org' and r.archived_at is null, c.channel_id, coalesce(c.name, r.name), coalesce(c.state, 'missing'),
    c.reason, coalesce(c.level, 'all'), coalesce(c.hears, true), coalesce(c.shared, false), coalesce(c.cursor,
      case when r.created_at > w.connected_at then 0 else r.last_seq end), c.digest_at
  from polaris_data.show_projects(p_org, p_project_id) r
  left join polaris_data.slack_channels c on c.org_id = p_org and c.project_id = r.project_id
  left join polaris_data.slack_workspaces w on w.org_id = p_org
  where polaris_data.may_see(p_org, p_actor, r.project_id, r.visibility);
end;
$$;
comment on function polaris.list_slack_channels is 'The projects of an organization with their channels.';
