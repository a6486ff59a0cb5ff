-- Gives out what begin_sign_in kept, once and for 10 minutes. The service only. Fails: 404 sign_in_unknown.
create or replace function polaris.take_sign_in (p_state_hash bytea)
returns table (nonce text, verifier text, return_to text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  delete from polaris_data.sign_ins s
  where s.state_hash = p_state_hash and s.created_at >= v_now - interval '10 minutes'
  returning s.nonce, s.verifier, s.return_to;
  if not found then
    perform polaris_data.fail(404, 'sign_in_unknown', 'This sign-in is over.', 'Begin again.');
  end if;
end;
$$;
comment on function polaris.take_sign_in is 'Gives out what begin_sign_in kept, once.';
