-- A message that was advice has been changed, or deleted (no sessions): what of it was not sent yet is withdrawn, and said again in the new
-- words to those of its sessions that the new text names. What an agent may have seen stays as it was. Answers as advise_from_slack; where
-- that fails (not_heard, too_fast) the old words are withdrawn all the same, and its code is that of every session. The service only.
-- Fails: 409 bridge_was_replaced.
create or replace function polaris.edit_slack_advice (p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text)
returns table (session text, delivery_id uuid, state text, code text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_event polaris_data.slack_inbox;
  v_advice record;
  v_state text;
  v_free text[] := '{}';
  v_post bigint;
  v_code text;
begin
  perform polaris_data.require_fence(p_org, p_fence);
  select i.* into strict v_event from polaris_data.slack_inbox i where i.org_id = p_org and i.event_id = p_event_id;
  -- Sessions first, in their order, and deliveries behind them: as everybody locks.
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.session_id in (
    select d.session_id from polaris_data.slack_advice a
    join polaris_data.slack_posts o on o.org_id = a.org_id and o.post_id = a.post_id
    join polaris_data.deliveries d on d.org_id = a.org_id and d.delivery_id = a.delivery_id
    where a.org_id = p_org and o.channel_id = v_event.channel_id and o.ts = v_event.ts and o.kind = 'theirs')
  order by s.session_id for no key update;
  for v_advice in
    select a.delivery_id, a.event_id, o.post_id, s.name, d.sender from polaris_data.slack_advice a
    join polaris_data.slack_posts o on o.org_id = a.org_id and o.post_id = a.post_id
    join polaris_data.deliveries d on d.org_id = a.org_id and d.delivery_id = a.delivery_id
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where a.org_id = p_org and o.channel_id = v_event.channel_id and o.ts = v_event.ts and o.kind = 'theirs' and not a.withdrawn
    order by d.advice_seq
  loop
    v_post := v_advice.post_id;
    if v_advice.event_id = p_event_id then -- a bridge died after it had said this
      v_free := v_free || v_advice.name;
      continue;
    end if;
    select d.state into v_state from polaris_data.deliveries d
    where d.org_id = p_org and d.delivery_id = v_advice.delivery_id for no key update;
    if v_state in ('held', 'queued') then
      perform polaris_data.move_delivery(p_org, v_advice.delivery_id, 'declined',
        case when cardinality(p_sessions) = 0 then 'withdrawn in Slack' else 'changed in Slack' end, null, null, v_advice.sender);
      update polaris_data.slack_advice set withdrawn = true where org_id = p_org and delivery_id = v_advice.delivery_id;
      v_free := v_free || v_advice.name;
    end if;
  end loop;
  if v_post is null then
    return;
  end if;
  if v_free && p_sessions then
    v_free := array(select n.name from unnest(p_sessions) as n (name) where n.name = any (v_free));
    begin
      return query select x.* from polaris.advise_from_slack(p_org, p_fence, p_event_id, v_free, p_body) x;
    exception when others then
      get stacked diagnostics v_code = constraint_name;
      if sqlstate not like 'PL%' then
        raise;
      end if;
      return query select n.name, null::uuid, null::text, v_code from unnest(v_free) as n (name);
    end;
  end if;
  perform polaris_data.mark_slack_post(p_org, v_post);
end;
$$;
comment on function polaris.edit_slack_advice is 'A message that was advice has been changed or deleted.';
