-- Opens the seats that a participant holds, of one project or of all. All sessions are locked before the first event: a loop alone
-- would lock the later ones while it holds a counter.
create or replace function polaris_data.end_seats (p_org bigint, p_actor text, p_project bigint default null)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_session bigint;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.driver = p_actor and (p_project is null or s.project_id = p_project)
  order by s.project_id, s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver = p_actor and (p_project is null or s.project_id = p_project)
    order by s.project_id, s.session_id
  loop
    perform polaris_data.end_seat(p_org, v_session, 'released');
  end loop;
end;
$$;
comment on function polaris_data.end_seats is 'Opens the seats that a participant holds.';
