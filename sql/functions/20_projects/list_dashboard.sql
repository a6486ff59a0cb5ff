-- What a person sees first: each project that it may see, how much of it is unread, and who drives what in it now. Archived sessions
-- are left out. The last event is looked up as in write_events: only one index fits, whatever the statistics say.
create or replace function polaris.list_dashboard (p_org bigint, p_actor text)
returns table (
  name text, visibility text, created_by text, archived_at timestamptz, last_seq bigint, unread bigint, last_at timestamptz, sessions jsonb
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
#variable_conflict use_column
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select r.name, r.visibility, r.created_by, r.archived_at, r.last_seq,
    r.last_seq - greatest(r.first_seq - 1, coalesce((
      select m.seq from polaris_data.read_marks m
      where m.org_id = v_me.org_id and m.project_id = r.project_id and m.actor = v_me.actor), 0)),
    (select e.recorded_at from polaris_data.events e
     where e.org_id = v_me.org_id and e.project_id = r.project_id and e.seq between r.last_seq and r.last_seq
     order by e.seq limit 1),
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'name', s.name, 'driver', s.driver, 'epoch', s.epoch, 'lease_until', s.lease_until, 'last_seq', s.last_seq,
        'advice_waiting', s.advice_waiting) order by s.name)
      from polaris_data.show_sessions(v_me.org_id, r.project_id) s where s.archived_at is null), '[]')
  from polaris_data.show_projects(v_me.org_id) r
  where polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
  order by r.archived_at is not null, r.name;
end;
$$;
comment on function polaris.list_dashboard is 'What a person sees first.';
