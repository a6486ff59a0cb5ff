-- Writes a token and the row of the audit log that tells it; answers its number. p_life slides the expiry, null leaves it fixed.
create or replace function polaris_data.write_token (
  p_org bigint, p_issued_by text, p_for text, p_name text, p_hash bytea, p_shown text, p_project bigint, p_expires_in interval,
  p_sliding boolean
)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
  v_token bigint;
begin
  insert into polaris_data.tokens (hash, org_id, actor, name, shown, project_id, issued_by, created_at, expires_at, life)
  values (p_hash, p_org, p_for, p_name, p_shown, p_project, p_issued_by, v_now, v_now + p_expires_in, case when p_sliding then p_expires_in end)
  returning token_id into v_token;
  perform polaris_data.write_audit(p_org, p_issued_by, 'token.issued', p_for, jsonb_build_object('token', v_token, 'name', p_name));
  return v_token;
end;
$$;
comment on function polaris_data.write_token is 'Writes a token and the row of the audit log that tells it.';
