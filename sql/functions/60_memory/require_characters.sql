-- Checks how long a brief may be. Fails: 422 characters_are_sane.
create or replace function polaris_data.require_characters (p_characters integer)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if p_characters is null or p_characters not between 500 and 100000 then
    perform polaris_data.fail(422, 'characters_are_sane', 'A brief has 500 to 100000 characters.');
  end if;
end;
$$;
comment on function polaris_data.require_characters is 'Checks how long a brief may be.';
