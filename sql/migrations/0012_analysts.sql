-- Analysts: Postgres logins that read the views of polaris_history, each of its own organization.
alter table polaris_data.logins
  add column kind text not null default 'client',
  add column sees_private boolean not null default false,
  add constraint login_kind_is_known check (kind in ('client', 'analyst'));
comment on column polaris_data.logins.kind is 'client: a participant''s own; analyst: reads history and does nothing else.';
comment on column polaris_data.logins.sees_private is 'An analyst whom an administrator let read private projects too.';

-- Whose rows: asked of session_user, which no setting and no other role changes. Both are made anew with the functions; until then
-- nobody sees anything.
create function polaris_history.own_org () returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp as 'select null::bigint';
comment on function polaris_history.own_org () is 'The organization of the analyst who asks.';
create function polaris_history.sees_private () returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as 'select false';
comment on function polaris_history.sees_private () is 'Whether the analyst who asks may read private projects.';

-- The wall. It stands on the tables and not in the views, because a view can be written wrongly. Each look-up is a (select …), so
-- that it runs once a query and not once a row. The owner is not forced through it: no function of Polaris gets slower.
alter table polaris_data.projects enable row level security;
alter table polaris_data.sessions enable row level security;
alter table polaris_data.seats enable row level security;
alter table polaris_data.events enable row level security;
alter table polaris_data.deliveries enable row level security;
alter table polaris_data.annotations enable row level security;
alter table polaris_data.commits enable row level security;
alter table polaris_data.usage enable row level security;

create policy analysts on polaris_data.projects for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and (visibility = 'org' or (select polaris_history.sees_private())));
create policy analysts on polaris_data.sessions for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and project_id in (select p.project_id from polaris_data.projects p));
create policy analysts on polaris_data.seats for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and session_id in (select s.session_id from polaris_data.sessions s));
create policy analysts on polaris_data.events for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and project_id in (select p.project_id from polaris_data.projects p));
create policy analysts on polaris_data.deliveries for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and project_id in (select p.project_id from polaris_data.projects p));
create policy analysts on polaris_data.annotations for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and project_id in (select p.project_id from polaris_data.projects p));
create policy analysts on polaris_data.commits for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and project_id in (select p.project_id from polaris_data.projects p));
create policy analysts on polaris_data.usage for select to polaris_analyst using (
  org_id = (select polaris_history.own_org()) and project_id in (select p.project_id from polaris_data.projects p));

-- What the planner knows of a column it knows of everybody's values, and EXPLAIN says how many rows it expects: with a histogram of
-- names behind that, an analyst finds the names of another organization by halving. So no statistics are kept of texts that say
-- something. Look-ups do not need them: each goes by an index that begins with the organization. "type text" changes nothing and
-- takes away what was collected before.
alter table polaris_data.projects
  alter column name type text, alter column name set statistics 0;
alter table polaris_data.sessions
  alter column name type text, alter column name set statistics 0,
  alter column created_by type text, alter column created_by set statistics 0,
  alter column driver type text, alter column driver set statistics 0;
alter table polaris_data.seats
  alter column driver type text, alter column driver set statistics 0;
alter table polaris_data.events
  alter column actor type text, alter column actor set statistics 0,
  alter column target type text, alter column target set statistics 0,
  alter column turn type text, alter column turn set statistics 0,
  alter column agent type text, alter column agent set statistics 0,
  alter column body type text, alter column body set statistics 0;
alter table polaris_data.deliveries
  alter column sender type text, alter column sender set statistics 0,
  alter column body type text, alter column body set statistics 0,
  alter column edited_by type text, alter column edited_by set statistics 0,
  alter column reason type text, alter column reason set statistics 0;
alter table polaris_data.annotations
  alter column actor set statistics 0, alter column closed_by set statistics 0;
alter table polaris_data.commits
  alter column commit set statistics 0, alter column turn set statistics 0, alter column repository set statistics 0,
  alter column branch set statistics 0, alter column subject set statistics 0;
alter table polaris_data.usage
  alter column agent set statistics 0, alter column message set statistics 0, alter column turn set statistics 0,
  alter column actor set statistics 0, alter column model set statistics 0;
