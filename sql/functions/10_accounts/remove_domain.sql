-- Takes a domain off the list; members who joined by it stay. Administrators only. Fails: 403 admin_only, 404 no_such_domain.
create or replace function polaris.remove_domain (p_org bigint, p_actor text, p_domain text)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  delete from polaris_data.domains where org_id = v_me.org_id and domain = p_domain;
  if not found then
    perform polaris_data.fail(404, 'no_such_domain', format('%s is not on the list.', left(p_domain, 253)));
  end if;
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'domain.removed', p_domain);
  return p_domain;
end;
$$;
comment on function polaris.remove_domain is 'Takes a domain off the list.';
