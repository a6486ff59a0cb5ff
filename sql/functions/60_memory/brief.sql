-- What a driver has to know who takes a session over: its goal, the last answer, what was decided, what is open, what was done, who works
-- beside it. Every line begins with the numbers of its events; the same record gives the same words. p_since: only what happened since (see
-- memory_since); the answer names that event. It reads the newest 2,000 events and the first prompt, so that a long session costs as much
-- as a short one, and keeps to so many characters.
-- Fails: 404 no_such_project, 404 no_such_session, 422 characters_are_sane, 422 since_is_known.
create or replace function polaris.brief (
  p_org bigint, p_actor text, p_project text, p_session text, p_characters integer default 6000, p_since text default null
)
returns table (text text, last_seq bigint, since bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_since bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  perform polaris_data.require_characters(p_characters);
  v_since := polaris_data.memory_since(v_me.org_id, v_me.actor, v_session.project_id, v_session.session_id, p_since);
  return query
  select polaris_data.memory_text(v_me.org_id, v_session.project_id, v_session.session_id, null, v_since,
      format('Session %s/%s', p_project, p_session), p_characters),
    coalesce((
      select e.seq from polaris_data.events e
      where e.org_id = v_me.org_id and e.session_id = v_session.session_id order by e.seq desc limit 1), 0),
    v_since;
end;
$$;
comment on function polaris.brief is 'What a driver has to know who takes a session over.';
