-- What joining does: makes project and session where they are missing, claims the seat where it is free. Somebody else at
-- the wheel is no failure: claimed is then false, and driver tells who, or reserved_for to whom the seat was released.
-- Fails: 409 project_is_archived, 409 session_is_archived, 422 name_is_a_slug, 422 lease_is_sane, 422 actor_is_a_participant.
create or replace function polaris.join_session (
  p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer default 60
)
returns table (
  created boolean, claimed boolean, org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text,
  epoch bigint, seat text, lease_until timestamptz, created_by text, created_at timestamptz, archived_at timestamptz,
  last_seq bigint, advice_waiting bigint, driver_since timestamptz, reserved_for text, reserved_until timestamptz
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
  v_created boolean;
  v_claimed boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_lease(v_me.actor, p_lease_seconds);
  perform polaris_data.require_slug(p_project);
  perform polaris_data.require_slug(p_session);
  if not exists (select from polaris_data.projects p where p.org_id = v_me.org_id and p.name = p_project) then
    perform polaris_data.write_project(v_me.org_id, v_me.actor, p_project);
  end if;
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Begin in another project.');
  end if;
  v_created := not exists (
    select from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.name = p_session);
  if v_created then
    v_created := polaris_data.write_session(v_me.org_id, v_me.actor, v_project.project_id, p_session) is not null;
  end if;
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another name.');
  end if;
  v_claimed := polaris_data.take_seat(v_me.org_id, v_session.session_id, v_me.actor, p_lease_seconds) is not null;
  return query
  select v_created, v_claimed, r.* from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id) r;
end;
$$;
comment on function polaris.join_session is 'Makes project and session where they are missing, claims the seat where it is free.';
