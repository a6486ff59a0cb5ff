-- Memory: what was said can be found. Behind the ingest, one pass over the record fills tables that answer questions: search_entries here,
-- touched_files and commits (0010), usage (0011). All of them can be made anew from the record at any time.

-- What is known of an event beside the agent's own payload: {"repository", "branch", "commit", "usage": […]} (see polaris.push_events).
-- erased_at: its content was taken away afterwards, by a named function that left an audit row; seq and client_id stay.
alter table polaris_data.events
  add column facts jsonb,
  add column erased_at timestamptz;
comment on column polaris_data.events.facts is 'What the capturing side knows beside the payload: repository, branch, commit, usage.';
comment on column polaris_data.events.erased_at is 'When its content was taken away; a tombstone keeps seq and client_id.';

alter type polaris_data.event_row add attribute facts text, add attribute erased_at timestamptz;

create table polaris_data.index_cursors (
  org_id bigint not null,
  project_id bigint not null,
  seq bigint not null default 0,
  constraint index_cursors_pkey primary key (org_id, project_id),
  constraint index_cursors_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id)
) with (fillfactor = 50);
comment on table polaris_data.index_cursors is 'The last event of each project that is in the tables made from the record.';

create table polaris_data.search_entries (
  org_id bigint not null,
  project_id bigint not null,
  seq bigint not null,
  at timestamptz not null,
  words tsvector not null,
  constraint search_entries_pkey primary key (org_id, project_id, seq)
) with (autovacuum_analyze_scale_factor = 0.02);
-- What is written waits in a list that each search reads, too: a short one.
create index search_entries_by_words on polaris_data.search_entries using gin (words) with (gin_pending_list_limit = 1024);
create index search_entries_by_time on polaris_data.search_entries (org_id, at);
comment on table polaris_data.search_entries is 'The words of the record, for search: filled behind the ingest.';
comment on column polaris_data.search_entries.words is
  'Words and parts of identifiers; and as marks (=o1, =p12, …) the organization, project, session, kind, actor, spans of time and files, so that one index finds what is in all of them.';

-- Nobody reads since when a post of Slack is on its way: it is due again 60 seconds after that.
alter table polaris_data.slack_posts drop column posting_since;

-- Made anew with the functions, with other arguments, or gone; a new database does not have them yet.
drop function if exists polaris.push_events (bigint, text[], text[], text[], bigint[], text[], text[], text[], text[], text[], jsonb[], timestamptz[]);
drop function if exists polaris_data.write_events (
  bigint, text[], bigint[], bigint[], bigint[], text[], text[], text[], text[], text[], text[], jsonb[], text[], boolean[], timestamptz[]);
drop function if exists polaris.read_entries (bigint, text, text, text, bigint, bigint, integer, text[], text[], integer, integer);
drop function if exists polaris.get_slack_speaker (bigint, text);
drop function if exists polaris.change_slack_post (bigint, bigint, bigint, integer, text, boolean, interval, text);
drop function if exists polaris.list_slack_channels (bigint, text);
drop function if exists polaris.list_slack_workspaces ();
