-- Opens a project to the organization, or makes it private: then its maker and whoever does this are members, and drivers who are
-- not lose the seat. What was said while it was private is not told in Slack, neither then nor later. Its maker or an administrator.
-- Fails: 403 admin_only, 404 no_such_project, 422 visibility_is_known.
create or replace function polaris.set_visibility (p_org bigint, p_actor text, p_project text, p_visibility text)
returns setof polaris_data.project_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  perform polaris_data.require_visibility(p_visibility);
  if v_project.visibility <> p_visibility then
    update polaris_data.projects set visibility = p_visibility where org_id = v_me.org_id and project_id = v_project.project_id;
    insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
    select v_me.org_id, v_project.project_id, x.actor, coalesce(v_me.actor, 'polaris'), v_now
    from (select v_project.created_by union select v_me.actor) as x (actor)
    where p_visibility = 'private' and polaris_data.role_of(v_me.org_id, x.actor) is not null
    on conflict do nothing;
    perform polaris_data.end_outsiders(v_me.org_id, v_project.project_id, p_visibility);
    perform polaris_data.rest_slack(v_me.org_id, v_project.project_id, 'the project is private');
    perform polaris_data.publish_control(v_me.org_id, 'project', v_project.project_id);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'project.visibility', p_project, jsonb_build_object('visibility', p_visibility));
  end if;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project.project_id);
end;
$$;
comment on function polaris.set_visibility is 'Opens a project to the organization, or makes it private.';
