-- How long the record is kept, what must not be deleted, and what was.
create table polaris_data.retention (
  org_id bigint not null,
  project_id bigint not null,
  keep_days integer not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint retention_pkey primary key (org_id, project_id),
  constraint retention_is_sane check (keep_days between 1 and 36500)
);
comment on table polaris_data.retention is 'How many days of events are kept. project_id 0: every project of the organization that has no row of its own.';

create table polaris_data.legal_holds (
  org_id bigint not null,
  hold_id bigint generated always as identity,
  project_id bigint not null,
  reason text not null,
  placed_by text not null,
  placed_at timestamptz not null,
  lifted_by text,
  lifted_at timestamptz,
  constraint legal_holds_pkey primary key (org_id, hold_id),
  constraint hold_reason_is_short check (char_length(reason) between 1 and 500)
);
create unique index hold_is_placed on polaris_data.legal_holds (org_id, project_id) where lifted_at is null;
comment on table polaris_data.legal_holds is 'What nothing may be deleted from while it stands. project_id 0: the whole organization.';

-- A request to take content away lives until it is done: a crash in the middle only interrupts it.
create table polaris_data.erasures (
  org_id bigint not null,
  erasure_id bigint generated always as identity,
  project_id bigint not null,
  session_id bigint not null,
  participant text,
  reason text not null,
  asked_by text not null,
  asked_at timestamptz not null,
  erased bigint not null default 0,
  done_at timestamptz,
  constraint erasures_pkey primary key (org_id, erasure_id),
  constraint erasure_reason_is_short check (char_length(reason) between 1 and 500)
);
comment on table polaris_data.erasures is 'Content that was taken away, or is being: of a session, or of a person (participant). Tombstones keep seq and client_id.';
