-- Says what an export of a project will hold, and notes it in the audit log, before the first byte leaves. For the project's maker and
-- for administrators. Of the record, a part without a gap: the events after p_after, recorded at p_since or later and before p_until.
-- head is the first line of the export, as JSON. The service only. Fails: 403 admin_only, 404 no_such_project.
create or replace function polaris.begin_export (
  p_org bigint, p_actor text, p_project text, p_after bigint default null, p_since timestamptz default null,
  p_until timestamptz default null
)
returns table (first_seq bigint, last_seq bigint, head text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  v_project polaris_data.projects;
  v_first bigint;
  v_last bigint;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_maker(p_org, p_actor, v_project.created_by);
  select h.last_seq into strict v_last from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = v_project.project_id;
  v_first := greatest(v_project.first_seq, least(coalesce(p_after, 0), v_last) + 1);
  if p_since is not null then
    v_first := polaris_data.seq_at(p_org, v_project.project_id, v_first, v_last, p_since);
  end if;
  if p_until is not null then
    v_last := polaris_data.seq_at(p_org, v_project.project_id, v_first, v_last, p_until) - 1;
  end if;
  first_seq := v_first;
  last_seq := v_last;
  select row_to_json(x)::text into head
  from (
    select o.slug as org, v_project.name as project, v_project.visibility, v_project.created_by, v_project.created_at,
      v_project.archived_at, v_first as first_seq, v_last as last_seq, coalesce(p_actor, 'polaris') as exported_by, v_now as exported_at
    from polaris_data.orgs o where o.org_id = p_org) x;
  perform polaris_data.write_audit(p_org, p_actor, 'export', p_project,
    jsonb_build_object('first_seq', v_first, 'last_seq', v_last));
  return next;
end;
$$;
comment on function polaris.begin_export is 'Says what an export of a project will hold, and notes it in the audit log.';
