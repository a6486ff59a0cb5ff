-- A page of the audit log after a number, ascending, exactly as it was hashed. Administrators only.
-- Fails: 403 admin_only, 422 limit_is_sane.
create or replace function polaris.list_audit (p_org bigint, p_actor text, p_after bigint default 0, p_limit integer default 500)
returns setof polaris_data.audit_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_org bigint := polaris_data.require_auditor(p_org, p_actor);
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 rows.');
  end if;
  return query
  select a.audit_id, a.at, a.actor, a.action, a.target, a.detail::text, encode(a.prev_hash, 'hex'), encode(a.hash, 'hex')
  from polaris_data.audit a
  where a.org_id = v_org and a.audit_id > coalesce(p_after, 0)
  order by a.audit_id limit p_limit;
end;
$$;
comment on function polaris.list_audit is 'A page of the audit log, exactly as it was hashed.';
