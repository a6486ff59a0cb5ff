-- The record: one row an event. Numbers run without a gap inside a project from its first one that retention left. What was erased is
-- a row without content.
create view polaris_history.events with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  e.seq,
  s.name as session,
  e.epoch,
  e.kind,
  e.actor,
  polaris_data.speaker_of(e.kind, e.actor, e.agent) as speaker,
  e.target,
  e.turn,
  e.agent,
  e.body,
  e.payload,
  e.facts ->> 'repository' as repository,
  e.facts ->> 'branch' as branch,
  e.facts ->> 'commit' as commit,
  e.late,
  e.occurred_at,
  e.recorded_at,
  e.erased_at
from polaris_data.events e
join polaris_data.projects p on p.org_id = e.org_id and p.project_id = e.project_id and p.first_seq <= e.seq
left join polaris_data.sessions s on s.org_id = e.org_id and s.session_id = e.session_id;

comment on view polaris_history.events is 'The record, an event a row. project and seq name a row.';
comment on column polaris_history.events.project is 'The project''s name.';
comment on column polaris_history.events.seq is 'The event''s number in its project, without gaps and in the order of recording: the #12 of briefs and links.';
comment on column polaris_history.events.session is 'The session''s name; null: the event is the project''s as a whole.';
comment on column polaris_history.events.epoch is 'Under which claim of the seat it was captured; null where no seat is involved.';
comment on column polaris_history.events.kind is
  'session.created, session.archived, driver.claimed, driver.released, driver.expired, driver.taken, seat.asked, seat.settled, prompt, '
  'message, reply, tool.call, tool.result, turn.interrupted, notice, advice, delivery, floor, annotation.';
comment on column polaris_history.events.actor is 'The accountable participant: user:manu, agent:test-writer, slack:krishna. Of a captured event the driver.';
comment on column polaris_history.events.speaker is 'Who really wrote the text: person, agent (the driver''s coding agent), or polaris.';
comment on column polaris_history.events.target is 'Whom or what it is about, for kinds that have that.';
comment on column polaris_history.events.turn is 'The turn of the agent that it belongs to; a row of polaris_history.turns.';
comment on column polaris_history.events.agent is 'The coding agent: claude-code, codex, opencode …; null where none was involved.';
comment on column polaris_history.events.body is 'The readable text, redacted; empty where it was erased.';
comment on column polaris_history.events.payload is 'The agent''s own JSON, redacted. Its shape is the agent''s and changes with its versions.';
comment on column polaris_history.events.repository is 'The git repository of the working directory: host and path; null where nobody knew.';
comment on column polaris_history.events.branch is 'The branch that was checked out.';
comment on column polaris_history.events.commit is 'The commit that HEAD was.';
comment on column polaris_history.events.late is 'It arrived after the seat of its epoch had ended.';
comment on column polaris_history.events.occurred_at is 'When it happened, by the clock of the machine that captured it.';
comment on column polaris_history.events.recorded_at is 'When it was recorded, by the clock of the database.';
comment on column polaris_history.events.erased_at is 'When its content was taken away; null as a rule.';

grant select on polaris_history.events to polaris_analyst;
grant select (org_id, project_id, name, first_seq) on polaris_data.projects to polaris_analyst;
grant select (org_id, session_id, name) on polaris_data.sessions to polaris_analyst;
grant select (
  org_id, project_id, seq, session_id, epoch, kind, actor, target, turn, agent, body, payload, facts, late, occurred_at, recorded_at, erased_at)
on polaris_data.events to polaris_analyst;
grant execute on function polaris_data.speaker_of (text, text, text) to polaris_analyst;
