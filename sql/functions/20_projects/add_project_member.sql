-- Puts a participant on the list of a project. Its maker or an administrator. Twice is once.
-- Fails: 403 admin_only, 404 no_such_project, 404 no_such_member, 422 actor_is_a_participant.
create or replace function polaris.add_project_member (p_org bigint, p_actor text, p_project text, p_member text)
returns table (actor text, added_by text, added_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  perform polaris_data.require_participant(p_member);
  if polaris_data.role_of(v_me.org_id, p_member) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_member), 'See polaris member list.');
  end if;
  insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
  values (v_me.org_id, v_project.project_id, p_member, coalesce(v_me.actor, 'polaris'), v_now)
  on conflict do nothing;
  if found then
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'project.member_added', p_member, jsonb_build_object('project', p_project));
  end if;
  return query
  select m.actor, m.added_by, m.added_at from polaris_data.project_members m
  where m.org_id = v_me.org_id and m.project_id = v_project.project_id and m.actor = p_member;
end;
$$;
comment on function polaris.add_project_member is 'Puts a participant on the list of a project.';
