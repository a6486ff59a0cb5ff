-- Workstreams: one row a session, with its seat as it is now.
create view polaris_history.sessions with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  s.name as session,
  p.visibility = 'private' as private,
  s.created_by,
  s.created_at,
  case when s.driver is null then 'open' else 'held' end as seat,
  s.driver,
  s.epoch,
  s.lease_until,
  s.archived_at
from polaris_data.sessions s
join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id;

comment on view polaris_history.sessions is 'Sessions with their seats as they are now. project and session name a row.';
comment on column polaris_history.sessions.project is 'The project''s name.';
comment on column polaris_history.sessions.session is 'The session''s name, unique in its project.';
comment on column polaris_history.sessions.private is 'The project is private; only logins that may see private projects have such rows.';
comment on column polaris_history.sessions.created_by is 'The participant who made it.';
comment on column polaris_history.sessions.created_at is 'When it was made.';
comment on column polaris_history.sessions.seat is 'held or open.';
comment on column polaris_history.sessions.driver is 'Who holds the seat; null while it is open.';
comment on column polaris_history.sessions.epoch is 'How often the seat was claimed so far.';
comment on column polaris_history.sessions.lease_until is 'When the seat becomes open unless its holder is heard of.';
comment on column polaris_history.sessions.archived_at is 'When it was archived; null while it is in use.';

grant select on polaris_history.sessions to polaris_analyst;
grant select (visibility) on polaris_data.projects to polaris_analyst;
grant select (org_id, session_id, project_id, name, created_by, created_at, archived_at, epoch, driver, lease_until)
on polaris_data.sessions to polaris_analyst;
