-- The record: projects, sessions, seats, events, deliveries.

create table polaris_data.projects (
  org_id bigint not null,
  project_id bigint generated always as identity,
  name text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  archived_at timestamptz,
  first_seq bigint not null default 1,
  constraint projects_pkey primary key (org_id, project_id),
  constraint project_exists unique (org_id, name),
  constraint projects_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint name_is_a_slug check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);
comment on table polaris_data.projects is 'Pools of context. first_seq: what lies below it was taken by retention.';

-- The hot counter, alone in a narrow table: every update is a HOT update, no index is touched.
create table polaris_data.project_heads (
  org_id bigint not null,
  project_id bigint not null,
  last_seq bigint not null default 0,
  constraint project_heads_pkey primary key (org_id, project_id),
  constraint project_heads_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
comment on table polaris_data.project_heads is 'The last number of each project. Whoever writes events holds the row until commit: that makes seq gapless and commit-ordered.';

create table polaris_data.sessions (
  org_id bigint not null,
  session_id bigint generated always as identity,
  project_id bigint not null,
  name text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  archived_at timestamptz,
  epoch bigint not null default 0,
  driver text,
  lease_until timestamptz,
  constraint sessions_pkey primary key (org_id, session_id),
  constraint session_exists unique (org_id, project_id, name),
  constraint sessions_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id),
  constraint name_is_a_slug check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  constraint held_seat_has_a_lease check ((driver is null) = (lease_until is null))
) with (fillfactor = 70);
create index sessions_by_lease on polaris_data.sessions (org_id, lease_until) where driver is not null;
comment on table polaris_data.sessions is 'Workstreams. driver null = the seat is open; an open seat keeps its last epoch.';

create table polaris_data.seats (
  org_id bigint not null,
  session_id bigint not null,
  epoch bigint not null,
  driver text not null,
  claimed_at timestamptz not null,
  ended_at timestamptz,
  ended_how text,
  constraint seats_pkey primary key (org_id, session_id, epoch),
  constraint seats_session_fkey foreign key (org_id, session_id) references polaris_data.sessions (org_id, session_id),
  constraint seat_end_is_known check (ended_how in ('released', 'expired', 'archived')),
  constraint seat_end_is_whole check ((ended_at is null) = (ended_how is null))
);
create unique index session_has_one_driver on polaris_data.seats (org_id, session_id) where ended_at is null;
comment on table polaris_data.seats is 'Who drove a session under which epoch: what lets an offline laptop deliver late, and nobody else.';

-- No foreign keys here: the one writer resolved the ids in the same transaction, projects and sessions are never deleted, and a
-- check a row would cost a tenth of the ingest.
create table polaris_data.events (
  org_id bigint not null,
  project_id bigint not null,
  seq bigint not null,
  session_id bigint not null,
  epoch bigint,
  kind text not null,
  actor text not null,
  target text,
  turn text,
  agent text,
  body text not null,
  payload jsonb,
  client_id text not null,
  late boolean not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  constraint events_pkey primary key (org_id, project_id, seq),
  constraint kind_is_known check (kind in (
    'session.created', 'session.archived', 'driver.claimed', 'driver.released', 'driver.expired', 'prompt', 'message', 'reply',
    'tool.call', 'tool.result', 'turn.interrupted', 'notice', 'advice', 'delivery', 'floor', 'annotation'))
);
create unique index client_id_is_taken on polaris_data.events (org_id, project_id, session_id, client_id);
create index events_by_session on polaris_data.events (org_id, session_id, seq);
create index events_by_time on polaris_data.events using brin (recorded_at);
comment on table polaris_data.events is 'The record, append-only. session_id 0: the event belongs to the project as a whole.';
comment on column polaris_data.events.late is 'Pushed after the seat of its epoch had ended.';
comment on column polaris_data.events.payload is 'The agent''s own JSON, redacted.';

-- lz4 halves the price of an 8 KB payload; a server may be built without it.
do $$
begin
  execute 'alter table polaris_data.events alter column payload set compression lz4';
exception when feature_not_supported then
  null;
end $$;

create table polaris_data.deliveries (
  org_id bigint not null,
  delivery_id uuid not null,
  project_id bigint not null,
  session_id bigint not null,
  advice_seq bigint not null,
  sender text not null,
  sender_class text not null,
  body text not null,
  state text not null,
  reason text,
  path text,
  attempts integer not null default 0,
  epoch bigint,
  queued_at timestamptz not null,
  sent_at timestamptz,
  seen_at timestamptz,
  answered_at timestamptz,
  expires_at timestamptz not null,
  constraint deliveries_pkey primary key (org_id, delivery_id),
  constraint delivery_has_one_advice unique (org_id, project_id, advice_seq),
  constraint deliveries_session_fkey foreign key (org_id, session_id) references polaris_data.sessions (org_id, session_id),
  constraint state_is_known check (state in ('held', 'queued', 'sent', 'seen', 'answered', 'declined', 'expired', 'failed')),
  constraint sender_class_is_known check (sender_class in ('human', 'agent', 'slack')),
  constraint failure_has_a_reason check (state <> 'failed' or reason is not null)
);
create index deliveries_waiting on polaris_data.deliveries (org_id, session_id, advice_seq) where state in ('held', 'queued', 'sent');
create index deliveries_by_session on polaris_data.deliveries (org_id, session_id, advice_seq);
create index deliveries_by_expiry on polaris_data.deliveries (org_id, expires_at) where state in ('held', 'queued', 'sent');
comment on table polaris_data.deliveries is 'What became of each piece of advice.';

-- The shapes that several functions answer with.
create type polaris_data.project_row as (
  org_id bigint, project_id bigint, name text, created_by text, created_at timestamptz, archived_at timestamptz,
  last_seq bigint, first_seq bigint, sessions bigint
);
create type polaris_data.session_row as (
  org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text, epoch bigint, seat text,
  lease_until timestamptz, created_by text, created_at timestamptz, archived_at timestamptz, last_seq bigint, advice_waiting bigint
);
create type polaris_data.event_row as (
  seq bigint, project text, session text, epoch bigint, kind text, actor text, speaker text, target text, turn text, agent text,
  body text, payload text, client_id text, late boolean, occurred_at timestamptz, recorded_at timestamptz
);
create type polaris_data.delivery_row as (
  delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text,
  reason text, path text, attempts integer, epoch bigint, queued_at timestamptz, sent_at timestamptz, seen_at timestamptz,
  answered_at timestamptz, expires_at timestamptz
);
create type polaris_data.member_row as (
  actor text, handle text, role text, email text, created_at timestamptz, removed_at timestamptz
);
create type polaris_data.token_row as (
  token_id bigint, actor text, name text, shown text, project text, issued_by text, created_at timestamptz, expires_at timestamptz,
  last_used_at timestamptz, revoked_at timestamptz
);
