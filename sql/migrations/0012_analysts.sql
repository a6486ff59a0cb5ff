-- Analysts: Postgres logins that read the views of polaris_history, each of its own organization.
alter table polaris_data.logins
  add column kind text not null default 'client',
  add column sees_private boolean not null default false,
  add constraint login_kind_is_known check (kind in ('client', 'analyst'));
comment on column polaris_data.logins.kind is 'client: a participant''s own; analyst: reads history and does nothing else.';
comment on column polaris_data.logins.sees_private is 'An analyst whom an administrator let read private projects too.';
