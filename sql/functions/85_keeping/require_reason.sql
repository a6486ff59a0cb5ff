-- Checks why something is held or erased: 1 to 500 characters. Fails: 422 body_is_there, 422 body_is_short.
create or replace function polaris_data.require_reason (p_reason text)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_body(p_reason, 500);
end;
$$;
comment on function polaris_data.require_reason is 'Checks why something is held or erased.';
