-- Opens the seats of those who drive sessions of a project that they may not see any more. The caller has locked the project. Open
-- seats are locked too: whoever is just about to claim one comes first and is seen here, or waits and is refused (lock_session).
create or replace function polaris_data.end_outsiders (p_org bigint, p_project bigint, p_visibility text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_driver text;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = p_project and s.archived_at is null order by s.session_id for no key update;
  for v_driver in
    select distinct s.driver from polaris_data.sessions s
    where s.org_id = p_org and s.project_id = p_project and not polaris_data.may_see(p_org, s.driver, p_project, p_visibility)
    order by s.driver
  loop
    perform polaris_data.end_seats(p_org, v_driver, p_project);
  end loop;
end;
$$;
comment on function polaris_data.end_outsiders is 'Opens the seats of those who may not see a project any more.';
