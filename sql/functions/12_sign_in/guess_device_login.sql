-- What a person who types a user code is shown of the machine that asks. The answer is a row in any case, so that a wrong guess is
-- kept: error is no_such_code, or too_many_guesses after 10 wrong ones in 10 minutes. The service only.
create or replace function polaris.guess_device_login (p_person bigint, p_user_code text)
returns table (error text, machine text, address text, created_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_person polaris_data.people;
  v_login polaris_data.device_logins;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select p.* into strict v_person from polaris_data.people p where p.person_id = p_person for no key update;
  if v_person.guesses_since < v_now - interval '10 minutes' then
    v_person.guesses := 0;
  end if;
  if v_person.guesses >= 10 then
    return query select 'too_many_guesses', null::text, null::text, null::timestamptz;
    return;
  end if;
  select d.* into v_login from polaris_data.device_logins d
  where d.user_code = p_user_code and d.created_at > v_now - interval '10 minutes' and d.person_id is null and not d.denied;
  if not found then
    update polaris_data.people set guesses = v_person.guesses + 1,
      guesses_since = case when v_person.guesses = 0 then v_now else v_person.guesses_since end
    where person_id = p_person;
    return query select 'no_such_code', null::text, null::text, null::timestamptz;
    return;
  end if;
  return query select null::text, v_login.machine, v_login.address, v_login.created_at;
end;
$$;
comment on function polaris.guess_device_login is 'What a person who types a user code is shown of the machine that asks.';
