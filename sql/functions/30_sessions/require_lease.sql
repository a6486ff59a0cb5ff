-- Checks a lease: 1 second to a day. Fails: 422 lease_is_sane, 422 actor_is_a_participant.
create or replace function polaris_data.require_lease (p_actor text, p_lease_seconds integer)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_participant(p_actor);
  if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
    perform polaris_data.fail(422, 'lease_is_sane', 'A lease takes 1 second to a day.');
  end if;
end;
$$;
comment on function polaris_data.require_lease is 'Checks a lease: 1 second to a day.';
