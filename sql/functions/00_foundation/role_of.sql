-- What a participant may do: admin or member for a person, agent or slack for the others, null for nobody (or a removed member).
create or replace function polaris_data.role_of (p_org bigint, p_actor text)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when p_actor like 'user:%' then (
      select m.role from polaris_data.members m
      where m.org_id = p_org and m.handle = substr(p_actor, 6) and m.removed_at is null)
    when p_actor like 'agent:%' then 'agent'
    when p_actor like 'slack:%' then 'slack'
  end;
$$;
comment on function polaris_data.role_of is 'What a participant may do: admin, member, agent, slack or nothing.';
