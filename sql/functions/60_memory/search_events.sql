-- What the caller may see and a query finds, newest first; the filters narrow it, and without a query they alone say what is found. A page
-- goes on before the place (time, project, number) where the last one ended. Snippets mark what was found with U+E000 and U+E001. What was
-- written in the last second may not be there yet. Fails: 404 no_such_project, 404 no_such_session, 422 session_needs_a_project,
-- 422 limit_is_sane.
create or replace function polaris.search_events (
  p_org bigint default null, p_actor text default null, p_query text default null, p_project text default null,
  p_session text default null, p_kind text[] default null, p_by text[] default null, p_since timestamptz default null,
  p_until timestamptz default null, p_file text default null, p_before_at timestamptz default null, p_before_project bigint default null,
  p_before_seq bigint default null, p_limit integer default 30
)
returns table (
  project_id bigint, project text, session text, seq bigint, kind text, actor text, speaker text, agent text, turn text, snippet text,
  recorded_at timestamptz
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  v_me record;
  v_project bigint;
  v_session bigint;
  v_hidden bigint[];
  v_asked record;
  v_query tsquery;
  v_file text := regexp_replace(p_file, '^(\./)+', '');
  v_marks text[];
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 200 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 200 events.');
  end if;
  if p_session is not null and p_project is null then
    perform polaris_data.fail(422, 'session_needs_a_project', 'The name of a session says little without its project.', 'Name the project, too.');
  end if;
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  v_asked := polaris_data.search_query(p_query);
  if v_asked.query is null and btrim(p_query) <> '' then
    return; -- signs only: no text has them as a word
  end if;
  v_hidden := polaris_data.hidden_projects(v_me.org_id, v_me.actor);
  v_query := polaris_data.search_filter(v_me.org_id, v_hidden, v_project, v_session, p_kind, p_by);
  if v_asked.query is not null then
    v_query := v_asked.query && v_query;
  end if;
  if p_file is not null then
    -- The index knows the last two parts of a path: it says what may be it.
    v_marks := polaris_data.file_marks(v_file);
    if octet_length(v_file) > 2000 then
      return; -- no event names one
    end if;
    v_query := v_query && polaris_data.search_mark(v_marks[cardinality(v_marks)]);
  end if;
  return query
  select f.project_id, p.name, s.name, e.seq, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.agent, e.turn,
    polaris_data.search_snippet(polaris_data.search_text(e.kind, e.body, e.payload), v_asked.pattern), e.recorded_at
  from (
    select * from polaris_data.search_places(
      v_me.org_id, v_query, p_since, p_until, p_before_at, p_before_project, p_before_seq, p_limit, false, v_file)) f
  join polaris_data.events e on e.org_id = v_me.org_id and e.project_id = f.project_id and e.seq = f.seq
  join polaris_data.projects p on p.org_id = v_me.org_id and p.project_id = f.project_id
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.session_id = e.session_id
  where e.erased_at is null and e.seq >= p.first_seq and f.project_id <> all (v_hidden)
  order by f.at desc, f.project_id desc, f.seq desc;
end;
$$;
comment on function polaris.search_events is 'What the caller may see and a query finds, newest first.';
