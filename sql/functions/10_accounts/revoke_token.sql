-- Ends a token; everything that hangs on it ends within seconds. Its owner, its issuer or an administrator. Twice is once.
-- Fails: 404 no_such_token (also for one that is not the caller's to see).
create or replace function polaris.revoke_token (p_org bigint, p_actor text, p_token bigint)
returns setof polaris_data.token_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_now timestamptz := clock_timestamp();
  v_of text;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if not exists (select from polaris.list_tokens(v_me.org_id, v_me.actor) t where t.token_id = p_token) then
    perform polaris_data.fail(404, 'no_such_token', format('There is no token %s.', p_token), 'See polaris token list.');
  end if;
  update polaris_data.tokens t set revoked_at = v_now
  where t.org_id = v_me.org_id and t.token_id = p_token and t.revoked_at is null
  returning t.actor into v_of;
  if found then
    perform polaris_data.publish_control(v_me.org_id, 'token', p_token);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'token.revoked', v_of, jsonb_build_object('token', p_token));
  end if;
  return query select * from polaris_data.show_tokens(v_me.org_id, p_token);
end;
$$;
comment on function polaris.revoke_token is 'Ends a token.';
