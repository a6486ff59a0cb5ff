-- As whom a person of the workspace speaks: the member they are, else slack:handle; null for who is not heard: guests, strangers, bots,
-- people who left, and, where the organization wants it so, everybody who is no member.
create or replace function polaris_data.slack_actor (p_org bigint, p_user text)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when s.standing <> 'full' then null
    when polaris_data.role_of(p_org, 'user:' || s.member) is not null then 'user:' || s.member
    when w.hears_everybody then 'slack:' || s.handle
  end
  from polaris_data.slack_people s
  join polaris_data.slack_workspaces w on w.org_id = s.org_id
  where s.org_id = p_org and s.user_id = p_user;
$$;
comment on function polaris_data.slack_actor is 'As whom a person of the workspace speaks.';
