-- The projects that the caller may see, by name.
create or replace function polaris.list_projects (p_org bigint default null, p_actor text default null)
returns setof polaris_data.project_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select r.* from polaris_data.show_projects(v_me.org_id) r
  where polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility);
end;
$$;
comment on function polaris.list_projects is 'The projects that the caller may see.';
