-- What was marked, advised, committed and is open, as lines of a brief (see memory_work). Of a session also what was marked for the whole
-- project; of a participant what it marked, answered, advised and committed itself.
create or replace function polaris_data.memory_notes (p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint)
returns table (rank integer, part text, pick bigint, at bigint, line text)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
  with marks as materialized (
    select a.seq, a.what, a.about, a.actor, a.closed_by, a.closed_seq, a.n, s.name as session,
      polaris_data.excerpt(coalesce(nullif(e.body, ''), o.body), 300) as words,
      polaris_data.excerpt(c.body, 300) as answer
    from (
      select a.*, row_number() over (partition by a.what, a.closed_at is null order by a.seq desc) as n
      from polaris_data.annotations a
      where a.org_id = p_org and a.project_id = p_project
        and (p_session is null or a.session_id in (p_session, 0))
        and (p_by is null or p_by in (a.actor, a.closed_by))
        and (p_after is null or a.seq > p_after or a.closed_seq > p_after)) a
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = a.session_id
    left join lateral polaris_data.peek_event(p_org, p_project, a.seq) e on true
    left join lateral polaris_data.peek_event(p_org, p_project, a.about) o on true
    left join lateral polaris_data.peek_event(p_org, p_project, a.closed_seq) c on true
    where a.n <= 20
  ), advice as (
    select d.*, s.name as session, row_number() over (order by d.advice_seq desc) as n from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = d.session_id
    where d.org_id = p_org and s.project_id = p_project
      and d.session_id = any (case when p_session is not null then array[p_session] else array(
        select x.session_id from polaris_data.sessions x where x.org_id = p_org and x.project_id = p_project) end)
      and (p_by is null and d.state in ('held', 'queued', 'sent') or p_by = d.sender and (p_after is null or d.advice_seq > p_after))
  )
  select 3, 'Decisions', m.n, m.seq, format('#%s %s%s: %s', m.seq, m.actor, coalesce(' on ' || m.session, ''), coalesce(m.words, ''))
  from marks m where m.what = 'decision' and m.closed_seq is null and m.n <= 20
  union all
  select 3, 'Decisions', m.n + 20, m.closed_seq, format('#%s %s took #%s back: %s', m.closed_seq, m.closed_by, m.seq,
    coalesce(nullif(m.answer, ''), m.words, ''))
  from marks m where m.what = 'decision' and m.closed_seq is not null and (p_after is not null or p_by is not null) and m.n <= 5
  union all
  select 4, 'Open', m.n, m.seq, format('#%s %s asks%s: %s', m.seq, m.actor, coalesce(' on ' || m.session, ''), coalesce(m.words, ''))
  from marks m where m.what = 'question' and m.closed_seq is null and m.n <= 10
  union all
  select 4, case when p_by is null then 'Open' else 'Advised' end, d.n + 2, d.advice_seq,
    format('#%s advice of %s%s is %s: %s', d.advice_seq, d.sender, case when p_session is null then ' for ' || d.session else '' end, d.state,
      polaris_data.excerpt(d.body, 200))
  from advice d where d.n <= 10
  union all
  select 5, 'Questions answered', m.n, m.closed_seq, format('#%s %s answered #%s (%s): %s', m.closed_seq, m.closed_by, m.seq,
    coalesce(m.words, ''), coalesce(nullif(m.answer, ''), 'no words'))
  from marks m where m.what = 'question' and m.closed_seq is not null and m.n <= 8
  union all
  select 7, 'Commits', row_number() over (order by c.seq desc), c.seq, format('#%s %s%s%s', c.seq, left(c.commit, 10),
    coalesce(' on ' || polaris_data.excerpt(c.branch, 80), ''), coalesce(': ' || polaris_data.excerpt(c.subject, 160), ''))
  from (
    select c.* from polaris_data.commits c
    where c.org_id = p_org and c.made and c.session_id = any (case when p_session is not null then array[p_session] else array(
        select x.session_id from polaris_data.sessions x where x.org_id = p_org and x.project_id = p_project) end)
      and c.project_id = p_project and (p_after is null or c.seq > p_after)
      and (p_by is null or exists (
        select from polaris_data.peek_event(p_org, p_project, c.seq) e where e.actor = p_by))
    order by c.seq desc limit 10) c
  union all
  select 9, 'Starred', m.n, m.seq, format('#%s %s starred%s: %s', coalesce(m.about, m.seq), m.actor,
    case when m.about is null then '' else format(' it (#%s)', m.seq) end, coalesce(m.words, ''))
  from marks m where m.what = 'star' and m.closed_seq is null and m.n <= 6;
$$;
comment on function polaris_data.memory_notes is 'What was marked, advised, committed and is open, as lines of a brief.';
