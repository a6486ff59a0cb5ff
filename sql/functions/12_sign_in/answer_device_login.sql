-- Lets a machine in as the person, or not. Whoever answers has been shown the machine (guess_device_login), and its guesses count
-- here, too. The service only. Fails: 404 no_such_member. error as in guess_device_login.
create or replace function polaris.answer_device_login (p_person bigint, p_org bigint, p_user_code text, p_allowed boolean)
returns table (error text, machine text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_found record;
begin
  perform polaris_data.require_service();
  if p_allowed and polaris_data.member_of(p_org, p_person) is null then
    perform polaris_data.fail(404, 'no_such_member', 'You are no member of this organization.');
  end if;
  select * into strict v_found from polaris.guess_device_login(p_person, p_user_code);
  if v_found.error is null then
    update polaris_data.device_logins d set
      person_id = case when p_allowed then p_person end, org_id = case when p_allowed then p_org end, denied = not p_allowed
    where d.user_code = p_user_code and d.person_id is null and not d.denied;
    if not found then -- of two answers at once the first stands
      return query select 'no_such_code', null::text;
      return;
    end if;
  end if;
  return query select v_found.error, v_found.machine;
end;
$$;
comment on function polaris.answer_device_login is 'Lets a machine in as the person, or not.';
