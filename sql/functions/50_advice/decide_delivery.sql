-- The driver's yes or no to advice that is held: send lets it go, with the driver's wording where one is given (edited_by then says
-- so, and the advice event keeps the sender's own); dismiss declines it. Where an agent drives, or nobody does, the session's maker
-- and administrators decide, too.
-- Fails: 403 not_driver, 404 no_such_project, 404 no_such_delivery, 409 delivery_cannot_become, 422 decision_is_known,
-- 422 body_is_there, 422 body_is_short.
create or replace function polaris.decide_delivery (
  p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text default null, p_reason text default null
)
returns setof polaris_data.delivery_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_delivery polaris_data.deliveries;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_decision is null or p_decision not in ('send', 'dismiss') then
    perform polaris_data.fail(422, 'decision_is_known', 'A decision is send or dismiss.');
  end if;
  if p_body is not null then
    perform polaris_data.require_body(p_body, 8000);
    p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  end if;
  select d.* into v_delivery from polaris_data.deliveries d
  where d.org_id = v_me.org_id and d.delivery_id = p_delivery and d.project_id = v_project.project_id;
  if not found then
    perform polaris_data.fail(404, 'no_such_delivery', format('There is no delivery %s in project %s.', p_delivery, p_project));
  end if;
  select s.* into strict v_session from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.session_id = v_delivery.session_id for no key update;
  select d.* into strict v_delivery from polaris_data.deliveries d
  where d.org_id = v_me.org_id and d.delivery_id = p_delivery for no key update;
  if v_me.actor is distinct from v_session.driver and not (
    coalesce(v_session.driver, 'agent:') like 'agent:%'
    and (v_me.actor is not distinct from v_session.created_by or coalesce(polaris_data.role_of(v_me.org_id, v_me.actor), 'admin') = 'admin')) then
    perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s.', v_me.actor, v_session.name), 'Claim the seat first.',
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  if v_delivery.state <> 'held' then
    perform polaris_data.fail(409, 'delivery_cannot_become', format('This advice is %s already.', v_delivery.state), null,
      jsonb_build_object('state', v_delivery.state));
  end if;
  if p_decision = 'send' then
    if p_body <> v_delivery.body then
      update polaris_data.deliveries set body = p_body, edited_by = v_me.actor where org_id = v_me.org_id and delivery_id = p_delivery;
    end if;
    perform polaris_data.move_delivery(v_me.org_id, p_delivery, 'queued', null, null, null, coalesce(v_me.actor, 'polaris'));
  else
    perform polaris_data.move_delivery(
      v_me.org_id, p_delivery, 'declined', left(polaris_data.clean_words(v_me.org_id, v_me.direct, p_reason), 500), null, null,
      coalesce(v_me.actor, 'polaris'));
  end if;
  return query select * from polaris_data.show_deliveries(v_me.org_id, v_project.project_id, p_delivery);
end;
$$;
comment on function polaris.decide_delivery is 'The driver''s yes or no to advice that is held.';
