-- Marks something in the record: a decision, a question, or a star. The mark is an event of its own, of a session or of the project as
-- a whole; about another event, it is of that one's session unless a session is named. Only a star about an event needs no words. Who
-- stars an event again, or repeats a client_id, is answered the first one. p_agent names the coding agent that does it for its person.
-- Fails: 404 no_such_project, 404 no_such_session, 404 no_such_event, 409 client_id_taken, 409 project_is_archived,
-- 422 annotation_is_known, 422 body_is_there, 422 body_is_short (8,000 characters), 422 client_id_not_valid, 422 actor_is_a_participant.
create or replace function polaris.annotate (
  p_org bigint default null, p_actor text default null, p_project text default null, p_what text default null, p_body text default null,
  p_session text default null, p_about bigint default null, p_client_id text default null, p_agent text default null
)
returns table (
  created boolean, seq bigint, project text, session text, what text, body text, actor text, speaker text, at timestamptz, about bigint,
  about_kind text, about_body text, closed_at timestamptz, closed_by text, closed_seq bigint, closed_body text
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
  v_about bigint;
  v_written record;
  v_created boolean := false;
  v_seq bigint;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_what is null or p_what not in ('decision', 'question', 'star') then
    perform polaris_data.fail(422, 'annotation_is_known', format('There is no annotation %s.', left(p_what, 40)),
      'Write decision, question or star.');
  elsif v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Its record stays as it is.');
  end if;
  if p_what <> 'star' or p_about is null or btrim(p_body, E' \t\r\n') <> '' then
    perform polaris_data.require_body(p_body, 8000);
  end if;
  perform polaris_data.require_client_id(p_client_id);
  if p_about is not null then
    v_about := polaris_data.find_event(v_me.org_id, v_project.project_id, p_about);
  end if;
  if p_session is not null then
    v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  elsif v_about > 0 then
    select s.* into v_session from polaris_data.sessions s where s.org_id = v_me.org_id and s.session_id = v_about;
  end if;
  -- Whoever stars the same event at the same moment waits here, and sees the star then.
  perform from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id for no key update;
  if p_what = 'star' and p_about is not null then
    select a.seq into v_seq from polaris_data.annotations a
    where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.about = p_about and a.actor = v_me.actor
      and a.what = 'star' and a.closed_at is null;
  end if;
  if v_seq is null then
    v_written := polaris_data.write_event(
      v_me.org_id, v_project.project_id, coalesce(v_session.session_id, 0), v_session.epoch, 'annotation', v_me.actor, null,
      btrim(coalesce(p_body, ''), E' \t\r\n'), jsonb_strip_nulls(jsonb_build_object('annotation', p_what, 'about', p_about)),
      coalesce(p_client_id, 'annotation:' || gen_random_uuid()), left(p_agent, 64));
    v_seq := v_written.seq;
    v_created := v_written.created;
    if v_created then
      v_now := clock_timestamp();
      insert into polaris_data.annotations (org_id, project_id, seq, session_id, what, about, actor, at)
      values (v_me.org_id, v_project.project_id, v_seq, coalesce(v_session.session_id, 0), p_what, p_about, v_me.actor, v_now);
    elsif not exists (
      select from polaris_data.annotations a where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.seq = v_seq) then
      perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
    end if;
  end if;
  return query
  select v_created, r.*
  from polaris_data.show_annotations(v_me.org_id, v_project.project_id, null, null, null, null, v_seq, null, 1) r;
end;
$$;
comment on function polaris.annotate is 'Marks something in the record: a decision, a question, or a star.';
