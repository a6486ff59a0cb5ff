-- Checks that a text names a participant: user:, agent: or slack: and a slug. Fails: 422 actor_is_a_participant.
create or replace function polaris_data.require_participant (p_actor text)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if p_actor is null or p_actor !~ '^(user|agent|slack):[a-z0-9][a-z0-9-]{0,62}$' then
    perform polaris_data.fail(422, 'actor_is_a_participant', format('%s is not a participant.', coalesce(quote_literal(p_actor), 'Nothing')),
      'Write user:manu, agent:test-writer or slack:krishna.');
  end if;
end;
$$;
comment on function polaris_data.require_participant is 'Checks that a text names a participant.';
