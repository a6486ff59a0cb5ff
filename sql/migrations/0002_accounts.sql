-- Who there is: organizations, people, members, tokens, Postgres logins.
-- people, tokens and logins form the small global directory (with orgs' slug): their keys do not begin with org_id.

create table polaris_data.orgs (
  org_id bigint generated always as identity,
  slug text not null,
  name text not null,
  redaction_key bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint orgs_pkey primary key (org_id),
  constraint org_exists unique (slug),
  constraint slug_is_a_slug check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);
comment on table polaris_data.orgs is 'Organizations: the accounts that own everything else.';
comment on column polaris_data.orgs.redaction_key is 'Key of the HMAC in redaction placeholders: without it a hash would confirm guesses.';

create table polaris_data.people (
  person_id bigint generated always as identity,
  issuer text not null,
  subject text not null,
  email text,
  created_at timestamptz not null default clock_timestamp(),
  constraint people_pkey primary key (person_id),
  constraint person_exists unique (issuer, subject)
);
comment on table polaris_data.people is 'Global directory: people, keyed by who vouches for them (issuer) and as whom (subject).';

create table polaris_data.members (
  org_id bigint not null,
  handle text not null,
  person_id bigint not null,
  role text not null,
  created_at timestamptz not null default clock_timestamp(),
  removed_at timestamptz,
  constraint members_pkey primary key (org_id, handle),
  constraint members_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint members_person_fkey foreign key (person_id) references polaris_data.people (person_id),
  constraint handle_is_a_slug check (handle ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  constraint role_is_known check (role in ('admin', 'member'))
);
create index members_by_person on polaris_data.members (person_id);
comment on table polaris_data.members is 'People in an organization; handle manu is the participant user:manu. A handle is never given to another person.';

create table polaris_data.tokens (
  token_id bigint generated always as identity,
  hash bytea not null,
  org_id bigint not null,
  actor text not null,
  name text not null,
  shown text not null,
  project_id bigint,
  issued_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint tokens_pkey primary key (token_id),
  constraint token_exists unique (hash),
  constraint tokens_org_fkey foreign key (org_id) references polaris_data.orgs (org_id),
  constraint token_hash_is_sha256 check (octet_length(hash) = 32),
  constraint token_name_is_short check (char_length(name) between 1 and 100)
);
create index tokens_by_org on polaris_data.tokens (org_id, token_id);
comment on table polaris_data.tokens is 'Global directory: credentials, by the sha256 of the secret. The secret itself is nowhere.';

create table polaris_data.logins (
  login name not null,
  org_id bigint not null,
  actor text not null,
  created_by text,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  constraint logins_pkey primary key (login),
  constraint logins_org_fkey foreign key (org_id) references polaris_data.orgs (org_id)
);
create index logins_by_org on polaris_data.logins (org_id, login);
comment on table polaris_data.logins is 'Global directory: Postgres logins of direct clients. A login acts as one participant, whatever it says.';
