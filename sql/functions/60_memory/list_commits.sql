-- The commits that the sessions of a project made, or one of them, the newest first; p_before is the number of an event. Commits of one
-- event are never torn apart: a page may have a few more than p_limit.
-- Fails: 404 no_such_project, 404 no_such_session, 422 limit_is_sane.
create or replace function polaris.list_commits (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_before bigint default null, p_limit integer default 100
)
returns setof polaris_data.commit_row
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_me record;
  v_project bigint;
  v_session bigint;
  v_found record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 commits.');
  end if;
  select array_agg(x.project_id) as projects, array_agg(x.session_id) as sessions, array_agg(x.commit) as commits into v_found
  from (
    select c.project_id, c.session_id, c.commit from polaris_data.commits c
    where c.org_id = v_me.org_id and c.project_id = v_project and (v_session is null or c.session_id = v_session)
      and c.made and c.seq < coalesce(p_before, 9223372036854775807)
    order by c.seq desc fetch first p_limit rows with ties) x;
  return query select * from polaris_data.show_commits(v_me.org_id, v_found.projects, v_found.sessions, v_found.commits);
end;
$$;
comment on function polaris.list_commits is 'The commits that the sessions of a project made.';
