-- Writes rows of one part of an import; answers the last number of the project. p_what and the rows are those of polaris.read_export. What
-- is there already is passed over. Nobody drives an imported session, so a seat that was held when the export was made ended then; advice
-- that waited then is not given to anybody here: it has failed. A delivery keeps its id unless the organization has it already, as it
-- does beside the original. Administrators only, and the service only.
-- Fails: 403 admin_only, 404 no_such_project, 409 import_is_another, 409 import_is_done, 409 import_out_of_order, 422 import_not_valid.
create or replace function polaris.import_rows (p_org bigint, p_actor text, p_project text, p_digest bytea, p_what text, p_rows text[])
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_import polaris_data.imports := polaris_data.lock_import(p_org, p_actor, p_project, p_digest);
  v_project bigint := v_import.project_id;
  v_at timestamptz := (v_import.source ->> 'exported_at')::timestamptz;
  v_rows jsonb[] := p_rows::jsonb[];
  v_last bigint;
begin
  if v_import.done_at is not null then
    perform polaris_data.fail(409, 'import_is_done', format('The import of %s is complete.', p_project), 'It is not changed any more.');
  end if;
  if p_what = 'session' then
    insert into polaris_data.sessions (org_id, project_id, name, created_by, created_at, archived_at, epoch)
    select p_org, v_project, r.name, r.created_by, r.created_at, r.archived_at, r.epoch
    from unnest(v_rows) with ordinality as u (item, ord)
    cross join lateral jsonb_to_record(u.item) as r (
      name text, created_by text, created_at timestamptz, archived_at timestamptz, epoch bigint)
    order by u.ord
    on conflict do nothing;
  elsif p_what = 'seat' then
    insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at, ended_at, ended_how)
    select p_org, s.session_id, r.epoch, r.driver, r.claimed_at, coalesce(r.ended_at, v_at), coalesce(r.ended_how, 'released')
    from unnest(v_rows) as u (item)
    cross join lateral jsonb_to_record(u.item) as r (
      session text, epoch bigint, driver text, claimed_at timestamptz, ended_at timestamptz, ended_how text)
    join polaris_data.sessions s on s.org_id = p_org and s.project_id = v_project and s.name = r.session
    on conflict do nothing;
  elsif p_what = 'event' then
    v_last := polaris_data.import_events(p_org, v_project, v_import.last_seq, v_rows);
    update polaris_data.imports set last_seq = v_last where org_id = p_org and project_id = v_project;
  elsif p_what = 'delivery' then
    insert into polaris_data.deliveries (
      org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, reason, path, attempts, epoch, queued_at,
      sent_at, seen_at, answered_at, expires_at, edited_by)
    select p_org,
      case when exists (select from polaris_data.deliveries d
          where d.org_id = p_org and d.delivery_id = r.delivery_id and d.project_id <> v_project)
        then md5(v_project || ':' || r.delivery_id)::uuid else r.delivery_id end,
      v_project, s.session_id, r.advice_seq, r.sender, r.sender_class, r.body,
      case when r.state in ('held', 'queued', 'sent') then 'failed' else r.state end,
      case when r.state in ('held', 'queued', 'sent') then 'imported' else r.reason end,
      r.path, r.attempts, r.epoch, r.queued_at, r.sent_at, r.seen_at, r.answered_at, r.expires_at, r.edited_by
    from unnest(v_rows) as u (item)
    cross join lateral jsonb_to_record(u.item) as r (
      delivery_id uuid, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text,
      attempts integer, epoch bigint, queued_at timestamptz, sent_at timestamptz, seen_at timestamptz, answered_at timestamptz,
      expires_at timestamptz, edited_by text)
    join polaris_data.sessions s on s.org_id = p_org and s.project_id = v_project and s.name = r.session
    on conflict do nothing;
  elsif p_what = 'annotation' then
    insert into polaris_data.annotations (org_id, project_id, seq, session_id, what, about, actor, at, closed_at, closed_by, closed_seq)
    select p_org, v_project, r.seq, coalesce(s.session_id, 0), r.what, r.about, r.actor, r.at, r.closed_at, r.closed_by, r.closed_seq
    from unnest(v_rows) as u (item)
    cross join lateral jsonb_to_record(u.item) as r (
      seq bigint, session text, what text, about bigint, actor text, at timestamptz, closed_at timestamptz, closed_by text,
      closed_seq bigint)
    left join polaris_data.sessions s on s.org_id = p_org and s.project_id = v_project and s.name = r.session
    on conflict do nothing;
  else
    perform polaris_data.fail(422, 'import_not_valid', format('An export has no part %s.', coalesce(left(p_what, 80), 'of no name')));
  end if;
  select h.last_seq into strict v_last from polaris_data.project_heads h where h.org_id = p_org and h.project_id = v_project;
  return v_last;
end;
$$;
comment on function polaris.import_rows is 'Writes rows of one part of an import.';
