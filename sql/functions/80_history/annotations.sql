-- Decisions, questions and stars: one row a mark. Its words are those of its event, so that what is erased there is gone here.
create view polaris_history.annotations with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  a.seq,
  s.name as session,
  a.what,
  a.actor,
  e.body,
  a.about,
  a.at,
  a.closed_at,
  a.closed_by,
  a.closed_seq
from polaris_data.annotations a
join polaris_data.projects p on p.org_id = a.org_id and p.project_id = a.project_id and p.first_seq <= a.seq
join polaris_data.events e on e.org_id = a.org_id and e.project_id = a.project_id and e.seq = a.seq
left join polaris_data.sessions s on s.org_id = a.org_id and s.session_id = a.session_id;

comment on view polaris_history.annotations is 'Decisions, questions and stars. project and seq name a row.';
comment on column polaris_history.annotations.project is 'The project''s name.';
comment on column polaris_history.annotations.seq is 'The number of the event that made the mark.';
comment on column polaris_history.annotations.session is 'The session; null: the project as a whole.';
comment on column polaris_history.annotations.what is 'decision, question or star.';
comment on column polaris_history.annotations.actor is 'Who marked.';
comment on column polaris_history.annotations.body is 'The words; may be empty for a star.';
comment on column polaris_history.annotations.about is 'The number of the event that it is about; null: none.';
comment on column polaris_history.annotations.at is 'When.';
comment on column polaris_history.annotations.closed_at is 'When a question was answered, or a mark taken back; null: it stands.';
comment on column polaris_history.annotations.closed_by is 'Who did that.';
comment on column polaris_history.annotations.closed_seq is 'The number of the event that did that.';

grant select on polaris_history.annotations to polaris_analyst;
grant select (org_id, project_id, seq, session_id, what, about, actor, at, closed_at, closed_by, closed_seq)
on polaris_data.annotations to polaris_analyst;
