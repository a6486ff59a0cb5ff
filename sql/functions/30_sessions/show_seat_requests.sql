-- Requests for the seats of a project's sessions as everybody is shown them, oldest first; of one session, by number, the newest p_limit.
create or replace function polaris_data.show_seat_requests (
  p_org bigint, p_project bigint, p_session bigint default null, p_seq bigint default null, p_limit integer default 1000
)
returns setof polaris_data.seat_request_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select x.* from (
    select r.seq, p.name, s.name as session, r.actor, coalesce(e.body, '') as note, r.asked_at, r.expires_at, r.ended_at, r.ended_how,
      r.ended_by, r.delivery_id, d.state
    from polaris_data.sessions s
    join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
    join polaris_data.seat_requests r on r.org_id = s.org_id and r.session_id = s.session_id
    left join polaris_data.events e on e.org_id = s.org_id and e.project_id = s.project_id and e.seq = r.seq
    left join polaris_data.deliveries d on d.org_id = r.org_id and d.delivery_id = r.delivery_id
    where s.org_id = p_org and s.project_id = p_project
      and (p_session is null or s.session_id = p_session)
      and (p_seq is null or r.seq = p_seq)
    order by r.seq desc limit p_limit) x
  order by x.seq;
$$;
comment on function polaris_data.show_seat_requests is 'Requests for the seats of a project''s sessions as everybody is shown them.';
