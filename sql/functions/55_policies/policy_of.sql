-- What is in force for a class of sender: the session's own policy, else the project's, else auto.
create or replace function polaris_data.policy_of (p_org bigint, p_project bigint, p_session bigint, p_class text)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce((
    select o.policy from polaris_data.policies o
    where o.org_id = p_org and o.project_id = p_project and o.session_id in (0, p_session) and o.sender_class = p_class
    order by o.session_id desc limit 1), 'auto');
$$;
comment on function polaris_data.policy_of is 'What is in force for a class of sender.';
