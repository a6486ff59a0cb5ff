-- Renews the leases of many links at once, and tells each whether it still holds its seat. A seat that ran out and that nobody
-- noticed is still the holder's. The arrays are read side by side; an unknown session is simply not held, and so is one of a project
-- that the actor may not see (any more). Only seats that the actors hold are locked.
-- Fails: 422 lease_is_sane.
create or replace function polaris.heartbeat (
  p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer default 60
)
returns table (project text, session text, held boolean, driver text, epoch bigint, lease_until timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_actors text[];
  v_lease timestamptz;
begin
  v_me := polaris_data.acting(p_org, null);
  v_actors := case when v_me.direct then array_fill(v_me.actor, array[coalesce(cardinality(p_session), 0)]) else p_actor end;
  if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
    perform polaris_data.fail(422, 'lease_is_sane', 'A lease takes 1 second to a day.');
  end if;
  v_lease := clock_timestamp() + make_interval(secs => p_lease_seconds);
  perform from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = v_me.org_id and (p.name, s.name, s.driver) in (select * from unnest(p_project, p_session, v_actors))
  order by s.project_id, s.session_id for no key update of s;
  update polaris_data.sessions s set lease_until = v_lease
  from unnest(v_actors, p_project, p_session, p_epoch) as x (actor, project, session, epoch)
  join polaris_data.projects p on p.org_id = v_me.org_id and p.name = x.project
  where s.org_id = v_me.org_id and s.project_id = p.project_id and s.name = x.session
    and s.driver = x.actor and s.epoch = x.epoch;
  return query
  select x.project, x.session, coalesce(s.driver = x.actor and s.epoch = x.epoch, false), s.driver, s.epoch, s.lease_until
  from unnest(v_actors, p_project, p_session, p_epoch) with ordinality as x (actor, project, session, epoch, ord)
  left join polaris_data.projects p on p.org_id = v_me.org_id and p.name = x.project
    and polaris_data.may_see(v_me.org_id, x.actor, p.project_id, p.visibility)
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.project_id = p.project_id and s.name = x.session
  order by x.ord;
end;
$$;
comment on function polaris.heartbeat is 'Renews the leases of many links at once.';
