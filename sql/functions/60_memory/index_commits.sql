-- What these events tell of git, made anew: which commits their sessions met, which they made, where their work stands.
--
-- Met is what HEAD was. Made is what the answer of a tool proves: git's own line "[main 1a2b3c4] subject", where HEAD is that commit or
-- the command says git commit, merge, … (a log that is read is no proof); a command with git commit behind which HEAD is another one
-- than before it (commit -q prints nothing); a commit that git log shows with the session's own trailer. A commit that is printed and
-- is not HEAD any more keeps the short name that git printed.
--
-- The look-ups are written for one index each, as in write_events: another plan would read the whole project.
create or replace function polaris_data.index_commits (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
begin
  delete from polaris_data.commits c where c.org_id = p_org and c.project_id = p_project and c.seq = any (p_seqs);

  -- Looked at closely are only results that print something like it, and those before which HEAD was another one.
  insert into polaris_data.commits as c (org_id, project_id, commit, session_id, seq, turn, repository, branch, subject, made, at)
  with told as materialized (
    select e.session_id, e.seq, e.turn, e.recorded_at, e.kind = 'tool.result' as is_result,
      left(e.facts ->> 'repository', 300) as repository, left(e.facts ->> 'branch', 300) as branch,
      case when e.facts ->> 'commit' ~ '^[0-9a-f]{7,64}$' then e.facts ->> 'commit' end as head,
      e.kind = 'tool.result' and (e.body like '%[%] %' or e.body like '%Polaris-Session: %') as prints
    from unnest(p_seqs) u (seq)
    cross join lateral (
      select e.* from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
    where e.session_id is not null and e.erased_at is null and (e.kind = 'tool.result' or e.facts ? 'commit')
  ), moved as (
    select t.*, t.head is not null and t.head is distinct from lag(t.head) over (partition by t.session_id order by t.seq) as is_new
    from told t
  )
  select distinct on (x.session_id, x.commit)
    p_org, p_project, x.commit, x.session_id, x.seq, x.turn, x.repository, x.branch, x.subject, x.made, x.recorded_at
  from (
    select m.*, m.head as commit, null as subject, false as made from moved m where m.is_new
    union all
    select m.*, f.commit, f.subject, true
    from moved m
    cross join lateral (
      select e.body, e.payload from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between m.seq and m.seq order by e.seq limit 1) e
    cross join lateral polaris_data.commits_of(p_org, m.session_id, m.seq, e.body, e.payload, m.head) f
    where m.is_result and (m.prints or m.is_new)) x
  order by x.session_id, x.commit, x.made desc, x.seq
  on conflict (org_id, project_id, commit, session_id) do update
    set made = true, seq = excluded.seq, turn = excluded.turn, at = excluded.at, branch = coalesce(excluded.branch, c.branch),
      repository = coalesce(excluded.repository, c.repository), subject = coalesce(excluded.subject, c.subject)
    where excluded.made and not c.made;

  -- A newer word of the session stays; what was taken from an event that says nothing any more goes.
  delete from polaris_data.checkouts k
  where k.org_id = p_org and k.seq = any (p_seqs)
    and k.session_id in (
      select e.session_id from unnest(p_seqs) u (seq)
      cross join lateral (
        select e.* from polaris_data.events e
        where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e);
  insert into polaris_data.checkouts as k (org_id, session_id, seq, repository, branch, commit)
  select distinct on (e.session_id)
    p_org, e.session_id, e.seq, left(e.facts ->> 'repository', 300), left(e.facts ->> 'branch', 300), left(e.facts ->> 'commit', 64)
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.* from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  where e.session_id is not null and e.erased_at is null and e.facts ?| array['repository', 'branch', 'commit']
  order by e.session_id, e.seq desc
  on conflict (org_id, session_id) do update
    set seq = excluded.seq, repository = excluded.repository, branch = excluded.branch, commit = excluded.commit
    where excluded.seq >= k.seq;
end;
$$;
comment on function polaris_data.index_commits is 'What these events tell of git, made anew.';
