-- Asking for the seat, and taking it over.

-- Who asks the driver of a session for the seat, and what became of it. What was said with it is in the event alone: whoever takes that
-- away has taken it away.
create table polaris_data.seat_requests (
  org_id bigint not null,
  session_id bigint not null,
  seq bigint not null,
  actor text not null,
  delivery_id uuid,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_how text,
  ended_by text,
  constraint seat_requests_pkey primary key (org_id, session_id, seq),
  constraint seat_requests_session_fkey foreign key (org_id, session_id) references polaris_data.sessions (org_id, session_id),
  constraint seat_request_end_is_known check (
    ended_how in ('given', 'declined', 'withdrawn', 'expired', 'opened', 'taken', 'archived')),
  constraint seat_request_end_is_whole check (
    (ended_at is null) = (ended_how is null) and (ended_at is null) = (ended_by is null))
);
create unique index seat_is_asked_for_once on polaris_data.seat_requests (org_id, session_id, actor) where ended_at is null;
create index seat_requests_by_expiry on polaris_data.seat_requests (org_id, expires_at) where ended_at is null;
comment on table polaris_data.seat_requests is
  'Who asks for a seat; seq: the event that says so. At most one open request of each participant, and none where nobody drives.';
comment on column polaris_data.seat_requests.delivery_id is 'By which the driver''s agent is told; null where the policy mutes the asker.';
comment on column polaris_data.seat_requests.ended_how is
  'opened: the seat became free for everybody; taken: it went to somebody else; the others say it themselves.';

create type polaris_data.seat_request_row as (
  seq bigint, project text, session text, actor text, note text, asked_at timestamptz, expires_at timestamptz, ended_at timestamptz,
  ended_how text, ended_by text, delivery_id uuid, delivery_state text
);

alter table polaris_data.seats
  drop constraint seat_end_is_known,
  add constraint seat_end_is_known check (ended_how in ('released', 'expired', 'archived', 'taken'));

-- What is there fits the narrower list of before; reading millions of events again would keep everybody waiting.
alter table polaris_data.events
  drop constraint kind_is_known,
  add constraint kind_is_known check (kind in (
    'session.created', 'session.archived', 'driver.claimed', 'driver.released', 'driver.expired', 'driver.taken', 'seat.asked',
    'seat.settled', 'prompt', 'message', 'reply', 'tool.call', 'tool.result', 'turn.interrupted', 'notice', 'advice', 'delivery', 'floor',
    'annotation')) not valid;

-- Made anew with the functions, with more arguments.
drop function if exists polaris_data.end_seat (bigint, bigint, text, text);
