-- Gives a token for an authorization code. The code is used up whatever comes of it, so a refusal is an answer here and no failure:
-- error is then invalid_grant (RFC 6749, 5.2). The service only.
create or replace function polaris.exchange_login_code (
  p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text
)
returns table (error text, org text, actor text, token_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_code polaris_data.login_codes;
  v_actor text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  delete from polaris_data.login_codes c where c.hash = p_hash returning c.* into v_code;
  v_actor := polaris_data.member_of(v_code.org_id, v_code.person_id);
  if v_code.created_at > v_now - interval '1 minute' and v_code.challenge = p_challenge and v_code.redirect_uri = p_redirect_uri
    and v_actor is not null then
    return query
    select null::text, o.slug, v_actor, polaris_data.write_token(
      o.org_id, v_actor, v_actor, 'polaris login on ' || v_code.machine, p_token_hash, p_token_shown, null, interval '90 days', true)
    from polaris_data.orgs o where o.org_id = v_code.org_id;
  else
    return query select 'invalid_grant', null::text, null::text, null::bigint;
  end if;
end;
$$;
comment on function polaris.exchange_login_code is 'Gives a token for an authorization code.';
