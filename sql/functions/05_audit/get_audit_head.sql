-- The number and hash of the last row of the audit log: what to note down elsewhere, so that a cut tail is found. An empty log
-- has 0 and zeros. Administrators only. Fails: 403 admin_only.
create or replace function polaris.get_audit_head (p_org bigint, p_actor text)
returns table (last_id bigint, last_hash text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_org bigint := polaris_data.require_auditor(p_org, p_actor);
begin
  return query
  select coalesce(h.last_id, 0), encode(coalesce(h.last_hash, decode(repeat('00', 32), 'hex')), 'hex')
  from (select) x left join polaris_data.audit_heads h on h.org_id = v_org;
end;
$$;
comment on function polaris.get_audit_head is 'The number and hash of the last row of the audit log.';
