-- Ends an import: all events of the export have to be there. The project becomes as open as the exported one was, or as archived, and
-- its record ends with a notice of who imported what. Twice is once. Administrators only, and the service only.
-- Fails: 403 admin_only, 404 no_such_project, 409 import_is_another, 409 import_is_not_whole.
create or replace function polaris.finish_import (p_org bigint, p_actor text, p_project text, p_digest bytea)
returns setof polaris_data.project_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_import polaris_data.imports := polaris_data.lock_import(p_org, p_actor, p_project, p_digest);
  v_source jsonb := v_import.source;
  v_last bigint;
  v_now timestamptz := clock_timestamp();
begin
  if v_import.done_at is null then
    select h.last_seq into strict v_last from polaris_data.project_heads h
    where h.org_id = p_org and h.project_id = v_import.project_id for no key update;
    if v_last <> v_import.last_seq or v_last <> (v_source ->> 'last_seq')::bigint then
      perform polaris_data.fail(409, 'import_is_not_whole', format('The export ends with #%s, project %s with #%s.',
        v_source ->> 'last_seq', p_project, v_last), 'Import it again: it goes on where it stopped.',
        jsonb_build_object('last_seq', v_last));
    end if;
    perform polaris_data.write_event(p_org, v_import.project_id, 0, null, 'notice', p_actor, null,
      format('%s imported #%s to #%s, as project %s of organization %s had them when %s exported it on %s', p_actor,
        v_source ->> 'first_seq', v_source ->> 'last_seq', v_source ->> 'project', v_source ->> 'org', v_source ->> 'exported_by',
        left(v_source ->> 'exported_at', 10)),
      jsonb_build_object('imported', v_source || jsonb_build_object('digest', encode(p_digest, 'hex'))), 'polaris:imported');
    update polaris_data.projects set visibility = coalesce(v_source ->> 'visibility', 'private'),
      archived_at = (v_source ->> 'archived_at')::timestamptz
    where org_id = p_org and project_id = v_import.project_id;
    update polaris_data.imports set done_at = v_now where org_id = p_org and project_id = v_import.project_id;
    perform polaris_data.publish_control(p_org, 'project', v_import.project_id);
    perform polaris_data.write_audit(p_org, p_actor, 'project.imported', p_project,
      v_source || jsonb_build_object('digest', encode(p_digest, 'hex')));
  end if;
  return query select * from polaris_data.show_projects(p_org, v_import.project_id);
end;
$$;
comment on function polaris.finish_import is 'Ends an import: all events of the export have to be there.';
