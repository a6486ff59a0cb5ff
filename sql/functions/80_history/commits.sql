-- Commits of git that sessions made or met: one row a commit and session.
create view polaris_history.commits with (security_invoker = true, security_barrier = true) as
select
  p.name as project,
  s.name as session,
  c.commit,
  c.made,
  c.subject,
  c.repository,
  c.branch,
  c.seq,
  c.turn,
  c.at
from polaris_data.commits c
join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
join polaris_data.sessions s on s.org_id = c.org_id and s.session_id = c.session_id;

comment on view polaris_history.commits is 'Commits that sessions made or met. project, session and commit name a row.';
comment on column polaris_history.commits.project is 'The project''s name.';
comment on column polaris_history.commits.session is 'The session''s name.';
comment on column polaris_history.commits.commit is 'The commit''s hash, shortened where the agent''s tool printed it so.';
comment on column polaris_history.commits.made is 'A tool call of the session made it; else it was only checked out there.';
comment on column polaris_history.commits.subject is 'The first line of its message; null where nobody saw it.';
comment on column polaris_history.commits.repository is 'The repository: host and path.';
comment on column polaris_history.commits.branch is 'The branch.';
comment on column polaris_history.commits.seq is 'The event that showed it.';
comment on column polaris_history.commits.turn is 'The turn of that event.';
comment on column polaris_history.commits.at is 'When.';

grant select on polaris_history.commits to polaris_analyst;
grant select (org_id, project_id, commit, session_id, seq, turn, repository, branch, subject, made, at)
on polaris_data.commits to polaris_analyst;
