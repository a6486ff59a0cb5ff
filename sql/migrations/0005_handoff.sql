-- A seat can be released to somebody: for a few minutes nobody else takes it. Advice says when a coding agent gave it for its person.

alter table polaris_data.sessions
  add column reserved_for text,
  add column reserved_until timestamptz,
  add constraint reservation_is_whole check ((reserved_for is null) = (reserved_until is null));
comment on column polaris_data.sessions.reserved_for is 'Whom the last driver released the open seat to; nobody else takes it before reserved_until.';

alter type polaris_data.session_row
  add attribute driver_since timestamptz, add attribute reserved_for text, add attribute reserved_until timestamptz;

-- Made anew with the functions, with more arguments or more columns; a new database does not have them yet.
drop function if exists polaris.claim_driver (bigint, text, text, text, integer);
drop function if exists polaris.join_session (bigint, text, text, text, integer);
drop function if exists polaris.release_driver (bigint, text, text, text, bigint);
drop function if exists polaris.inject (bigint, text, text, text, text, text, interval);
drop function if exists polaris_data.end_seat (bigint, bigint, text);
