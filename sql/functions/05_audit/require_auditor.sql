-- Which audit log the caller may read: an administrator its organization's, the service itself (actor null) any, 0 being the
-- installation's. Fails: 403 admin_only, and as acting does.
create or replace function polaris_data.require_auditor (p_org bigint, p_actor text)
returns bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return v_me.org_id;
end;
$$;
comment on function polaris_data.require_auditor is 'Which audit log the caller may read.';
