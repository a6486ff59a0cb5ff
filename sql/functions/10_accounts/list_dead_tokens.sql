-- Which of these tokens no longer open anything: one query for all that hangs on a process. The service only.
create or replace function polaris.list_dead_tokens (p_tokens bigint[])
returns setof bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select x.token_id
  from unnest(p_tokens) as x (token_id)
  left join polaris_data.tokens t on t.token_id = x.token_id
  where t.token_id is null or t.revoked_at is not null or t.expires_at <= v_now
    or polaris_data.role_of(t.org_id, t.actor) is null;
end;
$$;
comment on function polaris.list_dead_tokens is 'Which of these tokens no longer open anything.';
