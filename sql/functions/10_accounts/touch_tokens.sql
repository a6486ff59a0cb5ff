-- Notes that these tokens are in use, by what hangs on them for long: an expiry that slides moves on. What has died stays dead.
-- The service only.
create or replace function polaris.touch_tokens (p_tokens bigint[])
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
  v_count integer;
begin
  perform polaris_data.require_service();
  with live as (
    select t.token_id from polaris_data.tokens t
    where t.token_id = any (p_tokens) and t.revoked_at is null and (t.expires_at is null or t.expires_at > v_now)
      and (t.last_used_at is null or t.last_used_at < v_now - interval '1 minute')
    order by t.token_id for no key update skip locked)
  update polaris_data.tokens t set last_used_at = v_now, expires_at = coalesce(v_now + t.life, t.expires_at)
  from live where t.token_id = live.token_id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;
comment on function polaris.touch_tokens is 'Notes that these tokens are in use.';
