-- The last and first numbers of these projects: the net under the notifications. The service only.
create or replace function polaris.list_heads (p_org bigint, p_projects bigint[])
returns table (project_id bigint, last_seq bigint, first_seq bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select h.project_id, h.last_seq, p.first_seq
  from polaris_data.project_heads h
  join polaris_data.projects p on p.org_id = h.org_id and p.project_id = h.project_id
  where h.org_id = p_org and h.project_id = any (p_projects);
end;
$$;
comment on function polaris.list_heads is 'The last and first numbers of these projects.';
