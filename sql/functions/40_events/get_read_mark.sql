-- How far the caller has read a project's floor; 0 for one who never did. Fails: 404 no_such_project.
create or replace function polaris.get_read_mark (p_org bigint, p_actor text, p_project text)
returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  return coalesce((
    select m.seq from polaris_data.read_marks m
    where m.org_id = v_me.org_id and m.project_id = v_project.project_id and m.actor = v_me.actor), 0);
end;
$$;
comment on function polaris.get_read_mark is 'How far the caller has read a project''s floor.';
