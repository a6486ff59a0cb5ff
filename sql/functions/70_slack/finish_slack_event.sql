-- An event is done: its text goes, and what is to be posted about it (see put_slack_posts) is written with it. With p_retry_in it is not
-- done but put off; the events of its channel wait behind it. The service only. Fails: 409 bridge_was_replaced.
create or replace function polaris.finish_slack_event (
  p_org bigint, p_fence bigint, p_event_id text, p_outcome text, p_project_id bigint default null, p_posts jsonb default '[]',
  p_retry_in interval default null
)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_done boolean;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  -- Asked for by its key alone: with "done_at is null" another index would seem to fit.
  select i.done_at is not null into v_done from polaris_data.slack_inbox i
  where i.org_id = p_org and i.event_id = p_event_id for no key update;
  if v_done is not false then
    return;
  end if;
  if p_retry_in is not null then
    update polaris_data.slack_inbox set attempts = attempts + 1, due_at = v_now + p_retry_in, outcome = left(p_outcome, 300)
    where org_id = p_org and event_id = p_event_id;
    return;
  end if;
  update polaris_data.slack_inbox set done_at = v_now, outcome = left(p_outcome, 300), body = null, payload = null
  where org_id = p_org and event_id = p_event_id;
  if p_project_id is not null then
    perform polaris_data.put_slack_posts(p_org, p_project_id, p_posts);
  end if;
end;
$$;
comment on function polaris.finish_slack_event is 'An event that Slack told is done.';
