-- Lets the tables made from the record be made anew, all of them, from the first event on: what they hold stays until its turn comes, so
-- that search goes on meanwhile. Answers how many events that are. The service only.
create or replace function polaris.reset_index ()
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_events bigint;
begin
  perform polaris_data.require_service();
  perform from polaris_data.index_cursors c where c.org_id is not null order by c.org_id, c.project_id for no key update;
  update polaris_data.index_cursors c set seq = 0 where c.org_id is not null and c.seq > 0;
  select coalesce(sum(u.behind), 0) into v_events from polaris.list_unindexed(2147483647) u;
  return v_events;
end;
$$;
comment on function polaris.reset_index is 'Lets the tables made from the record be made anew.';
