-- A page of history for people to look at: as read_events, without the weight. Bodies are cut to so many characters (body_characters is
-- the whole length), and a payload is left out where no page shows it or where it is too large.
-- Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.read_entries (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_after bigint default null, p_before bigint default null, p_limit integer default 100, p_kind text[] default null,
  p_by text[] default null, p_characters integer default 4000, p_payload_bytes integer default 65536
)
returns table (
  seq bigint, project text, session text, epoch bigint, kind text, actor text, speaker text, target text, turn text, agent text,
  body text, payload text, client_id text, late boolean, occurred_at timestamptz, recorded_at timestamptz, body_characters integer,
  facts text, erased_at timestamptz
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select r.seq, r.project, r.session, r.epoch, r.kind, r.actor, r.speaker, r.target, r.turn, r.agent, left(r.body, p_characters),
    case when octet_length(r.payload) <= p_payload_bytes and r.kind in (
      'tool.call', 'tool.result', 'delivery', 'advice', 'turn.interrupted', 'annotation', 'seat.asked', 'seat.settled', 'driver.taken')
      then r.payload end,
    r.client_id, r.late, r.occurred_at, r.recorded_at, char_length(r.body),
    r.facts, r.erased_at
  from polaris.read_events(p_org, p_actor, p_project, p_session, p_after, p_before, p_limit, p_kind, p_by) r;
end;
$$;
comment on function polaris.read_entries is 'A page of history for people to look at.';
