-- Says whether a class of senders is heard at once (auto), when the driver says so (suggest), or not at all (mute); null takes
-- the word back. For a project: its maker or an administrator. For a session: its driver and its maker, too.
-- Fails: 403 admin_only, 404 no_such_project, 404 no_such_session, 422 sender_class_is_known, 422 policy_is_known.
create or replace function polaris.set_policy (
  p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text
)
returns table (sender_class text, policy text, set_on text, set_by text, set_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  end if;
  if v_me.actor is distinct from v_session.driver and v_me.actor is distinct from v_session.created_by then
    perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  end if;
  if p_sender_class is null or p_sender_class not in ('human', 'agent', 'slack') then
    perform polaris_data.fail(422, 'sender_class_is_known', 'A class of senders is human, agent or slack.');
  end if;
  if p_policy not in ('auto', 'suggest', 'mute') then
    perform polaris_data.fail(422, 'policy_is_known', 'A policy is auto, suggest or mute.');
  end if;
  if p_policy is null then
    delete from polaris_data.policies o
    where o.org_id = v_me.org_id and o.project_id = v_project.project_id and o.session_id = coalesce(v_session.session_id, 0)
      and o.sender_class = p_sender_class;
  else
    insert into polaris_data.policies as o (org_id, project_id, session_id, sender_class, policy, set_by, set_at)
    values (v_me.org_id, v_project.project_id, coalesce(v_session.session_id, 0), p_sender_class, p_policy, coalesce(v_me.actor, 'polaris'), v_now)
    on conflict (org_id, project_id, session_id, sender_class)
    do update set policy = excluded.policy, set_by = excluded.set_by, set_at = excluded.set_at;
  end if;
  perform polaris_data.publish_control(v_me.org_id, 'policy', v_project.project_id);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'policy.set', concat_ws('/', p_project, p_session),
    jsonb_build_object('sender_class', p_sender_class, 'policy', p_policy));
  return query select * from polaris.list_policies(v_me.org_id, v_me.actor, p_project, p_session);
end;
$$;
comment on function polaris.set_policy is 'Says whether a class of senders is heard.';
