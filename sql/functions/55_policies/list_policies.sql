-- What is in force for each class of sender, of a project or of one session, and where it was set: default, project or session.
-- Fails: 404 no_such_project, 404 no_such_session.
create or replace function polaris.list_policies (p_org bigint, p_actor text, p_project text, p_session text default null)
returns table (sender_class text, policy text, set_on text, set_by text, set_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint := 0;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  return query
  select c.class, coalesce(x.policy, 'auto'),
    case when x.policy is null then 'default' when x.session_id = 0 then 'project' else 'session' end, x.set_by, x.set_at
  from unnest(array['human', 'agent', 'slack']) with ordinality as c (class, ord)
  left join lateral (
    select o.* from polaris_data.policies o
    where o.org_id = v_me.org_id and o.project_id = v_project.project_id and o.session_id in (0, v_session) and o.sender_class = c.class
    order by o.session_id desc limit 1) x on true
  order by c.ord;
end;
$$;
comment on function polaris.list_policies is 'What is in force for each class of sender.';
