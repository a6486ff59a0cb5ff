-- The tool calls that named a file, the newest first, with the prompt under which each happened: in one project, or in all that the
-- caller may see. p_path is a name or the end of a path (src/auth.py finds /home/priya/shop/src/auth.py); from the root it is the whole
-- one. Only calls that change files, unless p_reads. p_before is the number of an event, in one project.
-- Fails: 404 no_such_project, 422 path_is_missing, 422 limit_is_sane.
create or replace function polaris.list_file_changes (
  p_org bigint default null, p_actor text default null, p_project text default null, p_path text default null,
  p_reads boolean default false, p_before bigint default null, p_limit integer default 100
)
returns table (
  path text, written boolean, project text, session text, seq bigint, turn text, actor text, call text, repository text, branch text,
  commit text, at timestamptz, prompt_seq bigint, prompt text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
#variable_conflict use_column
declare
  v_me record;
  v_project bigint;
  v_path text := polaris_data.path_below(null, p_path);
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  if coalesce(btrim(p_path), '') !~ '[^/]$' then
    perform polaris_data.fail(422, 'path_is_missing', 'Say which file: its name or the end of its path.', 'src/auth.py');
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 changes.');
  end if;
  return query
  select polaris_data.excerpt(t.path, 1000), t.written, p.name, s.name, t.seq, t.turn, e.actor, polaris_data.excerpt(e.body, 200),
    polaris_data.excerpt(e.facts ->> 'repository', 300), polaris_data.excerpt(e.facts ->> 'branch', 300), left(e.facts ->> 'commit', 64),
    e.recorded_at, q.seq, polaris_data.excerpt(q.body, 300)
  from polaris_data.projects p
  cross join lateral (
    select t.* from polaris_data.touched_files t
    where t.org_id = v_me.org_id and t.name = regexp_replace(v_path, '^.*/', '') and t.project_id = p.project_id
      and t.seq < coalesce(p_before, 9223372036854775807)
      and (t.path = v_path or (left(v_path, 1) <> '/' and right(t.path, char_length(v_path) + 1) = '/' || v_path))
      and (t.written or p_reads)
    order by t.seq desc limit p_limit) t
  join polaris_data.sessions s on s.org_id = v_me.org_id and s.session_id = t.session_id
  cross join lateral (
    select e.actor, e.body, e.facts, e.recorded_at from polaris_data.events e
    where e.org_id = v_me.org_id and e.project_id = t.project_id and e.seq between t.seq and t.seq order by e.seq limit 1) e
  cross join lateral polaris_data.prompt_of(v_me.org_id, t.session_id, t.turn, t.seq) q
  where p.org_id = v_me.org_id and (v_project is null or p.project_id = v_project)
    and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility)
  order by e.recorded_at desc, p.name, t.seq desc limit p_limit;
end;
$$;
comment on function polaris.list_file_changes is 'The tool calls that named a file, and the prompts under which they happened.';
