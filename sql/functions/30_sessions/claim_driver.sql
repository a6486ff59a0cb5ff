-- Gives the seat to the caller: of two who try at once one wins, the other is told who drives. Who holds it already has its
-- lease renewed: created is then false.
-- Fails: 404 no_such_project, 404 no_such_session, 409 seat_is_held (detail: the driver), 409 seat_is_reserved
-- (detail: for whom), 409 session_is_archived, 422 lease_is_sane.
create or replace function polaris.claim_driver (
  p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer default 60
)
returns table (
  created boolean, org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text, epoch bigint,
  seat text, lease_until timestamptz, created_by text, created_at timestamptz, archived_at timestamptz, last_seq bigint,
  advice_waiting bigint, driver_since timestamptz, reserved_for text, reserved_until timestamptz
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_created boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_lease(v_me.actor, p_lease_seconds);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another one.');
  end if;
  v_created := polaris_data.take_seat(v_me.org_id, v_session.session_id, v_me.actor, p_lease_seconds);
  if v_created is null and v_session.driver is null then
    perform polaris_data.fail(409, 'seat_is_reserved', format('The seat of %s was released to %s.', p_session, v_session.reserved_for),
      format('Wait until %s, or ask for it.', to_char(v_session.reserved_until at time zone 'UTC', 'HH24:MI:SS"Z"')),
      jsonb_build_object('reserved_for', v_session.reserved_for, 'reserved_until', v_session.reserved_until));
  elsif v_created is null then
    perform polaris_data.fail(409, 'seat_is_held', format('%s drives %s.', v_session.driver, p_session),
      'Ask for the seat, or advise: polaris inject.', jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  return query
  select v_created, r.* from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id) r;
end;
$$;
comment on function polaris.claim_driver is 'Gives the seat to the caller, if it is free.';
