-- The sessions of a project as everybody is shown them; with an id, only that one.
create or replace function polaris_data.show_sessions (p_org bigint, p_project bigint, p_session bigint default null)
returns setof polaris_data.session_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select s.org_id, s.project_id, s.session_id, p.name, s.name, s.driver, s.epoch,
    case when s.driver is null then 'open' else 'held' end, s.lease_until, s.created_by, s.created_at, s.archived_at,
    coalesce((select e.seq from polaris_data.events e
      where e.org_id = p_org and e.session_id = s.session_id order by e.seq desc limit 1), 0),
    (select count(*) from polaris_data.deliveries d
      where d.org_id = p_org and d.session_id = s.session_id and d.state in ('held', 'queued', 'sent')),
    (select t.claimed_at from polaris_data.seats t
      where t.org_id = p_org and t.session_id = s.session_id and t.epoch = s.epoch and t.ended_at is null),
    case when s.driver is null and s.reserved_until > clock_timestamp() then s.reserved_for end,
    case when s.driver is null and s.reserved_until > clock_timestamp() then s.reserved_until end
  from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = p_org and s.project_id = p_project and (p_session is null or s.session_id = p_session)
  order by s.name;
$$;
comment on function polaris_data.show_sessions is 'The sessions of a project as everybody is shown them.';
