-- Asks that the content of a session be taken away, up to what is there now: polaris.erase_batch does it, soon and to its end. Who drove
-- it and when stays; every event stays as a tombstone that keeps its number. Administrators only.
-- Fails: 403 admin_only, 404 no_such_project, 404 no_such_session, 409 legal_hold, 422 body_is_there, 422 body_is_short.
create or replace function polaris.erase_session (p_org bigint, p_actor text, p_project text, p_session text, p_reason text)
returns setof polaris_data.erasure_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.begin_erasure(
    v_me.org_id, v_me.actor, array[v_session.project_id], v_session.session_id, null, p_project || '/' || p_session, p_reason);
end;
$$;
comment on function polaris.erase_session is 'Asks that the content of a session be taken away.';
