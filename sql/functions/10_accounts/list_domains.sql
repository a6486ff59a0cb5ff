-- The domains of the organization. Administrators only: the list holds the proofs. Fails: 403 admin_only.
create or replace function polaris.list_domains (p_org bigint, p_actor text)
returns setof polaris_data.domain_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_domains(v_me.org_id);
end;
$$;
comment on function polaris.list_domains is 'The domains of the organization.';
