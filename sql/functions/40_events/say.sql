-- A person or an agent speaks to the project: an event of kind floor, of no session. p_agent names the coding agent that says it for
-- its person. Repeating a client_id answers the first one.
-- Fails: 404 no_such_project, 409 client_id_taken, 409 project_is_archived, 422 body_is_there,
-- 422 body_is_short (65,536 characters), 422 client_id_not_valid, 422 actor_is_a_participant.
create or replace function polaris.say (
  p_org bigint, p_actor text, p_project text, p_body text, p_client_id text default null, p_payload jsonb default null,
  p_agent text default null
)
returns table (seq bigint, created boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Speak in another project.');
  end if;
  perform polaris_data.require_body(p_body, 65536);
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  p_payload := polaris_data.clean_words(v_me.org_id, v_me.direct, p_payload::text)::jsonb;
  perform polaris_data.require_client_id(p_client_id);
  return query select w.seq, w.created from polaris_data.write_event(
    v_me.org_id, v_project.project_id, 0, null, 'floor', v_me.actor, null, p_body, p_payload,
    coalesce(p_client_id, 'floor:' || gen_random_uuid()), left(p_agent, 64)) w;
end;
$$;
comment on function polaris.say is 'A person or an agent speaks to the project.';
