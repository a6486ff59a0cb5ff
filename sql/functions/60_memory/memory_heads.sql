-- The first lines of a brief: whose seat it is and where the work stands in git; of a participant, what it drove; of a project, nothing.
-- p_after: how much is new since then.
create or replace function polaris_data.memory_heads (p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint)
returns table (pick bigint, at bigint, line text)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
  select 1::bigint, -3::bigint, case
    when s.driver is not null then format('#%s %s drives it (epoch %s).',
      coalesce(polaris_data.seat_seq(p_org, p_project, p_session, s.epoch, 'claimed'), 0), s.driver, s.epoch)
    when s.epoch > 0 then format('#%s Nobody drives it; %s did (epoch %s).',
      coalesce(polaris_data.seat_seq(p_org, p_project, p_session, s.epoch, 'ended'), 0), (
        select t.driver from polaris_data.seats t where t.org_id = p_org and t.session_id = p_session and t.epoch = s.epoch), s.epoch)
    else format('#%s Nobody has driven it yet.', coalesce((
      select e.seq from polaris_data.events e where e.org_id = p_org and e.session_id = p_session order by e.seq limit 1), 0)) end
  from polaris_data.sessions s
  where s.org_id = p_org and s.session_id = p_session and p_by is null
  union all
  select 2, -2, format('#%s works %s', c.seq, concat_ws(' ', 'on ' || polaris_data.excerpt(c.branch, 100),
    'of ' || polaris_data.excerpt(c.repository, 100), 'at ' || left(c.commit, 10)))
  from polaris_data.checkouts c
  where c.org_id = p_org and c.session_id = p_session and p_by is null and coalesce(c.branch, c.repository, c.commit) is not null
  union all
  select row_number() over (order by t.claimed_at desc), t.first_seq, case when t.ended_at is null
    then format('#%s drives %s since %s (epoch %s)', t.first_seq, t.session, to_char(t.claimed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), t.epoch)
    else format('#%s–#%s drove %s from %s to %s (epoch %s), %s', t.first_seq, t.last_seq, t.session,
      to_char(t.claimed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), to_char(t.ended_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'),
      t.epoch, t.ended_how) end
  from (
    select * from polaris_data.memory_seats(p_org, p_project, p_session, p_by) limit 10) t
  where p_by is not null and (p_after is null or t.last_seq is null or t.last_seq > p_after)
  union all
  select 3, -1, case when h.last_seq > p_after then format('#%s–#%s are new and told here.', p_after + 1, h.last_seq)
    else format('#%s was the last event: nothing has happened since.', h.last_seq) end
  from polaris_data.project_heads h
  where p_after is not null and h.org_id = p_org and h.project_id = p_project;
$$;
comment on function polaris_data.memory_heads is 'The first lines of a brief.';
