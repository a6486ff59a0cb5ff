-- The advice that waits for a session's driver, oldest first, with the text that its agent is to be shown; not what has waited
-- too long. Only for who holds the seat under this epoch. Fails: 403 not_driver, 404 no_such_project, 404 no_such_session.
create or replace function polaris.read_advice (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_epoch bigint default null
)
returns table (
  delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text,
  reason text, path text, attempts integer, epoch bigint, queued_at timestamptz, sent_at timestamptz, seen_at timestamptz,
  answered_at timestamptz, expires_at timestamptz, edited_by text, text text, marker text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.driver is null or v_session.driver is distinct from v_me.actor or v_session.epoch is distinct from p_epoch then
    perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s under epoch %s.', coalesce(v_me.actor, 'polaris'), p_session, coalesce(p_epoch::text, 'null')), null,
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  return query
  select r.*, polaris_data.advice_text(r), 'polaris:advice:' || r.delivery_id
  from polaris_data.show_deliveries(v_me.org_id, v_session.project_id, null, v_session.session_id, array['queued', 'sent']) r
  where r.state = 'sent' or r.expires_at > v_now;
end;
$$;
comment on function polaris.read_advice is 'The advice that waits for a session''s driver.';
