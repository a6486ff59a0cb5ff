-- Guards the record: nobody changes or deletes an event, the owner's own functions included.
-- Fails: 403 events_are_append_only.
create or replace function polaris_data.tg_events__append_only ()
returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.fail(403, 'events_are_append_only', format('Events are not %s.',
    case tg_op when 'UPDATE' then 'changed' else 'deleted' end), 'Write a new event that corrects the old one.');
  return null;
end;
$$;
comment on function polaris_data.tg_events__append_only is 'Guards the record: nobody changes or deletes an event.';

create or replace trigger _100_append_only before update or delete or truncate on polaris_data.events
for each statement execute function polaris_data.tg_events__append_only ();
