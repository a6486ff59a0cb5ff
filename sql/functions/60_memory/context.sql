-- What happened in a project: in all its sessions, in one, or in what one participant did (p_by: what user:krishna drove, asked, decided,
-- answered and advised there). Shaped like a brief, every line with the numbers of its events; p_since: only what happened since then (see
-- memory_since). Who is asked about need not be a member any more.
-- Fails: 404 no_such_project, 404 no_such_session, 422 actor_is_a_participant, 422 characters_are_sane, 422 since_is_known.
create or replace function polaris.context (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_since text default null, p_by text default null, p_characters integer default 6000
)
returns table (text text, last_seq bigint, since bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
  v_place text := p_project;
  v_since bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
    v_place := p_project || '/' || p_session;
  end if;
  perform polaris_data.require_characters(p_characters);
  if p_by is not null then
    perform polaris_data.require_participant(p_by);
  end if;
  v_since := polaris_data.memory_since(v_me.org_id, v_me.actor, v_project.project_id, v_session, p_since);
  return query
  select polaris_data.memory_text(v_me.org_id, v_project.project_id, v_session, p_by, v_since,
      case when p_by is not null then format('%s in %s', p_by, v_place)
        when p_session is not null then 'Session ' || v_place else 'Project ' || v_place end,
      p_characters),
    (select h.last_seq from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id),
    v_since;
end;
$$;
comment on function polaris.context is 'What happened in a project, as text whose lines name their events.';
