-- Archives a project: its sessions are archived, nothing is deleted, nothing new begins in it. Its maker or an administrator.
-- Twice is once. Fails: 403 admin_only, 404 no_such_project.
create or replace function polaris.archive_project (p_org bigint, p_actor text, p_project text)
returns setof polaris_data.project_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds the counter.
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at is null
  order by s.session_id for no key update;
  v_now := clock_timestamp(); -- what was archived before this was not archived along with it
  update polaris_data.projects set archived_at = coalesce(archived_at, v_now)
  where org_id = v_me.org_id and project_id = v_project.project_id;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at is null
    order by s.session_id
  loop
    perform polaris_data.end_session(v_me.org_id, v_session, coalesce(v_me.actor, 'polaris'));
  end loop;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project.project_id);
end;
$$;
comment on function polaris.archive_project is 'Archives a project and its sessions.';
