-- Opens the seats of those who drive sessions of a project that they may not see any more, and takes back what they ask for. The caller
-- has locked the project. Open seats are locked too: whoever is just about to claim one, or to ask for one, comes first and is seen
-- here, or waits and is refused (lock_session).
create or replace function polaris_data.end_outsiders (p_org bigint, p_project bigint, p_visibility text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_driver text;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = p_project and s.archived_at is null order by s.session_id for no key update;
  for v_driver in
    select x.driver from (
      select s.driver from polaris_data.sessions s
      where s.org_id = p_org and s.project_id = p_project
      union
      select r.actor from polaris_data.seat_requests r
      join polaris_data.sessions s on s.org_id = r.org_id and s.session_id = r.session_id
      where r.org_id = p_org and s.project_id = p_project and r.ended_at is null) x
    where not polaris_data.may_see(p_org, x.driver, p_project, p_visibility)
    order by x.driver
  loop
    perform polaris_data.end_seats(p_org, v_driver, p_project);
  end loop;
end;
$$;
comment on function polaris_data.end_outsiders is 'Opens the seats of those who may not see a project any more.';
