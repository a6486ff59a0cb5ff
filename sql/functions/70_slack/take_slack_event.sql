-- Keeps what Slack told until a bridge has done it, and answers what became of it: stored, known (Slack tells some things twice) or
-- ignored: not ours, not the channel of a project that is open to the organization, from somebody who is not heard, or not addressed to
-- anybody here. What is ignored leaves no trace. Whoever acknowledges an event to Slack has called this before. The service only.
--
-- p_kind message: p_names are the names that the text begins with, p_mentions the user ids there (Slack turns @fxm into one where a person
-- is called so), p_explicit whether they were written as @name; p_rest is the text behind them, p_text the whole. All of the
-- names have to be live sessions; without one, a reply in a session's thread is addressed to that session, unless it is addressed to
-- somebody else. Else the author is to be hinted: at once where an explicit name was meant for a session, at most once an hour for
-- anything else; people who speak to each other are left alone in threads.
-- p_kind edit: the same for a message that was changed; p_text null: it was deleted. Of who is not heard any more it is a deletion.
-- verb, person, channel: p_payload has the rest.
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
  v_heard boolean := false;
  v_elsewhere boolean := false;
  v_explicit boolean := false;
  v_live text[] := '{}';
  v_sessions text[] := '{}';
  v_body text;
  v_payload jsonb := p_payload;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.* into v_workspace from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state = 'connected' for share;
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
    v_heard := v_channel.hears and (v_person.user_id is null or polaris_data.slack_actor(v_workspace.org_id, p_user) is not null)
      and exists (
        select from polaris_data.projects p
        where p.org_id = v_workspace.org_id and p.project_id = v_channel.project_id and p.visibility = 'org' and p.archived_at is null);
    if not v_heard and p_kind <> 'edit' then
      return 'ignored';
    end if;
    select coalesce(array_agg(s.name), '{}') into v_live from polaris_data.sessions s
    where s.org_id = v_workspace.org_id and s.project_id = v_channel.project_id and s.archived_at is null;
    v_names := p_names || array(
      select coalesce(s.username, s.handle, m.id) from unnest(p_mentions) with ordinality as m (id, n)
      left join polaris_data.slack_people s on s.org_id = v_workspace.org_id and s.user_id = m.id
      order by m.n);
    v_elsewhere := not v_names <@ v_live and (p_explicit or cardinality(p_mentions) > 0);
    v_explicit := p_explicit and (cardinality(p_names) > 0 or v_names <@ v_live);
  end if;
  if p_kind = 'edit' then
    if not exists (
      select from polaris_data.slack_posts o join polaris_data.slack_advice a on a.org_id = o.org_id and a.post_id = o.post_id
      where o.org_id = v_workspace.org_id and o.channel_id = p_channel and o.ts = p_ts and o.kind = 'theirs'
    ) and (
      select i.done_at is null from polaris_data.slack_inbox i
      where i.org_id = v_workspace.org_id and i.channel_id = p_channel and i.ts = p_ts and i.kind = 'message'
    ) is not true then
      return 'ignored';
    end if;
  end if;
  if p_kind in ('message', 'edit') then
    if p_text is null or not v_heard then
      v_body := null;
    elsif cardinality(v_names) > 0 and v_names <@ v_live then
      v_sessions := v_names;
      v_body := p_rest;
    elsif p_thread_ts is not null and not v_elsewhere then
      select array_agg(s.name) into v_sessions from polaris_data.slack_posts o
      join polaris_data.sessions s on s.org_id = o.org_id and s.session_id = o.session_id
      where o.org_id = v_workspace.org_id and o.channel_id = p_channel and o.ts = p_thread_ts and s.archived_at is null;
      v_body := p_text;
    end if;
    if coalesce(cardinality(v_sessions), 0) = 0 or coalesce(v_body, '') !~ '\S' then
      if p_kind = 'message' then
        if not v_explicit and (p_thread_ts is not null or exists (
          select from polaris_data.slack_inbox i
          where i.org_id = v_workspace.org_id and i.user_id = p_user and i.kind = 'hint' and i.received_at > v_now - interval '1 hour')) then
          return 'ignored';
        end if;
        v_kind := 'hint';
        v_payload := jsonb_build_object('unknown', to_jsonb(array(select x.name from unnest(v_names) as x (name) where v_explicit and x.name <> all (v_live))));
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
  perform polaris_data.publish_control(v_workspace.org_id, 'slack_inbox', 0);
  return 'stored';
end;
$$;
comment on function polaris.take_slack_event is 'Keeps what Slack told until a bridge has done it.';
