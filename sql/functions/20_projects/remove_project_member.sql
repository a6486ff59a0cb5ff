-- Takes a participant off the list of a project; where the project is private, what it watches there ends and its seats become open.
-- The project's maker or an administrator, and everybody for itself. Fails: 403 admin_only, 404 no_such_project, 404 no_such_member.
create or replace function polaris.remove_project_member (p_org bigint, p_actor text, p_project text, p_member text)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  if v_me.actor is distinct from p_member then
    perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  end if;
  delete from polaris_data.project_members
  where org_id = v_me.org_id and project_id = v_project.project_id and actor = p_member;
  if not found then
    perform polaris_data.fail(404, 'no_such_member', format('%s is not on the list of %s.', left(p_member, 80), p_project));
  end if;
  perform polaris_data.end_outsiders(v_me.org_id, v_project.project_id, v_project.visibility);
  perform polaris_data.publish_control(v_me.org_id, 'project', v_project.project_id);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'project.member_removed', p_member, jsonb_build_object('project', p_project));
  return p_member;
end;
$$;
comment on function polaris.remove_project_member is 'Takes a participant off the list of a project.';
