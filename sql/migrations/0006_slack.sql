-- Slack: one workspace an organization, one channel a project. What came from there and what goes there outlives every process.

create table polaris_data.slack_workspaces (
  team_id text not null,
  org_id bigint not null,
  app_id text not null,
  name text not null,
  url text,
  bot_user_id text not null,
  bot_id text,
  scopes text[] not null,
  token bytea,
  token_key text,
  state text not null,
  reason text,
  connected_by text not null,
  connected_at timestamptz not null,
  people_at timestamptz,
  hears_everybody boolean not null default true,
  invites_drivers boolean not null default true,
  threads_turns boolean not null default false,
  digest_hour integer not null default 16,
  fence bigint not null default 0,
  holder text,
  lease_until timestamptz,
  constraint slack_workspaces_pkey primary key (team_id),
  constraint slack_workspace_exists unique (org_id),
  constraint slack_workspaces_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint workspace_state_is_known check (state in ('connected', 'refused', 'disconnected')),
  constraint workspace_has_a_token check ((state = 'disconnected') = (token is null) and (token is null) = (token_key is null)),
  constraint lease_has_a_holder check ((holder is null) = (lease_until is null)),
  constraint digest_hour_is_sane check (digest_hour between 0 and 23)
);
comment on table polaris_data.slack_workspaces is 'Global directory: which Slack workspace belongs to which organization, and which bridge writes there.';
comment on column polaris_data.slack_workspaces.token is 'The bot token, sealed by the service under the key named token_key, which is not in the database.';
comment on column polaris_data.slack_workspaces.fence is 'Rises with each new holder of the lease: a bridge that lost it writes nothing any more.';
comment on column polaris_data.slack_workspaces.people_at is 'When the list of people was last read whole.';

create table polaris_data.slack_installs (
  state_hash bytea not null,
  org_id bigint not null,
  actor text not null,
  web_session_id bigint not null,
  created_at timestamptz not null,
  constraint slack_installs_pkey primary key (state_hash),
  constraint slack_installs_org_fkey foreign key (org_id) references polaris_data.orgs (org_id)
);
create index slack_installs_by_org on polaris_data.slack_installs (org_id);
comment on table polaris_data.slack_installs is 'Global directory: installations that wait for Slack''s answer, bound to a browser. Each is good once, for ten minutes.';

create table polaris_data.slack_people (
  org_id bigint not null,
  user_id text not null,
  handle text not null,
  username text,
  name text not null,
  email text,
  picture text,
  standing text not null,
  member text,
  member_by text,
  looked_up_at timestamptz not null,
  constraint slack_people_pkey primary key (org_id, user_id),
  constraint slack_people_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint standing_is_known check (standing in ('full', 'guest', 'stranger', 'bot', 'deleted')),
  constraint match_is_known check (member_by in ('email', 'admin') and (member is null or member_by is not null))
);
create index slack_people_by_email on polaris_data.slack_people (org_id, email) where email is not null;
create index slack_people_by_member on polaris_data.slack_people (org_id, member) where member is not null;
create index people_by_email on polaris_data.people (lower(email)) where email is not null;
comment on table polaris_data.slack_people is 'People of a workspace; handle krishna is the participant slack:krishna and stays theirs whatever they call themselves.';
comment on column polaris_data.slack_people.member is 'The member whom this person is; member_by admin: somebody said so (null then means nobody), and no e-mail changes it.';

create table polaris_data.slack_handles (
  org_id bigint not null,
  handle text not null,
  who bytea not null,
  constraint slack_handles_pkey primary key (org_id, handle),
  constraint slack_handle_has_one_person unique (org_id, who),
  constraint slack_handles_org_fkey foreign key (org_id) references polaris_data.orgs (org_id)
);
comment on table polaris_data.slack_handles is 'Whose a handle is, by a hash under the key of the organization: it outlives what came from Slack, so that slack:krishna is never two people.';

create table polaris_data.slack_channels (
  org_id bigint not null,
  project_id bigint not null,
  channel_id text,
  name text not null,
  state text not null,
  reason text,
  level text not null default 'all',
  hears boolean not null default true,
  shared boolean not null default false,
  cursor bigint not null,
  digest_seq bigint not null default 0,
  digest_at timestamptz,
  changed_at timestamptz not null,
  constraint slack_channels_pkey primary key (org_id, project_id),
  constraint slack_channel_exists unique (org_id, channel_id),
  constraint slack_channels_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id),
  constraint channel_state_is_known check (state in ('missing', 'live', 'archived', 'left', 'refused')),
  constraint level_is_known check (level in ('all', 'final-only', 'muted', 'digest')),
  constraint live_channel_has_an_id check (state <> 'live' or channel_id is not null)
);
comment on table polaris_data.slack_channels is 'The channel of a project. Its id counts, names change. cursor: the last event that has become posts.';
comment on column polaris_data.slack_channels.hears is 'Whether what is said there is heard: an administrator''s choice; a channel shared with others starts unheard.';

