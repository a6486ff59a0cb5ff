-- Which sessions met a commit, in all projects that the caller may see: those that made it first, then the newest; 50 at most. A name has
-- 4 to 64 digits, and a shorter one stands for all that begin with it; a full one finds what is known by its short name, too.
-- Fails: 404 no_such_commit, 422 commit_is_hex.
create or replace function polaris.find_commit (p_org bigint default null, p_actor text default null, p_commit text default null)
returns setof polaris_data.commit_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_name text := lower(p_commit);
  v_found record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if v_name is null or v_name !~ '^[0-9a-f]{4,64}$' then
    perform polaris_data.fail(422, 'commit_is_hex', 'The name of a commit has 4 to 64 digits 0-9 and a-f.', 'git rev-parse HEAD');
  end if;
  select array_agg(x.project_id) as projects, array_agg(x.session_id) as sessions, array_agg(x.commit) as commits into v_found
  from (
    select c.project_id, c.session_id, c.commit from polaris_data.commits c
    where c.org_id = v_me.org_id and polaris_data.may_see_id(v_me.org_id, v_me.actor, c.project_id)
      and (c.commit like v_name || '%'
        or c.commit = any (array(select left(v_name, n) from generate_series(7, char_length(v_name) - 1) n)))
    order by c.made desc, c.at desc, c.project_id, c.seq desc limit 50) x;
  if v_found.commits is null then
    perform polaris_data.fail(404, 'no_such_commit', format('No session that you may see met the commit %s.', v_name),
      'It is in the record a moment after a captured session had it checked out.');
  end if;
  return query select * from polaris_data.show_commits(v_me.org_id, v_found.projects, v_found.sessions, v_found.commits);
end;
$$;
comment on function polaris.find_commit is 'Which sessions met a commit, those that made it first.';
