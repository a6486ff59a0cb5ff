-- The tokens that the caller has or issued; all of the organization's for an administrator.
create or replace function polaris.list_tokens (p_org bigint, p_actor text)
returns setof polaris_data.token_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_tokens(
    v_me.org_id, null, case when polaris_data.role_of(v_me.org_id, v_me.actor) is distinct from 'admin' then v_me.actor end);
end;
$$;
comment on function polaris.list_tokens is 'The tokens that the caller has or issued; all of them for an administrator.';
