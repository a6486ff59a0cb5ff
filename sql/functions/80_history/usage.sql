-- Tokens and cost as agents report them: one row a message of a model, whatever sessions resumed or forked it.
create view polaris_history.usage with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  s.name as session,
  u.seq,
  u.turn,
  u.actor as driver,
  u.agent,
  u.model,
  u.message,
  u.input_tokens,
  u.output_tokens,
  u.cache_read_tokens,
  u.cache_write_tokens,
  u.cost_usd,
  u.at
from polaris_data.usage u
join polaris_data.sessions s on s.org_id = u.org_id and s.session_id = u.session_id
join polaris_data.projects p on p.org_id = u.org_id and p.project_id = u.project_id;

comment on view polaris_history.usage is 'Tokens and cost of each message of a model, as the agent reported them. agent and message name a row.';
comment on column polaris_history.usage.project is 'The project''s name.';
comment on column polaris_history.usage.session is 'The session in which it was told first.';
comment on column polaris_history.usage.seq is 'The event that told it first; retention may have taken it since.';
comment on column polaris_history.usage.turn is 'The turn of that event.';
comment on column polaris_history.usage.driver is 'Who drove: the accountable participant.';
comment on column polaris_history.usage.agent is 'The coding agent.';
comment on column polaris_history.usage.model is 'The model, as the agent names it; null where it does not.';
comment on column polaris_history.usage.message is 'The agent''s own id of the message.';
comment on column polaris_history.usage.input_tokens is 'Tokens read that no cache had.';
comment on column polaris_history.usage.output_tokens is 'Tokens written.';
comment on column polaris_history.usage.cache_read_tokens is 'Tokens read from a cache.';
comment on column polaris_history.usage.cache_write_tokens is 'Tokens put into a cache.';
comment on column polaris_history.usage.cost_usd is 'Cost in US dollars where the agent reports it; null where it does not. Never computed here.';
comment on column polaris_history.usage.at is 'When the event that told it happened.';

grant select on polaris_history.usage to polaris_analyst;
grant select (
  org_id, agent, message, project_id, session_id, seq, turn, actor, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
  cost_usd, at)
on polaris_data.usage to polaris_analyst;
