-- What a person asked and what came of it: one row a turn of a coding agent.
create view polaris_history.turns with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  s.name as session,
  e.turn,
  (array_agg(e.actor order by e.seq))[1] as driver,
  (array_agg(e.agent order by e.seq) filter (where e.agent is not null))[1] as agent,
  min(e.epoch) as epoch,
  min(e.seq) as first_seq,
  max(e.seq) as last_seq,
  min(e.seq) filter (where e.kind = 'prompt') as prompt_seq,
  (array_agg(e.body order by e.seq) filter (where e.kind = 'prompt'))[1] as prompt,
  max(e.seq) filter (where e.kind = 'reply') as reply_seq,
  (array_agg(e.body order by e.seq desc) filter (where e.kind = 'reply'))[1] as reply,
  count(*) filter (where e.kind = 'tool.call') as tool_calls,
  count(*) as events,
  bool_or(e.kind = 'turn.interrupted') as interrupted,
  bool_or(e.late) as late,
  min(e.occurred_at) as started_at,
  max(e.occurred_at) as ended_at,
  extract(epoch from max(e.occurred_at) - min(e.occurred_at))::double precision as seconds
from polaris_data.events e
join polaris_data.projects p on p.org_id = e.org_id and p.project_id = e.project_id and p.first_seq <= e.seq
join polaris_data.sessions s on s.org_id = e.org_id and s.session_id = e.session_id
where e.turn is not null and e.kind in ('prompt', 'message', 'reply', 'tool.call', 'tool.result', 'turn.interrupted', 'notice')
group by p.name, s.name, e.turn;

comment on view polaris_history.turns is 'Turns of coding agents: what was asked and what came of it. project, session and turn name a row.';
comment on column polaris_history.turns.project is 'The project''s name.';
comment on column polaris_history.turns.session is 'The session''s name.';
comment on column polaris_history.turns.turn is 'The turn''s name inside its session, as its agent gave it.';
comment on column polaris_history.turns.driver is 'Who drove: the accountable participant.';
comment on column polaris_history.turns.agent is 'The coding agent that worked.';
comment on column polaris_history.turns.epoch is 'The claim of the seat under which it began.';
comment on column polaris_history.turns.first_seq is 'The number of its first event in the project.';
comment on column polaris_history.turns.last_seq is 'The number of its last event so far; other sessions'' events lie between.';
comment on column polaris_history.turns.prompt_seq is 'The number of the prompt; null where the agent began by itself.';
comment on column polaris_history.turns.prompt is 'The words of the prompt; the first one where several were captured.';
comment on column polaris_history.turns.reply_seq is 'The number of the final answer; null while there is none.';
comment on column polaris_history.turns.reply is 'The words of the final answer.';
comment on column polaris_history.turns.tool_calls is 'How many tool calls were captured.';
comment on column polaris_history.turns.events is 'How many events were captured.';
comment on column polaris_history.turns.interrupted is 'Somebody stopped the agent.';
comment on column polaris_history.turns.late is 'Some of it arrived after the seat had ended.';
comment on column polaris_history.turns.started_at is 'When the first event happened, by the clock of the driver''s machine.';
comment on column polaris_history.turns.ended_at is 'When the last event so far happened.';
comment on column polaris_history.turns.seconds is 'From the first event to the last.';

grant select on polaris_history.turns to polaris_analyst;
