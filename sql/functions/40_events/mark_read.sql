-- Notes how far the caller has read a project's floor; the mark only rises, and never beyond the last event. Answers the mark.
-- Fails: 404 no_such_project, 422 actor_is_a_participant.
create or replace function polaris.mark_read (p_org bigint, p_actor text, p_project text, p_seq bigint)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_seq bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  insert into polaris_data.read_marks as m (org_id, project_id, actor, seq)
  select v_me.org_id, v_project.project_id, v_me.actor, least(greatest(p_seq, 0), h.last_seq)
  from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id
  on conflict (org_id, project_id, actor) do update set seq = greatest(m.seq, excluded.seq)
  returning m.seq into v_seq;
  return v_seq;
end;
$$;
comment on function polaris.mark_read is 'Notes how far the caller has read a project''s floor.';
