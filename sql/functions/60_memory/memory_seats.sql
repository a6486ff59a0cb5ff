-- The seats that a participant has held in a project, or in one session of it, the newest first, 50 at most: between which events.
-- last_seq null: it holds the seat now. What retention took counts as 0.
create or replace function polaris_data.memory_seats (p_org bigint, p_project bigint, p_session bigint, p_actor text)
returns table (
  session_id bigint, session text, epoch bigint, claimed_at timestamptz, ended_at timestamptz, ended_how text, first_seq bigint,
  last_seq bigint
)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select t.session_id, t.name, t.epoch, t.claimed_at, t.ended_at, t.ended_how,
    coalesce(polaris_data.seat_seq(p_org, p_project, t.session_id, t.epoch, 'claimed'), 0),
    case when t.ended_at is not null then coalesce(polaris_data.seat_seq(p_org, p_project, t.session_id, t.epoch, 'ended'), 0) end
  from (
    select x.*, s.name from polaris_data.sessions s
    join polaris_data.seats x on x.org_id = p_org and x.session_id = s.session_id
    where s.org_id = p_org and s.project_id = p_project and (p_session is null or s.session_id = p_session) and x.driver = p_actor
    order by x.claimed_at desc, x.session_id, x.epoch desc limit 50) t
  order by t.claimed_at desc, t.session_id, t.epoch desc;
$$;
comment on function polaris_data.memory_seats is 'The seats that a participant has held in a project.';
