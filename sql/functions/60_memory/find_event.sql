-- The session (0: none, the project) of an event of a project that the caller has found already.
-- Fails: 404 no_such_event, also for what retention took.
create or replace function polaris_data.find_event (p_org bigint, p_project bigint, p_seq bigint)
returns bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
begin
  select e.session_id into v_session from polaris_data.peek_event(p_org, p_project, p_seq) e;
  if not found then
    perform polaris_data.fail(404, 'no_such_event', format('There is no event %s in this project.', p_seq),
      'Its number stands behind a # on the floor.');
  end if;
  return v_session;
end;
$$;
comment on function polaris_data.find_event is 'The session of an event.';
