-- Keeps what a sign-in needs when the provider answers, under the hash of its state; sweeps what is too old. The service only.
create or replace function polaris.begin_sign_in (p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  delete from polaris_data.sign_ins s where s.created_at < v_now - interval '10 minutes';
  insert into polaris_data.sign_ins (state_hash, nonce, verifier, return_to, created_at)
  values (p_state_hash, p_nonce, p_verifier, p_return_to, v_now);
end;
$$;
comment on function polaris.begin_sign_in is 'Keeps what a sign-in needs when the provider answers.';
