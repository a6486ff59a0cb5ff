-- What was asked, answered and done, as lines of a brief, from its newest events: rank = which part, pick = how important inside it (1 is
-- the most), at = the order in which it is shown. A session's brief from its beginning keeps the first prompt; else the newest count.
create or replace function polaris_data.memory_work (p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint)
returns table (rank integer, part text, pick bigint, at bigint, line text)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
  with recent as materialized (
    select r.*, r.actor || case when p_session is null then coalesce('/' || s.name, '') else '' end as who
    from polaris_data.memory_events(p_org, p_project, p_session, p_by, p_after) r
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = r.session_id
  ), first_prompt as (
    select e.seq, e.actor, e.body from (
      select e.seq, e.kind, e.actor, left(e.body, 3000) as body from polaris_data.events e
      where p_by is null and p_after is null and e.org_id = p_org and e.session_id = p_session and e.erased_at is null
      order by e.seq limit 200) e
    where e.kind = 'prompt' order by e.seq limit 1
  ), prompts as (
    select r.*, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'prompt'
  ), replies as (
    select r.*, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'reply'
  ), calls as (
    select r.*, substring(r.client_id from ':tool\.call:([^:]+)$') as call, row_number() over (order by r.seq desc) as n from recent r
    where r.kind = 'tool.call' and r.body ~* '^(bash|shell|local_shell|exec_command|run_shell_command|run_command)\M'
  ), failures as (
    select r.*, substring(r.client_id from ':tool\.result:([^:]+)$') as call, row_number() over (order by r.seq desc) as n
    from recent r where r.failed
  )
  select 1, case when p_session is not null and p_by is null and p_after is null then 'Goal' else 'Asked' end, 1::bigint, f.seq,
    format('#%s %s first asked: %s', f.seq, f.actor, polaris_data.excerpt(f.body, 400)) from first_prompt f
  union all
  select 1, case when p_session is not null and p_by is null and p_after is null then 'Goal' else 'Asked' end,
    p.n + (select count(*) from first_prompt), p.seq,
    format('#%s %s asked: %s', p.seq, p.who, polaris_data.excerpt(p.body, case when p.n <= 3 then 300 else 160 end))
  from prompts p
  where p.n <= case when exists (select from first_prompt) then 3 else 12 end and p.seq not in (select f.seq from first_prompt f)
  union all
  select 2, case when p_session is not null and p_by is null and p_after is null then 'Last answer' else 'Answered' end, r.n, r.seq,
    format('#%s %s: %s', r.seq, case when r.actor like 'agent:%' then r.who else 'agent of ' || r.who end,
      polaris_data.excerpt(r.body, case when r.n = 1 then 700 else 250 end))
  from replies r
  where r.n <= case when p_session is not null and p_by is null and p_after is null then 1 else 6 end
  union all
  select 4, 'Open', 2, p.seq, format('#%s has no answer yet: %s', p.seq, polaris_data.excerpt(p.body, 200))
  from prompts p
  where p_by is null and p_session is not null and p.n = 1
    and not exists (select from recent r where r.kind in ('reply', 'turn.interrupted') and r.seq > p.seq)
  union all
  select 5, 'Failed', f.n, f.seq, format('#%s %s%s', f.seq,
    coalesce((select polaris_data.excerpt(c.body, 120) || ': ' from recent c
      where c.kind = 'tool.call' and c.session_id = f.session_id and c.seq < f.seq and c.client_id like '%:tool.call:' || f.call
      order by c.seq desc limit 1), ''),
    polaris_data.excerpt(f.body, 160))
  from failures f where f.n <= 6
  union all
  select 6, 'Files changed', row_number() over (order by f.seq desc), -f.seq, format('#%s %s%s', f.seq, polaris_data.excerpt(f.path, 200),
    case when f.times > 1 then format(' (%s times)', f.times) else '' end)
  from polaris_data.memory_files(p_org, p_project, case when p_by is null then p_session end, p_after,
    (select array_agg(r.seq) from recent r where r.kind = 'tool.call')) f
  union all
  select 8, 'Last commands', c.n, c.seq, format('#%s %s', c.seq, polaris_data.excerpt(c.body, 160)) from calls c where c.n <= 10
  union all
  select 10, 'Said to the project', x.n, x.seq, format('#%s %s: %s', x.seq,
    case when x.agent is not null and x.actor like 'user:%' then 'agent of ' || x.actor else x.actor end, polaris_data.excerpt(x.body, 200))
  from (select r.*, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'floor') x
  where x.n <= 6;
$$;
comment on function polaris_data.memory_work is 'What was asked, answered and done, as lines of a brief.';
