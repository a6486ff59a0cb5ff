-- Which of these web sessions no longer open anything in the organization beside it: ended, too old, or the membership is. One query
-- for all that hangs on a process. The service only.
create or replace function polaris.list_dead_web_sessions (p_sessions bigint[], p_orgs bigint[])
returns table (web_session_id bigint, org_id bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select x.session_id, x.org_id
  from unnest(p_sessions, p_orgs) as x (session_id, org_id)
  left join polaris_data.web_sessions w on w.web_session_id = x.session_id
  left join polaris_data.members m on m.org_id = x.org_id and m.person_id = w.person_id and m.removed_at is null
  where m.handle is null or least(w.seen_at + interval '12 hours', w.created_at + interval '7 days') <= v_now;
end;
$$;
comment on function polaris.list_dead_web_sessions is 'Which of these web sessions no longer open anything.';
