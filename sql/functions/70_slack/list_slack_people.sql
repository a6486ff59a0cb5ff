-- People of the workspace and who they are here: all, or those with these ids, or those who are these members. Administrators: the list
-- holds addresses. The service only. Fails: 403 admin_only.
create or replace function polaris.list_slack_people (p_org bigint, p_actor text, p_users text[] default null, p_members text[] default null)
returns setof polaris_data.slack_person_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  return query select * from polaris_data.show_slack_people(p_org, p_users, p_members);
end;
$$;
comment on function polaris.list_slack_people is 'People of the workspace and who they are here.';