create table polaris_data.slack_inbox (
  org_id bigint not null,
  event_id text not null,
  inbox_id bigint generated always as identity,
  kind text not null,
  lane text not null,
  channel_id text,
  ts text,
  thread_ts text,
  user_id text,
  sessions text[] not null default '{}',
  body text,
  payload jsonb,
  attempts integer not null default 0,
  received_at timestamptz not null,
  due_at timestamptz not null,
  done_at timestamptz,
  outcome text,
  constraint slack_inbox_pkey primary key (org_id, event_id),
  constraint slack_inbox_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint inbox_kind_is_known check (kind in ('message', 'edit', 'verb', 'hint', 'person', 'channel'))
);
create index slack_inbox_undone on polaris_data.slack_inbox (org_id, lane, inbox_id) where done_at is null;
create index slack_hints_by_user on polaris_data.slack_inbox (org_id, user_id, received_at) where kind = 'hint';
create unique index slack_message_exists on polaris_data.slack_inbox (org_id, channel_id, ts) where kind in ('message', 'verb', 'hint');
comment on table polaris_data.slack_inbox is 'What Slack told, until it is done and a day longer; the text only of what is addressed to a session, and only until it is done.';

create table polaris_data.slack_posts (
  org_id bigint not null,
  post_id bigint generated always as identity,
  project_id bigint not null,
  lane text not null,
  key text not null,
  kind text not null,
  session_id bigint,
  seq bigint,
  channel_id text,
  thread_key text,
  thread_ts text,
  recipient text,
  author text,
  picture text,
  emoji text,
  text text not null,
  calls integer not null default 0,
  version integer not null default 1,
  shown integer not null default 0,
  reaction text,
  reaction_shown text,
  extra_ts text,
  state text not null,
  ts text,
  attempts integer not null default 0,
  repeats integer not null default 0,
  doubles integer not null default 0,
  made_at timestamptz not null,
  due_at timestamptz not null,
  posting_since timestamptz,
  posted_at timestamptz,
  reason text,
  constraint slack_posts_pkey primary key (org_id, post_id),
  constraint slack_post_exists unique (org_id, project_id, key),
  constraint slack_posts_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id),
  constraint lane_is_known check (lane in ('channel', 'side')),
  constraint post_state_is_known check (state in ('waiting', 'posting', 'unsure', 'posted', 'failed', 'dropped')),
  constraint post_kind_is_known check (kind in ('text', 'tools', 'seat', 'advice', 'theirs', 'answer', 'note', 'digest', 'hint', 'invite'))
);
create index slack_posts_to_make on polaris_data.slack_posts (org_id, project_id, lane, post_id) where state in ('waiting', 'posting', 'unsure');
create index slack_posts_under_way on polaris_data.slack_posts (org_id, channel_id) where state in ('posting', 'unsure') or repeats > 0;
create index slack_posts_to_change on polaris_data.slack_posts (org_id, channel_id, due_at)
  where ts is not null and (version > shown or reaction is distinct from reaction_shown or extra_ts is not null);
create index slack_posts_by_ts on polaris_data.slack_posts (org_id, channel_id, ts) where ts is not null;
comment on table polaris_data.slack_posts is 'What goes to Slack and how it should look: made in order a channel, then changed until shown = version and the reaction is the one wanted.';
comment on column polaris_data.slack_posts.state is 'posting: handed to Slack, no answer yet; unsure: the answer was cut, our own echo decides until due_at.';
comment on column polaris_data.slack_posts.repeats is 'How often it was sent again because neither answer nor echo came; doubles: how many of those proved to be second copies.';

create table polaris_data.slack_advice (
  org_id bigint not null,
  delivery_id uuid not null,
  post_id bigint not null,
  event_id text,
  user_id text,
  withdrawn boolean not null default false,
  at timestamptz not null,
  constraint slack_advice_pkey primary key (org_id, delivery_id),
  constraint slack_advice_post_fkey foreign key (org_id, post_id) references polaris_data.slack_posts (org_id, post_id) on delete cascade
);
create index slack_advice_by_post on polaris_data.slack_advice (org_id, post_id);
create index slack_advice_by_user on polaris_data.slack_advice (org_id, user_id, at) where user_id is not null;
comment on table polaris_data.slack_advice is 'Which message in Slack shows what became of which advice. event_id: it was said there.';

create type polaris_data.slack_row as (
  org_id bigint, team_id text, app_id text, name text, url text, bot_user_id text, bot_id text, scopes text[], state text, reason text,
  connected_by text, connected_at timestamptz, people_at timestamptz, hears_everybody boolean, invites_drivers boolean,
  threads_turns boolean, digest_hour integer, holder text, lease_until timestamptz
);
create type polaris_data.slack_person_row as (
  user_id text, handle text, username text, name text, email text, picture text, standing text, member text, member_by text,
  actor text, looked_up_at timestamptz
);
create type polaris_data.slack_channel_row as (
  project_id bigint, project text, sessions bigint, last_seq bigint, shown boolean, channel_id text, name text, state text, reason text,
  level text, hears boolean, shared boolean, cursor bigint, digest_at timestamptz
);
create type polaris_data.slack_event_row as (
  event_id text, kind text, channel_id text, project_id bigint, project text, ts text, thread_ts text, user_id text, sessions text[],
  body text, payload text, attempts integer, received_at timestamptz
);
create type polaris_data.slack_post_row as (
  post_id bigint, project_id bigint, project text, session text, lane text, key text, kind text, seq bigint, channel_id text,
  thread_ts text, recipient text, author text, picture text, emoji text, text text, calls integer, version integer, shown integer,
  reaction text, reaction_shown text, extra_ts text, state text, ts text, attempts integer, repeats integer
);
