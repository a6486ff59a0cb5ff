-- Tokens and cost, where agents report them: a row a message of the model, whatever sessions resume or fork it. Filled from the record by
-- the same pass as search.
create table polaris_data.usage (
  org_id bigint not null,
  agent text not null,
  message text not null,
  project_id bigint not null,
  session_id bigint not null,
  seq bigint not null,
  turn text,
  actor text not null,
  model text,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  cost_usd numeric(14, 6),
  at timestamptz not null,
  constraint usage_pkey primary key (org_id, agent, message)
);
create index usage_by_project on polaris_data.usage (org_id, project_id, at);
create index usage_by_session on polaris_data.usage (org_id, session_id, at);
comment on table polaris_data.usage is 'What each message of a model used. The same message, told again after a resume or a fork, is the same row.';
