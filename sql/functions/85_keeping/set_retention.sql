-- Says how many days of events are kept: in one project, or (no project) in all that have no word of their own; null takes the word back.
-- Nothing is deleted here: polaris.prune_project does that, later. Administrators only.
-- Fails: 403 admin_only, 404 no_such_project, 422 retention_is_sane.
create or replace function polaris.set_retention (p_org bigint, p_actor text, p_project text, p_keep_days integer)
returns setof polaris_data.retention_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project bigint := 0;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  if p_keep_days not between 1 and 36500 then
    perform polaris_data.fail(422, 'retention_is_sane', 'Events are kept for 1 to 36500 days.',
      'Take the word back to keep them for ever.');
  end if;
  if p_keep_days is null then
    delete from polaris_data.retention t where t.org_id = v_me.org_id and t.project_id = v_project;
  else
    insert into polaris_data.retention as t (org_id, project_id, keep_days, set_by, set_at)
    values (v_me.org_id, v_project, p_keep_days, coalesce(v_me.actor, 'polaris'), v_now)
    on conflict (org_id, project_id) do update set keep_days = excluded.keep_days, set_by = excluded.set_by, set_at = excluded.set_at;
  end if;
  perform polaris_data.publish_control(v_me.org_id, 'keeping', v_project);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'retention.set', p_project, jsonb_build_object('keep_days', p_keep_days));
  return query
  select r.* from polaris.list_retention(v_me.org_id, v_me.actor) r where r.project is not distinct from p_project;
end;
$$;
comment on function polaris.set_retention is 'Says how many days of events are kept.';
