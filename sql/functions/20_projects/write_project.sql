-- Writes a project with its counter; answers its id, or null when the name is taken. Whoever makes a private one is its first member;
-- the service itself is nobody's. p_first_seq: the number that its first event will have (1, but in an import).
create or replace function polaris_data.write_project (
  p_org bigint, p_actor text, p_name text, p_visibility text default 'org', p_first_seq bigint default 1
)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_project bigint;
  v_now timestamptz := clock_timestamp();
begin
  insert into polaris_data.projects (org_id, name, created_by, visibility, first_seq)
  values (p_org, p_name, p_actor, p_visibility, p_first_seq)
  on conflict do nothing returning project_id into v_project;
  if v_project is not null then
    insert into polaris_data.project_heads (org_id, project_id, last_seq) values (p_org, v_project, p_first_seq - 1);
    perform polaris_data.publish_control(p_org, 'project', v_project);
    if p_visibility = 'private' and polaris_data.role_of(p_org, p_actor) is not null then
      insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
      values (p_org, v_project, p_actor, p_actor, v_now);
    end if;
  end if;
  return v_project;
end;
$$;
comment on function polaris_data.write_project is 'Writes a project with its counter.';
