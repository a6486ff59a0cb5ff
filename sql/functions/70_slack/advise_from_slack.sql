-- A person of the workspace advises sessions by a message in the project's channel: an injection for each, as the participant they are,
-- under the sender policy that holds for it; repeating it changes nothing. The message is remembered, so that its reactions can show what
-- becomes of the advice. Twenty in a minute are enough for one person, those not counted that were withdrawn. Nobody is heard in the
-- channel of a project that has become private. Answers for each session its delivery, or the code that refused it. The service only.
-- Fails: 409 bridge_was_replaced, 404 no_such_slack_person, 403 not_heard, 429 too_fast.
create or replace function polaris.advise_from_slack (p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text)
returns table (session text, delivery_id uuid, state text, code text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_event polaris_data.slack_inbox;
  v_project polaris_data.projects;
  v_actor text;
  v_session text;
  v_delivery record;
  v_post bigint;
  v_code text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  select i.* into strict v_event from polaris_data.slack_inbox i where i.org_id = p_org and i.event_id = p_event_id;
  select p.* into v_project from polaris_data.slack_channels c
  join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
  where c.org_id = p_org and c.channel_id = v_event.channel_id and c.hears and p.visibility = 'org';
  if not exists (select from polaris_data.slack_people s where s.org_id = p_org and s.user_id = v_event.user_id) then
    perform polaris_data.fail(404, 'no_such_slack_person', 'This person was not looked up yet.');
  end if;
  v_actor := polaris_data.slack_actor(p_org, v_event.user_id);
  if v_actor is null or v_project.project_id is null then
    perform polaris_data.fail(403, 'not_heard', 'Guests, strangers and bots are not heard.', 'See settings, Slack.');
  end if;
  if (select count(*) from polaris_data.slack_advice a
      where a.org_id = p_org and a.user_id = v_event.user_id and a.at > v_now - interval '1 minute' and a.event_id <> p_event_id
        and not a.withdrawn) >= 20 then
    perform polaris_data.fail(429, 'too_fast', 'Twenty pieces of advice a minute are enough.', 'Wait a minute.');
  end if;
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds the counter.
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = v_project.project_id and s.name = any (p_sessions)
  order by s.session_id for no key update;
  insert into polaris_data.slack_posts (
    org_id, project_id, lane, key, kind, session_id, channel_id, text, shown, state, ts, made_at, due_at, posted_at)
  values (
    p_org, v_project.project_id, 'side', 'theirs:' || v_event.ts, 'theirs',
    (select s.session_id from polaris_data.sessions s -- a reply to advice for one session is for that session, too
     where s.org_id = p_org and s.project_id = v_project.project_id and cardinality(p_sessions) = 1 and s.name = p_sessions[1]),
    v_event.channel_id, '', 1, 'posted', v_event.ts, v_now, v_now, v_now)
  on conflict (org_id, project_id, key) do nothing;
  select o.post_id into strict v_post from polaris_data.slack_posts o
  where o.org_id = p_org and o.project_id = v_project.project_id and o.key = 'theirs:' || v_event.ts;
  foreach v_session in array (select coalesce(array_agg(distinct x.name order by x.name), '{}') from unnest(p_sessions) as x (name)) loop
    begin
      select j.* into strict v_delivery
      from polaris.inject(p_org, v_actor, v_project.name, v_session, p_body, format('slack:%s:%s', p_event_id, v_session)) j;
      insert into polaris_data.slack_advice (org_id, delivery_id, post_id, event_id, user_id, at)
      values (p_org, v_delivery.delivery_id, v_post, p_event_id, v_event.user_id, v_now)
      on conflict (org_id, delivery_id) do nothing;
      return query select v_session, v_delivery.delivery_id, v_delivery.state, null::text;
    exception when others then
      get stacked diagnostics v_code = constraint_name;
      if sqlstate not like 'PL%' then
        raise;
      end if;
      return query select v_session, null::uuid, null::text, v_code;
    end;
  end loop;
  perform polaris_data.mark_slack_post(p_org, v_post);
end;
$$;
comment on function polaris.advise_from_slack is 'A person of the workspace advises sessions.';
