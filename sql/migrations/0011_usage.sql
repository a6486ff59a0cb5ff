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
create index usage_by_event on polaris_data.usage (org_id, project_id, seq);
comment on table polaris_data.usage is 'What each message of a model used. The same message, told again after a resume or a fork, is the same row.';
comment on column polaris_data.usage.seq is 'The event that told it first; retention may have taken it since.';
comment on column polaris_data.usage.input_tokens is 'What the model was given that was neither read from its cache nor written to it.';
comment on column polaris_data.usage.cost_usd is 'As the agent itself reports it; null where it does not. Nobody here knows a price.';
comment on column polaris_data.usage.at is 'When that event happened, by the clock of its machine, but never later than it was recorded.';

-- What one person, session, project, day or model used together; what the grouping does not name is null.
create type polaris_data.usage_row as (
  project text, session text, actor text, day date, model text, messages bigint, input_tokens bigint, output_tokens bigint,
  cache_read_tokens bigint, cache_write_tokens bigint, cost_usd numeric, priced bigint, first_at timestamptz, last_at timestamptz
);
