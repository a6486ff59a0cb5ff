-- What coding agents did: one row a tool call, with its answer. Both have the agent's own id of the call in their client_id.
create view polaris_history.tool_calls with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  c.seq,
  s.name as session,
  c.turn,
  c.actor as driver,
  c.agent,
  nullif(split_part(c.body, ':', 1), '') as tool,
  nullif(btrim(substr(c.body, position(':' in c.body) + 1)), '') as asked,
  c.payload,
  r.seq as result_seq,
  r.body as result,
  c.occurred_at as started_at,
  r.occurred_at as ended_at,
  extract(epoch from r.occurred_at - c.occurred_at)::double precision as seconds,
  c.erased_at
from polaris_data.events c
join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id and p.first_seq <= c.seq
join polaris_data.sessions s on s.org_id = c.org_id and s.session_id = c.session_id
left join polaris_data.events r
  on r.org_id = c.org_id and r.project_id = c.project_id and r.session_id = c.session_id and r.kind = 'tool.result'
  and r.client_id = replace(c.client_id, ':tool.call:', ':tool.result:')
where c.kind = 'tool.call';

comment on view polaris_history.tool_calls is 'Tool calls of coding agents, each with its answer. project and seq name a row.';
comment on column polaris_history.tool_calls.project is 'The project''s name.';
comment on column polaris_history.tool_calls.seq is 'The number of the call in the project.';
comment on column polaris_history.tool_calls.session is 'The session''s name.';
comment on column polaris_history.tool_calls.turn is 'The turn that it belongs to.';
comment on column polaris_history.tool_calls.driver is 'Who drove: the accountable participant.';
comment on column polaris_history.tool_calls.agent is 'The coding agent.';
comment on column polaris_history.tool_calls.tool is 'The tool as the agent names it: Bash, Edit, shell …; null where it was erased.';
comment on column polaris_history.tool_calls.asked is 'What was asked of it: the command, the path, or the input as JSON.';
comment on column polaris_history.tool_calls.payload is 'The agent''s own JSON of the call, redacted.';
comment on column polaris_history.tool_calls.result_seq is 'The number of the answer; null where none was captured, or the agent gives its calls no id.';
comment on column polaris_history.tool_calls.result is 'The readable text of the answer, redacted.';
comment on column polaris_history.tool_calls.started_at is 'When it was called, by the clock of the driver''s machine.';
comment on column polaris_history.tool_calls.ended_at is 'When it answered, by the same clock.';
comment on column polaris_history.tool_calls.seconds is 'From the call to the answer; waiting for a person''s permission is in it.';
comment on column polaris_history.tool_calls.erased_at is 'When the content of the call was taken away.';

grant select on polaris_history.tool_calls to polaris_analyst;
grant select (client_id) on polaris_data.events to polaris_analyst;
