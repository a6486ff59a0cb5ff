-- Moves a delivery to another state and writes the event that tells it. Once there it stays: the same state again changes nothing
-- and answers false. Fails: 409 delivery_cannot_become.
create or replace function polaris_data.move_delivery (
  p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text
)
returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_old polaris_data.deliveries;
  v_new polaris_data.deliveries;
  v_now timestamptz := clock_timestamp();
begin
  select d.* into strict v_old from polaris_data.deliveries d
  where d.org_id = p_org and d.delivery_id = p_delivery for no key update;
  if v_old.state = p_state then
    return false;
  end if;
  if not polaris_data.delivery_may_become(v_old.state, p_state) then
    perform polaris_data.fail(409, 'delivery_cannot_become', format('A delivery that is %s cannot become %s.', v_old.state, p_state), null,
      jsonb_build_object('state', v_old.state));
  end if;
  update polaris_data.deliveries d set
    state = p_state,
    reason = p_reason,
    path = coalesce(p_path, d.path),
    epoch = coalesce(p_epoch, d.epoch),
    attempts = d.attempts + (p_state = 'sent')::integer,
    sent_at = case p_state when 'sent' then v_now else d.sent_at end,
    seen_at = case p_state when 'seen' then v_now else d.seen_at end,
    answered_at = case p_state when 'answered' then v_now else d.answered_at end
  where d.org_id = p_org and d.delivery_id = p_delivery
  returning d.* into v_new;
  perform polaris_data.write_event(p_org, v_new.project_id, v_new.session_id, v_new.epoch, 'delivery', p_actor, v_new.sender,
    concat_ws(': ', p_state, p_reason),
    jsonb_build_object('delivery', v_new.delivery_id, 'advice_seq', v_new.advice_seq, 'state', p_state, 'reason', p_reason,
      'path', v_new.path, 'attempts', v_new.attempts)
      || case when v_new.edited_by is null then '{}' else jsonb_build_object('edited_by', v_new.edited_by) end,
    format('polaris:delivery:%s:%s:%s', v_new.delivery_id, p_state, v_new.attempts));
  return true;
end;
$$;
comment on function polaris_data.move_delivery is 'Moves a delivery to another state and writes the event that tells it.';
