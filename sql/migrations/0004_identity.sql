-- Who may enter: sign-in, web sessions, invitations, domains, private projects, sender policies, the audit log.

-- People are vouched for by their issuer; domain is the part of the world that the issuer says they belong to (hd for Google).
alter table polaris_data.people
  add column name text,
  add column picture text,
  add column domain text,
  add column guesses integer not null default 0,
  add column guesses_since timestamptz;
comment on column polaris_data.people.domain is 'The domain that the issuer vouches for: never taken from an address that nobody verified.';
comment on column polaris_data.people.guesses is 'User codes of the device sign-in that this person typed wrong since guesses_since.';

create unique index already_member on polaris_data.members (org_id, person_id) where removed_at is null;

alter table polaris_data.tokens add column life interval;
comment on column polaris_data.tokens.life is 'Slides: each use puts the expiry so far ahead. null = the expiry is fixed.';

create table polaris_data.web_sessions (
  web_session_id bigint generated always as identity,
  hash bytea not null,
  person_id bigint not null,
  user_agent text,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  constraint web_sessions_pkey primary key (web_session_id),
  constraint web_session_exists unique (hash),
  constraint web_sessions_person_fkey foreign key (person_id) references polaris_data.people (person_id),
  constraint web_session_hash_is_sha256 check (octet_length(hash) = 32)
);
create index web_sessions_by_person on polaris_data.web_sessions (person_id);
comment on table polaris_data.web_sessions is 'Global directory: browsers that are signed in, by the sha256 of their cookie.';

create table polaris_data.sign_ins (
  state_hash bytea not null,
  nonce text not null,
  verifier text not null,
  return_to text not null,
  created_at timestamptz not null,
  constraint sign_ins_pkey primary key (state_hash)
);
create index sign_ins_by_time on polaris_data.sign_ins (created_at);
comment on table polaris_data.sign_ins is 'Global directory: sign-ins that wait for the provider''s answer. Each is good once.';

create table polaris_data.login_codes (
  hash bytea not null,
  org_id bigint not null,
  person_id bigint not null,
  challenge text not null,
  redirect_uri text not null,
  machine text not null,
  created_at timestamptz not null,
  constraint login_codes_pkey primary key (hash),
  constraint login_codes_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint login_codes_person_fkey foreign key (person_id) references polaris_data.people (person_id)
);
create index login_codes_by_org on polaris_data.login_codes (org_id);
create index login_codes_by_person on polaris_data.login_codes (person_id);
comment on table polaris_data.login_codes is 'Global directory: authorization codes of polaris login in a browser. Each is good once, for a minute.';

create table polaris_data.device_logins (
  device_hash bytea not null,
  user_code text not null,
  machine text not null,
  address text not null,
  created_at timestamptz not null,
  polled_at timestamptz,
  poll_seconds integer not null default 5,
  person_id bigint,
  org_id bigint,
  denied boolean not null default false,
  constraint device_logins_pkey primary key (device_hash),
  constraint user_code_is_taken unique (user_code),
  constraint device_logins_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint device_logins_person_fkey foreign key (person_id) references polaris_data.people (person_id)
);
create index device_logins_by_org on polaris_data.device_logins (org_id);
create index device_logins_by_person on polaris_data.device_logins (person_id);
comment on table polaris_data.device_logins is 'Global directory: sign-ins of machines without a browser (RFC 8628).';

create table polaris_data.invites (
  org_id bigint not null,
  invite_id bigint generated always as identity,
  hash bytea not null,
  email text not null,
  role text not null,
  handle text,
  invited_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text,
  revoked_at timestamptz,
  constraint invites_pkey primary key (org_id, invite_id),
  constraint invite_exists unique (org_id, hash),
  constraint invites_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint invite_hash_is_sha256 check (octet_length(hash) = 32),
  constraint role_is_known check (role in ('admin', 'member'))
);
comment on table polaris_data.invites is 'Invitations to an address: a link that is good once. handle: the member whom the invited person becomes.';

create table polaris_data.domains (
  org_id bigint not null,
  domain text not null,
  proof text not null,
  created_by text not null,
  created_at timestamptz not null,
  proven_at timestamptz,
  how text,
  constraint domains_pkey primary key (org_id, domain),
  constraint domains_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint how_is_known check (how in ('dns', 'hd')),
  constraint proof_is_whole check ((proven_at is null) = (how is null))
);
create unique index domain_is_proven on polaris_data.domains (domain) where proven_at is not null;
comment on table polaris_data.domains is 'Domains that an organization says are its own. A proven one belongs to one organization; its people may join by themselves.';

