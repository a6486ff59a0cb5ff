-- Takes away what stands of a project's events p_after+1 to p_to in other tables than those made from the record, for an erasure of a
-- session, or of what a participant said (p_seqs are their events). Advice that still waits fails: nobody is handed an empty text. A post
-- in Slack is changed to say that it was erased; one that still waits is not made. Sessions, deliveries, posts and the counter are locked
-- in this order, and all before the index.
create or replace function polaris_data.erase_copies (
  p_org bigint, p_project bigint, p_session bigint, p_participant text, p_after bigint, p_to bigint, p_seqs bigint[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  v_deliveries uuid[];
  v_delivery uuid;
  v_now timestamptz := clock_timestamp();
begin
  select array_agg(d.delivery_id order by d.delivery_id) into v_deliveries from polaris_data.deliveries d
  where d.org_id = p_org and d.project_id = p_project and d.advice_seq > p_after and d.advice_seq <= p_to
    and (d.session_id = p_session or d.sender = p_participant or d.edited_by = p_participant);
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.session_id in (
    select d.session_id from polaris_data.deliveries d where d.org_id = p_org and d.delivery_id = any (v_deliveries))
  order by s.session_id for no key update;
  perform from polaris_data.deliveries d
  where d.org_id = p_org and d.delivery_id = any (v_deliveries) order by d.delivery_id for no key update;
  update polaris_data.deliveries set body = '' where org_id = p_org and delivery_id = any (v_deliveries);
  -- Why somebody declined stands in the event that says so, too.
  update polaris_data.deliveries d set reason = null
  from polaris_data.events e
  where d.org_id = p_org and d.state = 'declined' and e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs)
    and e.kind = 'delivery' and d.delivery_id::text = e.payload ->> 'delivery';
  update polaris_data.slack_posts set
    text = case when state in ('waiting', 'failed', 'dropped') then '' else '_(erased)_' end,
    state = case state when 'waiting' then 'dropped' else state end,
    reason = case state when 'waiting' then 'erased' else reason end,
    version = version + 1, due_at = case when ts is null then due_at else v_now end
  where org_id = p_org and project_id = p_project and kind not in ('theirs', 'seat', 'digest', 'invite', 'hint')
    and text not in ('', '_(erased)_')
    and (seq = any (p_seqs) or (session_id = p_session and (seq is null or (seq > p_after and seq <= p_to))));
  -- Answers in the channel may quote it; what Slack shows of them is Slack's, this copy is of no use any more.
  update polaris_data.slack_posts set text = ''
  where org_id = p_org and project_id = p_project and seq is null and text not in ('', '_(erased)_') and shown = version
    and state in ('posted', 'failed', 'dropped');
  delete from polaris_data.annotations a where a.org_id = p_org and a.project_id = p_project and a.seq = any (p_seqs);
  for v_delivery in
    select d.delivery_id from polaris_data.deliveries d
    where d.org_id = p_org and d.delivery_id = any (v_deliveries) and d.state in ('held', 'queued', 'sent')
    order by d.delivery_id
  loop
    perform polaris_data.move_delivery(p_org, v_delivery, 'failed', 'erased', null, null, 'polaris');
  end loop;
end;
$$;
comment on function polaris_data.erase_copies is 'Takes away what stands of erased events in other tables.';
