-- Opens an archived project again, with the sessions that were archived along with it; those that had been archived before stay so.
-- Its maker or an administrator. Twice is once. Fails: 403 admin_only, 404 no_such_project.
create or replace function polaris.restore_project (p_org bigint, p_actor text, p_project text)
returns setof polaris_data.project_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at >= v_project.archived_at
  order by s.session_id for no key update;
  update polaris_data.projects set archived_at = null where org_id = v_me.org_id and project_id = v_project.project_id;
  for v_session in
    select s.* from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at >= v_project.archived_at
    order by s.session_id
  loop
    update polaris_data.sessions set archived_at = null where org_id = v_me.org_id and session_id = v_session.session_id;
    perform polaris_data.write_event(v_me.org_id, v_project.project_id, v_session.session_id, v_session.epoch, 'notice',
      coalesce(v_me.actor, 'polaris'), null, format('%s restored session %s', coalesce(v_me.actor, 'polaris'), v_session.name), null,
      'polaris:session.restored:' || extract(epoch from v_session.archived_at));
  end loop;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project.project_id);
end;
$$;
comment on function polaris.restore_project is 'Opens an archived project again.';
