-- The number of the event that says that a seat was claimed, or how it ended (p_which: claimed, ended); null where retention took it.
create or replace function polaris_data.seat_seq (p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_which text)
returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  v_id text := format('polaris:seat:%s:%s', p_epoch, p_which);
begin
  return (
    select e.seq from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.session_id = p_session and e.client_id between v_id and v_id
    order by e.client_id limit 1);
end;
$$;
comment on function polaris_data.seat_seq is 'The number of the event that says that a seat was claimed, or how it ended.';
