-- Writes the daily digest of each channel that wants one and whose time has come: what happened since the last one, a line a session.
-- A day without events has none. Answers how many were written. The service only. Fails: 409 bridge_was_replaced.
create or replace function polaris.digest_slack (p_org bigint, p_fence bigint, p_now timestamptz default null)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_channel record;
  v_text text;
  v_last bigint;
  v_count integer := 0;
  v_now timestamptz := coalesce(p_now, clock_timestamp());
begin
  perform polaris_data.require_fence(p_org, p_fence);
  for v_channel in
    select c.* from polaris_data.slack_channels c
    join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
    where c.org_id = p_org and c.level = 'digest' and c.state = 'live' and c.digest_at <= v_now and p.visibility = 'org'
    order by c.project_id for no key update of c
  loop
    select string_agg(format('• *%s*: %s prompts, %s answers, %s tool calls, %s pieces of advice%s', x.name, x.prompts, x.replies, x.calls,
        x.advice, coalesce(' (' || x.drivers || ')', '')), E'\n' order by x.name), max(x.last)
    into v_text, v_last
    from (
      select s.name, count(*) filter (where e.kind = 'prompt') as prompts, count(*) filter (where e.kind = 'reply') as replies,
        count(*) filter (where e.kind = 'tool.call') as calls, count(*) filter (where e.kind = 'advice') as advice,
        string_agg(distinct e.actor, ', ' order by e.actor) filter (where e.kind = 'prompt') as drivers, max(e.seq) as last
      from polaris_data.events e
      join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
      where e.org_id = p_org and e.project_id = v_channel.project_id and e.seq > v_channel.digest_seq
      group by s.name) x;
    if v_text is not null then
      perform polaris_data.put_slack_posts(p_org, v_channel.project_id, jsonb_build_array(jsonb_build_object(
        'key', 'digest:' || v_last, 'kind', 'digest', 'seq', v_last, 'text', E'*The last day*\n' || left(v_text, 2900))));
      v_count := v_count + 1;
    end if;
    update polaris_data.slack_channels set
      digest_seq = coalesce(v_last, digest_seq),
      digest_at = digest_at + interval '1 day' * (1 + floor(extract(epoch from v_now - digest_at) / 86400))
    where org_id = p_org and project_id = v_channel.project_id;
  end loop;
  return v_count;
end;
$$;
comment on function polaris.digest_slack is 'Writes the daily digest of each channel that wants one.';
