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
