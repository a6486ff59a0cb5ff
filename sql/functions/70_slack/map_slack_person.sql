-- An administrator says who a person of the workspace is: a member's handle, '' for nobody, null for whoever has the same address.
-- The service only. Fails: 403 admin_only, 404 no_such_slack_person, 404 no_such_member.
create or replace function polaris.map_slack_person (p_org bigint, p_actor text, p_user text, p_member text)
returns setof polaris_data.slack_person_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  if p_member <> '' and polaris_data.role_of(p_org, 'user:' || p_member) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member user:%s.', left(p_member, 80)), 'See polaris member list.');
  end if;
  perform polaris_data.lock_slack(p_org);
  update polaris_data.slack_people set member = nullif(p_member, ''), member_by = case when p_member is not null then 'admin' end
  where org_id = p_org and user_id = p_user;
  if not found then
    perform polaris_data.fail(404, 'no_such_slack_person', 'There is no such person in the workspace.', 'See settings, Slack.');
  end if;
  perform polaris_data.match_slack(p_org, array(
    select s.email from polaris_data.slack_people s where s.org_id = p_org and s.user_id = p_user));
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'slack.person', p_user, jsonb_build_object('member', p_member));
  return query select * from polaris.list_slack_people(p_org, p_actor, array[p_user]);
end;
$$;
comment on function polaris.map_slack_person is 'An administrator says who a person of the workspace is.';
