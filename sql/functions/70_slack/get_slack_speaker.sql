-- As whom a person of the workspace speaks, and whether the person is known: actor null of somebody known is somebody who is not heard.
-- No row: look the person up first. The service only.
create or replace function polaris.get_slack_speaker (p_org bigint, p_user text)
returns table (user_id text, name text, standing text, actor text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select s.user_id, s.name, s.standing, polaris_data.slack_actor(p_org, s.user_id)
  from polaris_data.slack_people s where s.org_id = p_org and s.user_id = p_user;
end;
$$;
comment on function polaris.get_slack_speaker is 'As whom a person of the workspace speaks.';
