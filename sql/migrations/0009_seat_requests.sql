-- Who asks the driver of a session for the seat, and what became of it.
create table polaris_data.seat_requests (
  org_id bigint not null,
  session_id bigint not null,
  seq bigint not null,
  actor text not null,
  note text not null,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_how text,
  constraint seat_requests_pkey primary key (org_id, session_id, seq),
  constraint seat_requests_session_fkey foreign key (org_id, session_id) references polaris_data.sessions (org_id, session_id),
  constraint seat_request_end_is_known check (ended_how in ('given', 'declined', 'withdrawn', 'expired', 'taken')),
  constraint seat_request_end_is_whole check ((ended_at is null) = (ended_how is null))
);
create unique index seat_is_asked_for_once on polaris_data.seat_requests (org_id, session_id, actor) where ended_at is null;
comment on table polaris_data.seat_requests is 'Who asks for a seat; seq: the event that says so. At most one open request of each participant.';
