-- Where the work of each session of a project stands in git, by the last event that said so; sessions that never said are left out.
-- Fails: 404 no_such_project.
create or replace function polaris.list_checkouts (p_org bigint default null, p_actor text default null, p_project text default null)
returns table (session text, repository text, branch text, commit text, seq bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_me record;
  v_project bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  return query
  select s.name, polaris_data.excerpt(k.repository, 300), polaris_data.excerpt(k.branch, 300), k.commit, k.seq
  from polaris_data.sessions s
  join polaris_data.checkouts k on k.org_id = v_me.org_id and k.session_id = s.session_id
  where s.org_id = v_me.org_id and s.project_id = v_project order by s.name;
end;
$$;
comment on function polaris.list_checkouts is 'Where the work of each session of a project stands in git.';
