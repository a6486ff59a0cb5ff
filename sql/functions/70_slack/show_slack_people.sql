-- People of the workspace as they may be shown to whoever may see addresses: those with these ids, else those who are these members, else
-- all. actor: as whom a person speaks, which is the member they are, else slack:handle; null for who is not heard: guests, strangers,
-- bots, people who left, and, where the organization wants it so, everybody who is no member.
create or replace function polaris_data.show_slack_people (p_org bigint, p_users text[], p_members text[])
returns setof polaris_data.slack_person_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select s.user_id, s.handle, s.username, s.name, s.email, s.picture, s.standing, s.member, s.member_by,
    case
      when s.standing <> 'full' then null
      when m.handle is not null then 'user:' || m.handle
      when w.hears_everybody then 'slack:' || s.handle
    end, s.looked_up_at
  from polaris_data.slack_people s
  left join polaris_data.slack_workspaces w on w.org_id = p_org
  left join polaris_data.members m on m.org_id = p_org and m.handle = s.member and m.removed_at is null
  where s.org_id = p_org and s.user_id = any (coalesce(p_users, array(
    select x.user_id from polaris_data.slack_people x where x.org_id = p_org and (p_members is null or x.member = any (p_members)))))
  order by s.standing <> 'full', s.name, s.user_id;
$$;
comment on function polaris_data.show_slack_people is 'People of the workspace and as whom they speak.';
