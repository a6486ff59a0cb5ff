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
  constraint hold_reason_is_short check (char_length(reason) between 1 and 500),
  constraint hold_end_is_whole check ((lifted_at is null) = (lifted_by is null))
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
  constraint erasure_reason_is_short check (char_length(reason) between 1 and 500),
  constraint erasure_has_one_target check ((session_id = 0) = (participant is not null))
);
create index erasures_undone on polaris_data.erasures (org_id, erasure_id) where done_at is null;
comment on table polaris_data.erasures is 'Content that was taken away, or is being: of a session, or of a person (participant). Tombstones keep seq and client_id.';
comment on column polaris_data.erasures.erased is 'How many events are tombstones by it.';

create table polaris_data.erasure_parts (
  org_id bigint not null,
  erasure_id bigint not null,
  project_id bigint not null,
  seq bigint not null default 0,
  until_seq bigint not null,
  constraint erasure_parts_pkey primary key (org_id, erasure_id, project_id),
  constraint erasure_parts_erasure_fkey foreign key (org_id, erasure_id) references polaris_data.erasures (org_id, erasure_id)
) with (fillfactor = 50);
comment on table polaris_data.erasure_parts is 'How far an erasure has come in each project; what was said after until_seq, when it was asked for, is not meant.';

create type polaris_data.retention_row as (
  project text, keep_days integer, set_by text, set_at timestamptz, in_force integer, first_seq bigint
);
create type polaris_data.hold_row as (
  hold_id bigint, project text, reason text, placed_by text, placed_at timestamptz, lifted_by text, lifted_at timestamptz
);
create type polaris_data.erasure_row as (
  erasure_id bigint, project text, session text, participant text, reason text, asked_by text, asked_at timestamptz, erased bigint,
  done_at timestamptz, held boolean
);
