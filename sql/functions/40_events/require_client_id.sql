-- Checks the name that a client gives to its message; none is fine. What begins with polaris: is how Polaris names its own
-- events: whoever used up polaris:seat:2:claimed would keep everybody from the seat. Fails: 422 client_id_not_valid.
create or replace function polaris_data.require_client_id (p_client_id text)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if char_length(p_client_id) not between 1 and 200 or p_client_id like 'polaris:%' then
    perform polaris_data.fail(422, 'client_id_not_valid', 'A client_id has 1 to 200 characters and does not begin with polaris:.',
      'Make a new one for each message, or leave it out.');
  end if;
end;
$$;
comment on function polaris_data.require_client_id is 'Checks the name that a client gives to its message.';
