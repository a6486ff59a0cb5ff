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
  constraint annotation_end_is_whole check ((closed_at is null) = (closed_by is null))
);
create index annotations_by_session on polaris_data.annotations (org_id, session_id, seq);
comment on table polaris_data.annotations is 'Decisions, questions and stars: each is an event, about another or about none. session_id 0: about the project.';
comment on column polaris_data.annotations.closed_at is 'When a question was answered, or a mark taken back.';