alter table polaris_data.projects
  add column visibility text not null default 'org',
  add constraint visibility_is_known check (visibility in ('org', 'private'));

create table polaris_data.project_members (
  org_id bigint not null,
  project_id bigint not null,
  actor text not null,
  added_by text not null,
  added_at timestamptz not null,
  constraint project_members_pkey primary key (org_id, project_id, actor),
  constraint project_members_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id)
);
create index project_members_by_actor on polaris_data.project_members (org_id, actor);
comment on table polaris_data.project_members is 'Who may see a private project, besides the organization''s administrators.';

create table polaris_data.read_marks (
  org_id bigint not null,
  project_id bigint not null,
  actor text not null,
  seq bigint not null,
  constraint read_marks_pkey primary key (org_id, project_id, actor),
  constraint read_marks_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id)
);
comment on table polaris_data.read_marks is 'How far each participant has read a project''s floor.';

create table polaris_data.policies (
  org_id bigint not null,
  project_id bigint not null,
  session_id bigint not null,
  sender_class text not null,
  policy text not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint policies_pkey primary key (org_id, project_id, session_id, sender_class),
  constraint policies_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id),
  constraint sender_class_is_known check (sender_class in ('human', 'agent', 'slack')),
  constraint policy_is_known check (policy in ('auto', 'suggest', 'mute'))
);
comment on table polaris_data.policies is 'Who may speak to sessions, by class of sender. session_id 0: for the whole project.';

alter table polaris_data.deliveries add column edited_by text;
comment on column polaris_data.deliveries.edited_by is 'Who changed the wording before it was released; the advice event keeps the sender''s own words.';

-- No foreign key to orgs: organization 0 is the installation itself, where sign-ins that nobody belongs to are noted.
create table polaris_data.audit (
  org_id bigint not null,
  audit_id bigint not null,
  at timestamptz not null,
  actor text,
  action text not null,
  target text,
  detail jsonb,
  prev_hash bytea not null,
  hash bytea not null,
  constraint audit_pkey primary key (org_id, audit_id)
);
comment on table polaris_data.audit is 'The audit log, append-only: each row''s hash covers the row and the hash before it.';

create table polaris_data.audit_heads (
  org_id bigint not null,
  last_id bigint not null default 0,
  last_hash bytea not null default decode(repeat('00', 32), 'hex'),
  constraint audit_heads_pkey primary key (org_id)
);
comment on table polaris_data.audit_heads is 'The end of each organization''s audit log. Whoever writes to the log holds the row until commit.';

-- The shapes that several functions answer with.
alter type polaris_data.project_row add attribute visibility text;
alter type polaris_data.delivery_row add attribute edited_by text;
alter type polaris_data.token_row add attribute sliding boolean;
create type polaris_data.web_session_row as (
  web_session_id bigint, person_id bigint, issuer text, email text, name text, picture text, domain text,
  created_at timestamptz, expires_at timestamptz
);
create type polaris_data.invite_row as (
  invite_id bigint, email text, role text, handle text, invited_by text, created_at timestamptz, expires_at timestamptz,
  accepted_at timestamptz, accepted_by text, revoked_at timestamptz
);
create type polaris_data.domain_row as (
  domain text, how text, proof text, created_by text, created_at timestamptz, proven_at timestamptz
);
create type polaris_data.audit_row as (
  audit_id bigint, at timestamptz, actor text, action text, target text, detail text, prev_hash text, hash text
);

-- Functions whose arguments or answers changed: "create or replace" would leave the old one beside the new one, or fail.
drop function if exists
  polaris.create_project (bigint, text, text),
  polaris.issue_token (bigint, text, text, text, bytea, text, text, interval),
  polaris.inject (bigint, text, text, text, text, text, interval),
  polaris.read_advice (bigint, text, text, text, bigint),
  polaris.settle_delivery (bigint, text, uuid, text, text, text, bigint),
  polaris_data.write_member (bigint, text, text, text, text, text),
  polaris_data.write_project (bigint, text, text);
