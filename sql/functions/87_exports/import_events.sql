-- Writes the next events of an import, with the numbers, ids, people and times that the export says; answers the last number. What is
-- there already is passed over, so that a piece may come twice. p_last: the last number that the import wrote. Rows are the lines of
-- polaris.read_export.
-- Fails: 409 import_out_of_order (a number is not the next one, or somebody else wrote), 422 import_not_valid.
create or replace function polaris_data.import_events (p_org bigint, p_project bigint, p_last bigint, p_rows jsonb[])
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_last bigint;
  v_rows jsonb[];
  v_wrong bigint;
begin
  select h.last_seq into strict v_last from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = p_project for no key update;
  if v_last <> p_last then
    perform polaris_data.fail(409, 'import_out_of_order', format('Somebody else wrote #%s.', v_last), 'Begin anew, in another project.');
  end if;
  select array_agg(u.item order by u.ord), min(u.seq) filter (where u.seq <> v_last + u.n)
  into v_rows, v_wrong
  from (
    select u.item, u.ord, (u.item ->> 'seq')::bigint as seq, row_number() over (order by u.ord) as n
    from unnest(p_rows) with ordinality as u (item, ord) where (u.item ->> 'seq')::bigint > v_last) u;
  if v_wrong is not null then
    perform polaris_data.fail(409, 'import_out_of_order', format('Event #%s does not come after #%s.', v_wrong, v_last),
      'Send the events in their order; nothing else may write to the project meanwhile.', jsonb_build_object('last_seq', v_last));
  elsif v_rows is null then
    return v_last;
  end if;
  select min((e.item ->> 'seq')::bigint) into v_wrong
  from unnest(v_rows) as e (item)
  left join polaris_data.sessions s on s.org_id = p_org and s.project_id = p_project and s.name = e.item ->> 'session'
  where (e.item ->> 'session' is not null and s.session_id is null)
    or coalesce(e.item ->> 'actor' !~ '^((user|agent|slack):[a-z0-9][a-z0-9-]{0,62}|polaris)$', true);
  if v_wrong is not null then
    perform polaris_data.fail(422, 'import_not_valid', format('Event #%s names a session or a participant that cannot be.', v_wrong),
      'The export is damaged, or its sessions were left out.');
  end if;
  with given as (
    select coalesce(s.session_id, 0) as session_id, u.ord, r.*, nullif(u.item -> 'payload', 'null') as payload,
      nullif(u.item -> 'facts', 'null') as facts
    from unnest(v_rows) with ordinality as u (item, ord)
    cross join lateral jsonb_to_record(u.item) as r (
      seq bigint, session text, epoch bigint, kind text, actor text, target text, turn text, agent text, body text, client_id text,
      late boolean, occurred_at timestamptz, recorded_at timestamptz, erased_at timestamptz)
    left join polaris_data.sessions s on s.org_id = p_org and s.project_id = p_project and s.name = r.session
  ), columns as (
    select array_agg(g.session_id order by g.ord) as session_id, array_agg(g.epoch order by g.ord) as epoch,
      array_agg(g.kind order by g.ord) as kind, array_agg(g.actor order by g.ord) as actor, array_agg(g.target order by g.ord) as target,
      array_agg(g.turn order by g.ord) as turn, array_agg(g.agent order by g.ord) as agent, array_agg(g.body order by g.ord) as body,
      array_agg(g.payload order by g.ord) as payload, array_agg(g.client_id order by g.ord) as client_id,
      array_agg(g.late order by g.ord) as late, array_agg(g.occurred_at order by g.ord) as occurred_at,
      array_agg(g.facts order by g.ord) as facts, array_agg(g.recorded_at order by g.ord) as recorded_at,
      array_agg(g.erased_at order by g.ord) as erased_at, count(*)::integer as n
    from given g
  )
  select count(*) into v_wrong from columns c
  cross join lateral polaris_data.write_events(
    p_org, array_fill(null::text, array[c.n]), array_fill(p_project, array[c.n]), c.session_id, c.epoch, c.kind, c.actor, c.target, c.turn,
    c.agent, c.body, c.payload, c.client_id, c.late, c.occurred_at, c.facts, c.recorded_at, c.erased_at) w
  where not w.created;
  if v_wrong > 0 then
    perform polaris_data.fail(422, 'import_not_valid', 'Two events of one session have the same client_id.', 'The export is damaged.');
  end if;
  return v_last + cardinality(v_rows);
end;
$$;
comment on function polaris_data.import_events is 'Writes the next events of an import.';
