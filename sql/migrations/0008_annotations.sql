-- What people and agents marked in the record: a decision, a question, a star. The annotation itself is an event; this says what it is
-- about, and how it ended.
create table polaris_data.annotations (
  org_id bigint not null,
  project_id bigint not null,
  seq bigint not null,
  session_id bigint not null,
  what text not null,
  about bigint,
  actor text not null,
  at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  closed_seq bigint,
  constraint annotations_pkey primary key (org_id, project_id, seq),
  constraint annotation_is_known check (what in ('decision', 'question', 'star')),
  constraint annotation_end_is_whole check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (closed_seq is null))
);
create index annotations_by_session on polaris_data.annotations (org_id, session_id, seq);
create index annotations_by_event on polaris_data.annotations (org_id, project_id, about) where about is not null;
comment on table polaris_data.annotations is 'Decisions, questions and stars: each is an event, about another or about none. session_id 0: about the project.';
comment on column polaris_data.annotations.closed_at is 'When a question was answered, or a mark taken back.';
comment on column polaris_data.annotations.closed_seq is 'The event that says so, with the answer.';

-- An annotation as everybody is shown it: its words and those of what it is about are read from the events.
create type polaris_data.annotation_row as (
  seq bigint, project text, session text, what text, body text, actor text, speaker text, at timestamptz, about bigint, about_kind text,
  about_body text, closed_at timestamptz, closed_by text, closed_seq bigint, closed_body text
);

-- What came late is not between the beginning and the end of its seat; it is little, so this index costs the ingest nothing.
create index events_late on polaris_data.events (org_id, session_id, epoch, seq) where late;

-- Made anew with the functions, with one more argument; a new database does not have them yet.
drop function if exists polaris.brief (bigint, text, text, text, integer);
drop function if exists polaris_data.brief_lines (bigint, bigint);
