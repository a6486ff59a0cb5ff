-- Legal holds, the standing ones first, and those that were lifted. Administrators only: a hold may be confidential. Fails: 403 admin_only.
create or replace function polaris.list_holds (p_org bigint, p_actor text)
returns setof polaris_data.hold_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_holds(v_me.org_id);
end;
$$;
comment on function polaris.list_holds is 'Legal holds, the standing ones first.';
