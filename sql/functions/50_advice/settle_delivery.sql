-- Tells what became of a piece of advice: who held the session's seat under this epoch tells it, and nobody else. seen is for a
-- proof from capture alone. An attempt (sent) needs the seat now; a proof may come from a past driver, and answered from the one who
-- proved it seen. The same again is no change.
-- Fails: 403 not_driver, 404 no_such_delivery, 404 no_such_project, 409 delivery_cannot_become, 422 state_is_known,
-- 422 failure_has_a_reason.
create or replace function polaris.settle_delivery (
  p_org bigint default null, p_actor text default null, p_delivery uuid default null, p_state text default null,
  p_reason text default null, p_path text default null, p_epoch bigint default null
)
returns table (
  changed boolean, delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text,
  state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamptz, sent_at timestamptz,
  seen_at timestamptz, answered_at timestamptz, expires_at timestamptz, edited_by text
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_delivery polaris_data.deliveries;
  v_session polaris_data.sessions;
  v_held boolean;
  v_changed boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  select d.* into v_delivery from polaris_data.deliveries d
  join polaris_data.projects p on p.org_id = d.org_id and p.project_id = d.project_id
  where d.org_id = v_me.org_id and d.delivery_id = p_delivery
    and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility);
  if not found then
    perform polaris_data.fail(404, 'no_such_delivery', format('There is no delivery %s.', p_delivery));
  end if;
  if p_state is null or p_state not in ('queued', 'sent', 'seen', 'answered', 'declined', 'failed') then
    perform polaris_data.fail(422, 'state_is_known', format('%s is not a state that a driver settles.', coalesce(quote_literal(p_state), 'Nothing')));
  end if;
  if p_state = 'failed' and p_reason is null then
    perform polaris_data.fail(422, 'failure_has_a_reason', 'A failure needs a reason.');
  end if;
  select s.* into strict v_session from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.session_id = v_delivery.session_id for no key update;
  select case p_state when 'seen' then true when 'answered' then v_delivery.state <> 'seen' or p_epoch = v_delivery.epoch else t.ended_at is null end into v_held
  from polaris_data.seats t
  where t.org_id = v_me.org_id and t.session_id = v_delivery.session_id and t.epoch = p_epoch and t.driver = v_me.actor;
  if v_held is not true then
    perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s under epoch %s.', coalesce(v_me.actor, 'polaris'), v_session.name, coalesce(p_epoch::text, 'null')), null,
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  v_changed := polaris_data.move_delivery(
    v_me.org_id, p_delivery, p_state, left(polaris_data.clean_words(v_me.org_id, v_me.direct, p_reason), 500),
    left(polaris_data.clean_words(v_me.org_id, v_me.direct, p_path), 50), p_epoch, v_me.actor);
  return query
  select v_changed, r.* from polaris_data.show_deliveries(v_me.org_id, v_delivery.project_id, p_delivery) r;
end;
$$;
comment on function polaris.settle_delivery is 'Tells what became of a piece of advice.';
