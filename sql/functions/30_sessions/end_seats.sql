-- Opens the seats that a participant holds, and takes back what it asks for, in one project or in all. All sessions are locked before the
-- first event: a loop alone would lock the later ones while it holds a counter.
create or replace function polaris_data.end_seats (p_org bigint, p_actor text, p_project bigint default null)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
  v_request record;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and (p_project is null or s.project_id = p_project)
    and (s.driver = p_actor or s.session_id in (
      select r.session_id from polaris_data.seat_requests r where r.org_id = p_org and r.actor = p_actor and r.ended_at is null))
  order by s.project_id, s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver = p_actor and (p_project is null or s.project_id = p_project)
    order by s.project_id, s.session_id
  loop
    perform polaris_data.end_seat(p_org, v_session, 'released');
  end loop;
  for v_request in
    select r.session_id, r.seq from polaris_data.seat_requests r
    join polaris_data.sessions s on s.org_id = r.org_id and s.session_id = r.session_id
    where r.org_id = p_org and r.actor = p_actor and r.ended_at is null and (p_project is null or s.project_id = p_project)
    order by s.project_id, r.session_id
  loop
    perform polaris_data.end_request(p_org, v_request.session_id, v_request.seq, 'withdrawn', p_actor);
  end loop;
end;
$$;
comment on function polaris_data.end_seats is 'Opens the seats that a participant holds, and takes back what it asks for.';
