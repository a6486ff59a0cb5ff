-- Projects as everybody is shown them; with an id, only that one.
create or replace function polaris_data.show_projects (p_org bigint, p_project bigint default null)
returns setof polaris_data.project_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select p.org_id, p.project_id, p.name, p.created_by, p.created_at, p.archived_at, h.last_seq, p.first_seq,
    (select count(*) from polaris_data.sessions s
     where s.org_id = p_org and s.project_id = p.project_id and s.archived_at is null),
    p.visibility
  from polaris_data.projects p
  join polaris_data.project_heads h on h.org_id = p.org_id and h.project_id = p.project_id
  where p.org_id = p_org and (p_project is null or p.project_id = p_project)
  order by p.name;
$$;
comment on function polaris_data.show_projects is 'Projects as everybody is shown them.';
