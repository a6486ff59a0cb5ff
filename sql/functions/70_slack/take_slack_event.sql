-- Keeps what Slack told until a bridge has done it, and answers what became of it: stored, known (Slack tells some things twice) or
-- ignored: not ours, not a project's channel, from somebody who is not heard, or not addressed to anybody here. What is ignored leaves
-- no trace. Whoever acknowledges an event to Slack has called this before. The service only.
--
-- p_kind message: p_names are the names that the text begins with, p_mentions the user ids there (Slack turns @fxm into one where a person
-- is called so), p_explicit whether they were written as @name; p_rest is the text behind them, p_text the whole. All of the
-- names have to be live sessions; without a name, a reply in a session's thread is addressed to that session. Else the author is to be
-- hinted: at once for an explicit name, at most once an hour for anything else.
-- p_kind edit: the same for a message that was changed; p_text null: it was deleted. verb, person, channel: p_payload has the rest.
create or replace function polaris.take_slack_event (
  p_team text, p_app text, p_event_id text, p_kind text, p_channel text default null, p_ts text default null,
  p_thread_ts text default null, p_user text default null, p_names text[] default '{}', p_mentions text[] default '{}',
  p_explicit boolean default false, p_rest text default null, p_text text default null, p_payload jsonb default null
)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_workspace polaris_data.slack_workspaces;
  v_channel polaris_data.slack_channels;
  v_person polaris_data.slack_people;
  v_kind text := p_kind;
  v_names text[];
  v_live text[] := '{}';
  v_sessions text[] := '{}';
  v_body text;
  v_payload jsonb := p_payload;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.* into v_workspace from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state = 'connected';
  if not found then
    return 'ignored';
  end if;
  if exists (select from polaris_data.slack_inbox i where i.org_id = v_workspace.org_id and i.event_id = p_event_id) then
    return 'known';
  end if;
  if p_kind <> 'person' then
    select c.* into v_channel from polaris_data.slack_channels c
    where c.org_id = v_workspace.org_id and c.channel_id = p_channel;
    if not found then
      return 'ignored';
    end if;
  end if;
  if p_kind in ('message', 'edit', 'verb') then
    select s.* into v_person from polaris_data.slack_people s where s.org_id = v_workspace.org_id and s.user_id = p_user;
    if not v_channel.hears or (v_person.user_id is not null and polaris_data.slack_actor(v_workspace.org_id, p_user) is null) then
      return 'ignored';
    end if;
    select coalesce(array_agg(s.name), '{}') into v_live from polaris_data.sessions s
    where s.org_id = v_workspace.org_id and s.project_id = v_channel.project_id and s.archived_at is null;
    v_names := p_names || array(
      select coalesce(s.username, s.handle) from polaris_data.slack_people s
      where s.org_id = v_workspace.org_id and s.user_id = any (p_mentions));
  end if;
  if p_kind = 'edit' then
    if not exists (
      select from polaris_data.slack_posts o join polaris_data.slack_advice a on a.org_id = o.org_id and a.post_id = o.post_id
      where o.org_id = v_workspace.org_id and o.channel_id = p_channel and o.ts = p_ts and o.kind = 'theirs'
    ) and not exists (
      select from polaris_data.slack_inbox i
      where i.org_id = v_workspace.org_id and i.channel_id = p_channel and i.ts = p_ts and i.kind = 'message' and i.done_at is null
    ) then
      return 'ignored';
    end if;
  end if;
  if p_kind in ('message', 'edit') and p_text is not null then
    if cardinality(v_names) > 0 and v_names <@ v_live then
      v_sessions := v_names;
      v_body := p_rest;
    elsif p_thread_ts is not null then
      select array_agg(s.name) into v_sessions from polaris_data.slack_posts o
      join polaris_data.sessions s on s.org_id = o.org_id and s.session_id = o.session_id
      where o.org_id = v_workspace.org_id and o.channel_id = p_channel and o.ts = p_thread_ts and s.archived_at is null;
      v_body := p_text;
    end if;
    if coalesce(cardinality(v_sessions), 0) = 0 or btrim(v_body) = '' then
      if p_kind = 'message' then
        if not p_explicit and (p_thread_ts is not null or v_person.hinted_at > v_now - interval '1 hour') then
          return 'ignored';
        end if;
        v_kind := 'hint';
        v_payload := jsonb_build_object('unknown', to_jsonb(array(select x.name from unnest(v_names) as x (name) where p_explicit and x.name <> all (v_live))));
      end if;
      v_sessions := '{}';
      v_body := null;
    end if;
  end if;
  insert into polaris_data.slack_inbox (
    org_id, event_id, kind, lane, channel_id, ts, thread_ts, user_id, sessions, body, payload, received_at, due_at)
  values (
    v_workspace.org_id, p_event_id, v_kind, coalesce(p_channel, 'people'), p_channel, p_ts, p_thread_ts, p_user, v_sessions, v_body,
    v_payload, v_now, v_now)
  on conflict do nothing;
  if not found then
    return 'known';
  end if;
  if v_kind = 'hint' then
    update polaris_data.slack_people s set hinted_at = v_now where s.org_id = v_workspace.org_id and s.user_id = p_user;
  end if;
  perform polaris_data.publish_control(v_workspace.org_id, 'slack_inbox', 0);
  return 'stored';
end;
$$;
comment on function polaris.take_slack_event is 'Keeps what Slack told until a bridge has done it.';
