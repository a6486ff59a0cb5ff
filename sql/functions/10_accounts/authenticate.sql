-- Who a bearer token is. Last use is written at most once a minute, so that a busy token does not make a write of each read; an
-- expiry that slides moves with it. The service only. Fails: 401 token_unknown, token_revoked, token_expired.
create or replace function polaris.authenticate (p_hash bytea)
returns table (
  org_id bigint, org text, actor text, role text, token_id bigint, project_id bigint, expires_at timestamptz, redaction_key bytea
)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_token polaris_data.tokens;
  v_role text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select t.* into v_token from polaris_data.tokens t where t.hash = p_hash;
  v_role := polaris_data.role_of(v_token.org_id, v_token.actor);
  if v_token.token_id is null then
    perform polaris_data.fail(401, 'token_unknown', 'This token is not known.', 'Sign in again: polaris login.');
  elsif v_token.revoked_at is not null or v_role is null then
    perform polaris_data.fail(401, 'token_revoked', 'This token was revoked.', 'Sign in again: polaris login.');
  elsif v_token.expires_at <= v_now then
    perform polaris_data.fail(401, 'token_expired', 'This token has expired.', 'Sign in again: polaris login.');
  end if;
  if v_token.last_used_at is null or v_token.last_used_at < v_now - interval '1 minute' then
    update polaris_data.tokens t set last_used_at = v_now, expires_at = coalesce(v_now + t.life, t.expires_at)
    where t.token_id = v_token.token_id and t.revoked_at is null
    returning t.expires_at into v_token.expires_at;
    if not found then -- while this waited for whoever revoked it
      perform polaris_data.fail(401, 'token_revoked', 'This token was revoked.', 'Sign in again: polaris login.');
    end if;
  end if;
  return query
  select o.org_id, o.slug, v_token.actor, v_role, v_token.token_id, v_token.project_id, v_token.expires_at, o.redaction_key
  from polaris_data.orgs o where o.org_id = v_token.org_id;
end;
$$;
comment on function polaris.authenticate is 'Who a bearer token is.';
