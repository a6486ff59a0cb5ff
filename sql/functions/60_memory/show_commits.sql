-- Commits as readers get them, with the prompt under which the session met them; the arrays name them, in the order of the answer.
-- The look-up of the event is written for one index, as in write_events.
create or replace function polaris_data.show_commits (p_org bigint, p_project bigint[], p_session bigint[], p_commit text[])
returns setof polaris_data.commit_row
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
  select c.commit, c.made, p.name, s.name, c.seq, c.turn, e.actor,
    polaris_data.excerpt(c.repository, 300), polaris_data.excerpt(c.branch, 300),
    c.subject, c.at, q.seq, polaris_data.excerpt(q.body, 300)
  from unnest(p_project, p_session, p_commit) with ordinality as u (project, session, commit, ord)
  join polaris_data.commits c
    on c.org_id = p_org and c.project_id = u.project and c.commit = u.commit and c.session_id = u.session
  join polaris_data.projects p on p.org_id = p_org and p.project_id = c.project_id
  join polaris_data.sessions s on s.org_id = p_org and s.session_id = c.session_id
  cross join lateral (
    select e.actor from polaris_data.events e
    where e.org_id = p_org and e.project_id = c.project_id and e.seq between c.seq and c.seq order by e.seq limit 1) e
  cross join lateral polaris_data.prompt_of(p_org, c.session_id, c.turn, c.seq) q
  order by u.ord;
$$;
comment on function polaris_data.show_commits is 'Commits as readers get them.';
