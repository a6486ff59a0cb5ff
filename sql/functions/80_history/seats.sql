-- Who drove what and when: one row a claim of a seat.
create view polaris_history.seats with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  s.name as session,
  h.epoch,
  h.driver,
  h.claimed_at,
  h.ended_at,
  h.ended_how,
  extract(epoch from coalesce(h.ended_at, statement_timestamp()) - h.claimed_at)::double precision as seconds
from polaris_data.seats h
join polaris_data.sessions s on s.org_id = h.org_id and s.session_id = h.session_id
join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id;

comment on view polaris_history.seats is 'Who drove a session, from when to when. project, session and epoch name a row.';
comment on column polaris_history.seats.project is 'The project''s name.';
comment on column polaris_history.seats.session is 'The session''s name.';
comment on column polaris_history.seats.epoch is 'The number of the claim in its session, from 1.';
comment on column polaris_history.seats.driver is 'Who held the seat.';
comment on column polaris_history.seats.claimed_at is 'From when.';
comment on column polaris_history.seats.ended_at is 'Until when; null: still.';
comment on column polaris_history.seats.ended_how is 'released, expired, archived, taken (by an administrator); null: still held.';
comment on column polaris_history.seats.seconds is 'How long; up to now while it is held.';

grant select on polaris_history.seats to polaris_analyst;
grant select (org_id, session_id, epoch, driver, claimed_at, ended_at, ended_how) on polaris_data.seats to polaris_analyst;
