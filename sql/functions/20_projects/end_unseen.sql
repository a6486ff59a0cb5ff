-- Opens the seats that a participant holds in projects that it may not see any more, and takes back what it asks for there. Open seats
-- of private projects are locked too, as in end_outsiders: whoever is just about to claim one comes first and is seen here, or waits and
-- is refused.
create or replace function polaris_data.end_unseen (p_org bigint, p_actor text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_project bigint;
begin
  perform from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = p_org and p.visibility <> 'org' and s.archived_at is null
  order by s.project_id, s.session_id for no key update of s;
  for v_project in
    select distinct s.project_id from polaris_data.sessions s
    where s.org_id = p_org and not polaris_data.may_see_id(p_org, p_actor, s.project_id)
      and (s.driver = p_actor or s.session_id in (
        select r.session_id from polaris_data.seat_requests r where r.org_id = p_org and r.actor = p_actor and r.ended_at is null))
    order by s.project_id
  loop
    perform polaris_data.end_seats(p_org, p_actor, v_project);
  end loop;
end;
$$;
comment on function polaris_data.end_unseen is 'Opens the seats that a participant holds in projects that it may not see any more.';
