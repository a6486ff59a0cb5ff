-- The lines of a session's brief, each with the numbers of its events: rank = which part comes first, at = the order inside a part.
create or replace function polaris_data.brief_lines (p_org bigint, p_session bigint)
returns table (rank integer, part text, at bigint, line text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with session as (
    select s.*, p.name as project from polaris_data.sessions s
    join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
    where s.org_id = p_org and s.session_id = p_session
  ), recent as materialized (
    select e.seq, e.kind, e.actor, e.turn, e.body, e.payload, e.epoch from polaris_data.events e
    where e.org_id = p_org and e.session_id = p_session order by e.seq desc limit 2000
  ), first_prompt as (
    select e.seq, e.actor, e.body from (
      select e.seq, e.kind, e.actor, e.body from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session order by e.seq limit 200) e
    where e.kind = 'prompt' order by e.seq limit 1
  ), prompts as (
    select r.seq, r.actor, r.body, r.turn, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'prompt'
  ), files as (
    select x.path, max(x.seq) as seq, count(*) as times from (
      select r.seq, coalesce(r.payload #>> '{tool_input,file_path}', r.payload #>> '{tool_input,notebook_path}',
        r.payload #>> '{output,args,filePath}', r.payload #>> '{tool_info,file_path}') as path
      from recent r where r.kind = 'tool.call' and r.body ~* '^(edit|multiedit|write|write_file|replace|notebookedit|apply_patch|write_code)\M') x
    where x.path is not null group by x.path
  ), commands as (
    select r.seq, r.body, row_number() over (order by r.seq desc) as n from recent r
    where r.kind = 'tool.call' and r.body ~* '^(bash|shell|exec_command|run_shell_command|run_command)\M'
  )
  select 0, 'Session ' || s.project || '/' || s.name, 0::bigint,
    case when s.driver is null then 'Nobody drives it.' else format('%s drives it (epoch %s).', s.driver, s.epoch) end
  from session s
  union all
  select 1, 'Goal', f.seq, format('#%s %s first asked: %s', f.seq, f.actor, polaris_data.excerpt(f.body, 400)) from first_prompt f
  union all
  select 1, 'Goal', p.seq, format('#%s %s asked: %s', p.seq, p.actor, polaris_data.excerpt(p.body, 300))
  from prompts p where p.n <= 3 and p.seq not in (select f.seq from first_prompt f)
  union all
  select 2, 'Last answer', r.seq, format('#%s %s', r.seq, polaris_data.excerpt(r.body, 700))
  from recent r where r.kind = 'reply' and r.seq = (select max(x.seq) from recent x where x.kind = 'reply')
  union all
  select 3, 'Decisions', r.seq, format('#%s %s: %s', r.seq, r.actor, polaris_data.excerpt(r.body, 300))
  from recent r where r.kind = 'annotation'
  union all
  select 4, 'Open', p.seq, format('#%s has no answer yet: %s', p.seq, polaris_data.excerpt(p.body, 200))
  from prompts p
  where p.n = 1 and not exists (select from recent r where r.kind = 'reply' and r.seq > p.seq)
  union all
  select 4, 'Open', d.advice_seq, format('#%s advice of %s is %s: %s', d.advice_seq, d.sender, d.state, polaris_data.excerpt(d.body, 200))
  from polaris_data.deliveries d
  where d.org_id = p_org and d.session_id = p_session and d.state in ('held', 'queued', 'sent')
  union all
  select 5, 'Files changed', -f.seq, format('#%s %s%s', f.seq, polaris_data.excerpt(f.path, 200),
    case when f.times > 1 then format(' (%s times)', f.times) else '' end)
  from (select * from files order by seq desc limit 20) f
  union all
  select 6, 'Last commands', c.seq, format('#%s %s', c.seq, polaris_data.excerpt(c.body, 160)) from commands c where c.n <= 10
  union all
  select 7, 'Beside it', o.session_id, format('%s: %s, last event #%s %s', o.name, coalesce(o.driver || ' drives', 'nobody drives'), e.seq, e.kind)
  from session s
  join polaris_data.sessions o on o.org_id = p_org and o.project_id = s.project_id and o.session_id <> s.session_id and o.archived_at is null
  cross join lateral (
    select x.seq, x.kind from polaris_data.events x
    where x.org_id = p_org and x.session_id = o.session_id order by x.seq desc limit 1) e;
$$;
comment on function polaris_data.brief_lines is 'The lines of a session''s brief.';
