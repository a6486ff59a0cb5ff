-- Writes a row of an organization's audit log; answers its number. Numbers are gapless and in commit order, and each hash covers
-- the one before. Called last: the head of the log is locked until commit, after sessions, deliveries and counters. Organization 0 is
-- the installation itself.
create or replace function polaris_data.write_audit (
  p_org bigint, p_actor text, p_action text, p_target text default null, p_detail jsonb default null
)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_head polaris_data.audit_heads;
  v_now timestamptz;
  v_hash bytea;
begin
  insert into polaris_data.audit_heads (org_id) values (p_org) on conflict do nothing;
  select h.* into strict v_head from polaris_data.audit_heads h where h.org_id = p_org for no key update;
  v_now := clock_timestamp();
  v_hash := sha256(v_head.last_hash || convert_to(
    polaris_data.audit_text(p_org, v_head.last_id + 1, v_now, p_actor, p_action, p_target, p_detail), 'UTF8'));
  insert into polaris_data.audit (org_id, audit_id, at, actor, action, target, detail, prev_hash, hash)
  values (p_org, v_head.last_id + 1, v_now, p_actor, p_action, p_target, p_detail, v_head.last_hash, v_hash);
  update polaris_data.audit_heads set last_id = v_head.last_id + 1, last_hash = v_hash where org_id = p_org;
  return v_head.last_id + 1;
end;
$$;
comment on function polaris_data.write_audit is 'Writes a row of an organization''s audit log.';
