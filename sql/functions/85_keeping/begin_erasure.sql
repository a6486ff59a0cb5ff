-- Writes the request to erase a session (p_session) or what a participant said, in these projects, up to what is there now. Every project
-- is locked and asked for a legal hold, so that none is placed in between. What Slack told and is not done yet is not done any more.
-- Fails: 409 legal_hold, 422 body_is_there, 422 body_is_short (500 characters).
create or replace function polaris_data.begin_erasure (
  p_org bigint, p_actor text, p_projects bigint[], p_session bigint, p_participant text, p_target text, p_reason text
)
returns setof polaris_data.erasure_row
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_project bigint;
  v_held text[];
  v_erasure bigint;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_reason(p_reason);
  perform polaris_data.lock_slack(p_org);
  foreach v_project in array (select coalesce(array_agg(u.id order by u.id), '{}') from unnest(p_projects) as u (id)) loop
    if not polaris_data.lock_to_keep(p_org, v_project) then
      v_held := v_held || (select p.name from polaris_data.projects p where p.org_id = p_org and p.project_id = v_project);
    end if;
  end loop;
  if v_held is not null then
    perform polaris_data.fail(409, 'legal_hold', format('A legal hold stands on %s.', array_to_string(v_held[1:10], ', ')),
      'Nothing is erased there until it is lifted.');
  end if;
  insert into polaris_data.erasures (org_id, project_id, session_id, participant, reason, asked_by, asked_at)
  values (p_org, case when p_participant is null then p_projects[1] else 0 end, p_session, p_participant, p_reason,
    coalesce(p_actor, 'polaris'), v_now)
  returning erasure_id into v_erasure;
  insert into polaris_data.erasure_parts (org_id, erasure_id, project_id, seq, until_seq)
  select p_org, v_erasure, p.project_id, p.first_seq - 1, h.last_seq
  from polaris_data.projects p
  join polaris_data.project_heads h on h.org_id = p.org_id and h.project_id = p.project_id
  where p.org_id = p_org and p.project_id = any (p_projects);
  update polaris_data.slack_inbox i set done_at = v_now, outcome = 'erased', body = null, payload = null
  where i.org_id = p_org and i.done_at is null and i.kind in ('message', 'edit', 'verb') and case when p_participant is null
    then exists (
      select from polaris_data.slack_channels c
      join polaris_data.sessions s on s.org_id = c.org_id and s.project_id = c.project_id
      where c.org_id = p_org and c.channel_id = i.channel_id and s.session_id = p_session and s.name = any (i.sessions))
    else polaris_data.slack_actor(p_org, i.user_id) = p_participant end;
  perform polaris_data.publish_control(p_org, 'keeping', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'erasure.begun', p_target,
    jsonb_build_object('erasure', v_erasure, 'reason', p_reason));
  return query select * from polaris_data.show_erasures(p_org, v_erasure);
end;
$$;
comment on function polaris_data.begin_erasure is 'Writes the request to erase a session or what a participant said.';
