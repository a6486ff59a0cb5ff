-- What models used, as far as agents report it, in what the caller may see: by session, person, project, day (of UTC) or model. Days are
-- the newest first, all else the most tokens first. `priced` is how many of the messages have a cost. Planned anew for each question, so
-- that what was not asked for stands in no index's way.
-- Fails: 404 no_such_project, 404 no_such_session, 422 grouping_is_known, 422 limit_is_sane.
create or replace function polaris.get_usage (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_since timestamptz default null, p_until timestamptz default null, p_by text default 'session', p_limit integer default 100
)
returns setof polaris_data.usage_row
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
  v_me record;
  v_projects bigint[];
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_by is null or p_by not in ('session', 'person', 'project', 'day', 'model') then
    perform polaris_data.fail(422, 'grouping_is_known', 'Usage is summed up by session, person, project, day or model.');
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'An answer has 1 to 1000 rows.');
  end if;
  if p_project is not null then
    v_projects := array[(polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id];
  elsif p_session is not null then
    perform polaris_data.fail(404, 'no_such_session', 'A session is named with its project.');
  else
    select coalesce(array_agg(p.project_id), '{}') into v_projects from polaris_data.projects p
    where p.org_id = v_me.org_id and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility);
  end if;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  return query
  select p.name, s.name, x.actor, x.day, x.model, x.messages, x.input, x.output, x.cache_read, x.cache_write, x.cost, x.priced, x.first_at,
    x.last_at
  from (
    select k.project_id, k.session_id, k.actor, k.day, k.model, count(*) as messages, sum(u.input_tokens)::bigint as input,
      sum(u.output_tokens)::bigint as output, sum(u.cache_read_tokens)::bigint as cache_read,
      sum(u.cache_write_tokens)::bigint as cache_write, sum(u.cost_usd) as cost, count(u.cost_usd) as priced, min(u.at) as first_at,
      max(u.at) as last_at
    from polaris_data.usage u
    cross join lateral (
      select case when p_by in ('session', 'project') then u.project_id end as project_id,
        case when p_by = 'session' then u.session_id end as session_id,
        case when p_by = 'person' then u.actor end as actor,
        case when p_by = 'day' then (u.at at time zone 'UTC')::date end as day,
        case when p_by = 'model' then u.model end as model) k
    where u.org_id = v_me.org_id and (v_session is not null or u.project_id = any (v_projects))
      and (v_session is null or u.session_id = v_session)
      and (p_since is null or u.at >= p_since) and (p_until is null or u.at < p_until)
    group by k.project_id, k.session_id, k.actor, k.day, k.model
    order by k.day desc, sum(u.input_tokens + u.output_tokens + u.cache_read_tokens + u.cache_write_tokens) desc,
      k.project_id, k.session_id, k.actor, k.model
    limit p_limit) x
  left join polaris_data.projects p on p.org_id = v_me.org_id and p.project_id = x.project_id
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.session_id = x.session_id
  order by x.day desc, x.input + x.output + x.cache_read + x.cache_write desc, p.name, s.name, x.actor, x.model;
end;
$$;
comment on function polaris.get_usage is 'What models used: by session, person, project, day or model.';
