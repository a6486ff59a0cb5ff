-- Writes a session and its first event; answers its id, or null when the name is taken. The project is locked against being
-- archived meanwhile. Fails: 409 project_is_archived.
create or replace function polaris_data.write_session (p_org bigint, p_actor text, p_project bigint, p_name text)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
begin
  perform from polaris_data.projects p
  where p.org_id = p_org and p.project_id = p_project and p.archived_at is null for share;
  if not found then
    perform polaris_data.fail(409, 'project_is_archived', 'The project is archived.', 'Begin in another project.');
  end if;
  insert into polaris_data.sessions (org_id, project_id, name, created_by) values (p_org, p_project, p_name, p_actor)
  on conflict do nothing returning session_id into v_session;
  if v_session is not null then
    perform polaris_data.write_event(p_org, p_project, v_session, 0, 'session.created', p_actor, null,
      format('%s made session %s', p_actor, p_name), null, 'polaris:session.created');
  end if;
  return v_session;
end;
$$;
comment on function polaris_data.write_session is 'Writes a session and its first event.';
