-- What is in force for each class of sender in every project that the caller may see and that is not archived.
create or replace function polaris.list_all_policies (p_org bigint, p_actor text)
returns table (project text, sender_class text, policy text, set_on text, set_by text, set_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select r.name, x.sender_class, x.policy, x.set_on, x.set_by, x.set_at
  from polaris_data.show_projects(v_me.org_id) r
  cross join lateral polaris.list_policies(v_me.org_id, v_me.actor, r.name) with ordinality
    as x (sender_class, policy, set_on, set_by, set_at, ord)
  where r.archived_at is null and polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
  order by r.name, x.ord;
end;
$$;
comment on function polaris.list_all_policies is 'What is in force for each class of sender in every project.';
