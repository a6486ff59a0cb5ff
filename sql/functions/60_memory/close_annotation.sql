-- Ends an annotation: answers a question, takes a decision back, or a star. Questions and decisions are everybody's, a star its owner's.
-- The end is an event, whose words are the answer; there need be none. Repeating a client_id answers the same end.
-- Fails: 403 not_your_star, 404 no_such_project, 404 no_such_annotation, 409 annotation_is_closed (detail: by whom), 409 client_id_taken,
-- 409 project_is_archived, 422 body_is_short (8,000 characters), 422 client_id_not_valid, 422 actor_is_a_participant.
create or replace function polaris.close_annotation (
  p_org bigint default null, p_actor text default null, p_project text default null, p_seq bigint default null, p_body text default null,
  p_client_id text default null, p_agent text default null
)
returns table (
  changed boolean, seq bigint, project text, session text, what text, body text, actor text, speaker text, at timestamptz, about bigint,
  about_kind text, about_body text, closed_at timestamptz, closed_by text, closed_seq bigint, closed_body text
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_found polaris_data.annotations;
  v_epoch bigint;
  v_written record;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Its record stays as it is.');
  elsif btrim(p_body, E' \t\r\n') <> '' then
    perform polaris_data.require_body(p_body, 8000);
  end if;
  perform polaris_data.require_client_id(p_client_id);
  perform from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id for no key update;
  select a.* into v_found from polaris_data.annotations a
  where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.seq = p_seq;
  if not found then
    perform polaris_data.fail(404, 'no_such_annotation', format('Event %s is no decision, question or star.', p_seq),
      'List them: polaris decisions PROJECT.');
  elsif v_found.what = 'star' and v_found.actor <> v_me.actor then
    perform polaris_data.fail(403, 'not_your_star', format('This star is of %s.', v_found.actor), 'Everybody takes back their own.');
  end if;
  select s.epoch into v_epoch from polaris_data.sessions s where s.org_id = v_me.org_id and s.session_id = v_found.session_id;
  if v_found.closed_at is null then
    v_written := polaris_data.write_event(
      v_me.org_id, v_project.project_id, v_found.session_id, v_epoch, 'annotation', v_me.actor, null,
      btrim(coalesce(p_body, ''), E' \t\r\n'), jsonb_build_object('annotation', 'closed', 'of', v_found.what, 'about', p_seq),
      coalesce(p_client_id, 'annotation:' || gen_random_uuid()), left(p_agent, 64));
    if not v_written.created then
      perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
    end if;
    v_now := clock_timestamp();
    update polaris_data.annotations a set closed_at = v_now, closed_by = v_me.actor, closed_seq = v_written.seq
    where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.seq = p_seq;
  elsif p_client_id is null or not exists (
    select from polaris_data.events e
    where e.org_id = v_me.org_id and e.project_id = v_project.project_id and e.seq = v_found.closed_seq
      and e.actor = v_me.actor and e.client_id = p_client_id) then
    perform polaris_data.fail(409, 'annotation_is_closed', format('%s has closed it with event %s.', v_found.closed_by, v_found.closed_seq),
      'Make a new one, if there is more to say.', jsonb_build_object('closed_by', v_found.closed_by, 'closed_seq', v_found.closed_seq));
  end if;
  return query
  select v_found.closed_at is null, r.*
  from polaris_data.show_annotations(v_me.org_id, v_project.project_id, null, null, null, null, p_seq, null, 1) r;
end;
$$;
comment on function polaris.close_annotation is 'Ends an annotation: answers a question, takes a decision or a star back.';
