-- Which session and which prompt made a change: filled from the record by the same pass as search.
create table polaris_data.checkouts (
  org_id bigint not null,
  session_id bigint not null,
  seq bigint not null,
  repository text,
  branch text,
  commit text,
  constraint checkouts_pkey primary key (org_id, session_id)
) with (fillfactor = 70);
comment on table polaris_data.checkouts is 'Where each session''s work stood in git at the last event that said so.';

create table polaris_data.commits (
  org_id bigint not null,
  project_id bigint not null,
  commit text not null,
  session_id bigint not null,
  seq bigint not null,
  turn text,
  repository text,
  branch text,
  subject text,
  made boolean not null,
  at timestamptz not null,
  constraint commits_pkey primary key (org_id, project_id, commit, session_id)
);
create index commits_by_session on polaris_data.commits (org_id, session_id, seq);
create index commits_by_name on polaris_data.commits (org_id, commit text_pattern_ops);
comment on table polaris_data.commits is 'Commits that a session met. made: a tool call of it printed that it made the commit; else it was only seen there.';

create table polaris_data.touched_files (
  org_id bigint not null,
  project_id bigint not null,
  seq bigint not null,
  path text not null,
  name text not null,
  session_id bigint not null,
  turn text,
  written boolean not null,
  constraint touched_files_pkey primary key (org_id, project_id, seq, path)
);
create index touched_files_by_name on polaris_data.touched_files (org_id, name, project_id, seq);
create index touched_files_by_session on polaris_data.touched_files (org_id, session_id, seq);
comment on table polaris_data.touched_files is 'The files that tool calls name; name = the last part of the path.';
create index commits_by_project on polaris_data.commits (org_id, project_id, seq);

create type polaris_data.commit_row as (
  commit text, made boolean, project text, session text, seq bigint, turn text, actor text, repository text, branch text, subject text,
  at timestamptz, prompt_seq bigint, prompt text
);
comment on type polaris_data.commit_row is 'A commit that a session met, and the prompt under which it did.';
