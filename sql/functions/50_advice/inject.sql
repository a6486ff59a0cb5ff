-- Speaks to one session from outside: writes the advice and the delivery that follows it to the truth. Where the policy for this
-- class of sender is suggest, the delivery is held until the driver says yes; where it is mute, nothing is written. Repeating a
-- client_id answers the first delivery. What a coding agent (p_agent) says for its person counts as an agent's.
-- Fails: 403 muted, 404 no_such_project, 404 no_such_session, 409 session_is_archived, 409 client_id_taken, 422 body_is_there,
-- 422 body_is_short (8,000 characters: what an agent takes in one piece), 422 expiry_is_sane, 422 client_id_not_valid,
-- 422 actor_is_a_participant.
create or replace function polaris.inject (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_body text default null, p_client_id text default null, p_expires_in interval default '24 hours',
  p_agent text default null
)
returns table (
  created boolean, delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text,
  state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamptz, sent_at timestamptz,
  seen_at timestamptz, answered_at timestamptz, expires_at timestamptz, edited_by text
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_delivery uuid := gen_random_uuid();
  v_class text;
  v_policy text;
  v_advice record;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Nobody would hear it.');
  end if;
  perform polaris_data.require_body(p_body, 8000);
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  perform polaris_data.require_client_id(p_client_id);
  if p_expires_in is null or p_expires_in not between interval '1 second' and interval '30 days' then
    perform polaris_data.fail(422, 'expiry_is_sane', 'Advice expires after 1 second to 30 days.');
  end if;
  v_class := case split_part(v_me.actor, ':', 1)
    when 'user' then case when p_agent is null then 'human' else 'agent' end else split_part(v_me.actor, ':', 1) end;
  v_policy := polaris_data.policy_of(v_me.org_id, v_session.project_id, v_session.session_id, v_class);
  if v_policy = 'mute' then
    perform polaris_data.fail(403, 'muted',
      format('%s takes no advice from %s.', p_session, case v_class when 'human' then 'people' when 'agent' then 'agents' else 'Slack' end),
      'Speak to the project instead, or ask the driver.');
  end if;
  v_advice := polaris_data.write_event(
    v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'advice', v_me.actor, v_session.name, p_body,
    jsonb_build_object('delivery', v_delivery) || case v_policy when 'suggest' then '{"state": "held"}' else '{}' end::jsonb,
    coalesce(p_client_id, 'advice:' || v_delivery), left(p_agent, 64));
  if v_advice.created then
    v_now := clock_timestamp();
    insert into polaris_data.deliveries (
      org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
    values (
      v_me.org_id, v_delivery, v_session.project_id, v_session.session_id, v_advice.seq, v_me.actor, v_class, p_body,
      case v_policy when 'suggest' then 'held' else 'queued' end, v_now, v_now + p_expires_in);
  else
    select d.delivery_id into v_delivery from polaris_data.deliveries d
    where d.org_id = v_me.org_id and d.project_id = v_session.project_id and d.advice_seq = v_advice.seq;
    if not found then
      perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
    end if;
  end if;
  return query
  select v_advice.created, r.* from polaris_data.show_deliveries(v_me.org_id, v_session.project_id, v_delivery) r;
end;
$$;
comment on function polaris.inject is 'Speaks to one session from outside.';
