-- Writes one event of Polaris's own making or of an inner function; answers its number and whether it is new.
-- Fails: 409 client_id_taken.
create or replace function polaris_data.write_event (
  p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text,
  p_payload jsonb, p_client_id text, p_agent text default null, out seq bigint, out created boolean
)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_written record;
begin
  select w.* into strict v_written from polaris_data.write_events(
    p_org, array[null::text], array[p_project], array[p_session], array[p_epoch], array[p_kind], array[p_actor], array[p_target],
    array[null::text], array[p_agent], array[p_body], array[p_payload], array[p_client_id], array[false],
    array[null::timestamptz]) w;
  if v_written.code is not null then
    perform polaris_data.fail(409, v_written.code, 'Another participant used this client_id.', 'Make a new one for each message.');
  end if;
  seq := v_written.seq;
  created := v_written.created;
end;
$$;
comment on function polaris_data.write_event is 'Writes one event of Polaris''s own making or of an inner function.';
