-- What became of advice: one row a piece of it.
create view polaris_history.deliveries with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  d.advice_seq,
  s.name as session,
  d.sender,
  d.sender_class,
  d.body,
  d.edited_by,
  d.state,
  d.reason,
  d.path,
  d.attempts,
  d.epoch,
  d.queued_at,
  d.sent_at,
  d.seen_at,
  d.answered_at,
  d.expires_at
from polaris_data.deliveries d
join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
join polaris_data.projects p on p.org_id = d.org_id and p.project_id = d.project_id and p.first_seq <= d.advice_seq;

comment on view polaris_history.deliveries is 'What became of each piece of advice. project and advice_seq name a row.';
comment on column polaris_history.deliveries.project is 'The project''s name.';
comment on column polaris_history.deliveries.advice_seq is 'The number of the event of kind advice: the sender''s own words.';
comment on column polaris_history.deliveries.session is 'The session that was advised.';
comment on column polaris_history.deliveries.sender is 'Who advised.';
comment on column polaris_history.deliveries.sender_class is 'human, agent or slack.';
comment on column polaris_history.deliveries.body is 'The words that were delivered; empty where they were erased.';
comment on column polaris_history.deliveries.edited_by is 'Who changed the wording before it was delivered; null: nobody.';
comment on column polaris_history.deliveries.state is 'held, queued, sent, seen, answered; or an end: declined, expired, failed.';
comment on column polaris_history.deliveries.reason is 'Why it was declined or failed.';
comment on column polaris_history.deliveries.path is 'The way into the agent''s context: hook, channel, typed …; of the last attempt.';
comment on column polaris_history.deliveries.attempts is 'How often it was sent.';
comment on column polaris_history.deliveries.epoch is 'The claim of the seat under which it was sent last.';
comment on column polaris_history.deliveries.queued_at is 'When it was given.';
comment on column polaris_history.deliveries.sent_at is 'When the driver''s machine handed it to the agent.';
comment on column polaris_history.deliveries.seen_at is 'When the capture of the session proved that the agent has it.';
comment on column polaris_history.deliveries.answered_at is 'When the agent''s turn ended that had it.';
comment on column polaris_history.deliveries.expires_at is 'When it is given up if nobody took it.';

grant select on polaris_history.deliveries to polaris_analyst;
grant select (
  org_id, project_id, session_id, advice_seq, sender, sender_class, body, edited_by, state, reason, path, attempts, epoch, queued_at, sent_at,
  seen_at, answered_at, expires_at)
on polaris_data.deliveries to polaris_analyst;
