-- The newest 200 erasures, done and under way. Administrators only. Fails: 403 admin_only.
create or replace function polaris.list_erasures (p_org bigint, p_actor text)
returns setof polaris_data.erasure_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_erasures(v_me.org_id);
end;
$$;
comment on function polaris.list_erasures is 'The newest erasures, done and under way.';
