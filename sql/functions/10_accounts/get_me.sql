-- Who the caller is: what a direct client has in place of a token's answer. The key makes the placeholders of redacted secrets.
create or replace function polaris.get_me (p_org bigint default null, p_actor text default null)
returns table (org_id bigint, org text, actor text, role text, redaction_key bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select o.org_id, o.slug, v_me.actor, polaris_data.role_of(v_me.org_id, v_me.actor), o.redaction_key
  from polaris_data.orgs o where o.org_id = v_me.org_id;
end;
$$;
comment on function polaris.get_me is 'Who the caller is.';
