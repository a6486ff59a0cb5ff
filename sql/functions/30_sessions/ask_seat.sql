-- Asks the driver of a session for the seat. The request is an event, and where the policy lets the asker speak to the agent, advice
-- with it; held where the driver has to say yes first. It ends when the driver answers, the asker withdraws it, its time is over or
-- the seat changes. Asking again while it is open answers the open one. What a coding agent (p_agent) asks for its person counts as
-- an agent's.
-- Fails: 403 seat_is_not_for_slack, 404 no_such_project, 404 no_such_session, 404 no_such_member, 409 session_is_archived,
-- 409 seat_is_open, 409 seat_is_reserved (detail: for whom), 409 seat_is_yours, 409 client_id_taken, 422 note_is_short,
-- 422 expiry_is_sane, 422 client_id_not_valid, 422 actor_is_a_participant.
create or replace function polaris.ask_seat (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_note text default null, p_client_id text default null, p_expires_in interval default '30 minutes',
  p_agent text default null
)
returns table (
  created boolean, seq bigint, project text, session text, actor text, note text, asked_at timestamptz, expires_at timestamptz,
  ended_at timestamptz, ended_how text, ended_by text, delivery_id uuid, delivery_state text
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_note text := coalesce(btrim(p_note, E' \t\r\n'), '');
  v_open polaris_data.seat_requests;
  v_class text;
  v_policy text;
  v_delivery uuid := gen_random_uuid();
  v_asked record;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  -- Who is being removed is not let in between: removal ends what is asked already, and waits for what is just being asked.
  perform from polaris_data.members m
  where m.org_id = v_me.org_id and m.handle = substr(v_me.actor, 6) and v_me.actor like 'user:%' and m.removed_at is null for share;
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_me.actor like 'slack:%' then
    perform polaris_data.fail(403, 'seat_is_not_for_slack', format('%s is no member: only members and agents drive.', v_me.actor),
      'An administrator can invite this person, or say who it is: see Slack in the settings.');
  elsif polaris_data.role_of(v_me.org_id, v_me.actor) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_me.actor), 'See polaris member list.');
  elsif v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another one.');
  end if;
  perform polaris_data.require_client_id(p_client_id);
  if char_length(v_note) > 1000 then
    perform polaris_data.fail(422, 'note_is_short', format('The note has %s characters; 1000 are allowed.', char_length(v_note)),
      'Say it shorter.');
  elsif p_expires_in is null or p_expires_in not between interval '1 second' and interval '7 days' then
    perform polaris_data.fail(422, 'expiry_is_sane', 'A request for the seat expires after 1 second to 7 days.');
  end if;
  v_note := polaris_data.clean_words(v_me.org_id, v_me.direct, v_note);
  v_now := clock_timestamp();
  if v_session.driver = v_me.actor then
    perform polaris_data.fail(409, 'seat_is_yours', format('%s drives %s already.', v_me.actor, p_session), 'Join it from your agent.');
  elsif v_session.driver is null and v_session.reserved_for <> v_me.actor and v_session.reserved_until > v_now then
    perform polaris_data.fail(409, 'seat_is_reserved', format('The seat of %s was released to %s.', p_session, v_session.reserved_for),
      format('Wait until %s.', to_char(v_session.reserved_until at time zone 'UTC', 'HH24:MI:SS"Z"')),
      jsonb_build_object('reserved_for', v_session.reserved_for, 'reserved_until', v_session.reserved_until));
  elsif v_session.driver is null or v_session.lease_until <= v_now then
    perform polaris_data.fail(409, 'seat_is_open', format('Nobody drives %s.', p_session),
      format('Take the seat: polaris join %s %s.', p_project, p_session));
  end if;
  select r.* into v_open from polaris_data.seat_requests r
  where r.org_id = v_me.org_id and r.session_id = v_session.session_id and r.actor = v_me.actor and r.ended_at is null;
  if found and v_open.expires_at <= v_now then -- nobody has noticed yet
    perform polaris_data.end_request(v_me.org_id, v_session.session_id, v_open.seq, 'expired', v_me.actor);
  elsif found then
    return query
    select false, r.* from polaris_data.show_seat_requests(v_me.org_id, v_session.project_id, v_session.session_id, v_open.seq) r;
    return;
  end if;
  v_class := case when v_me.actor like 'agent:%' or p_agent is not null then 'agent' else 'human' end;
  v_policy := polaris_data.policy_of(v_me.org_id, v_session.project_id, v_session.session_id, v_class);
  v_asked := polaris_data.write_event(
    v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'seat.asked', v_me.actor, v_session.driver, v_note,
    jsonb_build_object('expires_at', v_now + p_expires_in) || case v_policy
      when 'mute' then '{}'
      when 'suggest' then jsonb_build_object('delivery', v_delivery, 'state', 'held')
      else jsonb_build_object('delivery', v_delivery) end,
    coalesce(p_client_id, 'seat:' || v_delivery), left(p_agent, 64));
  if v_asked.created then
    if v_policy <> 'mute' then
      insert into polaris_data.deliveries (
        org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
      values (
        v_me.org_id, v_delivery, v_session.project_id, v_session.session_id, v_asked.seq, v_me.actor, v_class,
        concat(nullif(v_note, '') || E'\n\n', format('%s asks for the seat of %s/%s. To give it: `polaris handoff %s`.',
          v_me.actor, p_project, p_session, v_me.actor)),
        case v_policy when 'suggest' then 'held' else 'queued' end, v_now, v_now + p_expires_in);
    end if;
    insert into polaris_data.seat_requests (org_id, session_id, seq, actor, delivery_id, asked_at, expires_at)
    values (v_me.org_id, v_session.session_id, v_asked.seq, v_me.actor, case when v_policy <> 'mute' then v_delivery end, v_now,
      v_now + p_expires_in);
  elsif not exists (
    select from polaris_data.seat_requests r
    where r.org_id = v_me.org_id and r.session_id = v_session.session_id and r.seq = v_asked.seq) then
    perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
  end if;
  return query
  select v_asked.created, r.* from polaris_data.show_seat_requests(
    v_me.org_id, v_session.project_id, v_session.session_id, v_asked.seq) r;
end;
$$;
comment on function polaris.ask_seat is 'Asks the driver of a session for the seat.';
