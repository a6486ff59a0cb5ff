-- Guards the history of the seats: no row goes, and one that has ended stays as it was.
-- Fails: 403 seats_are_history.
create or replace function polaris_data.tg_seats__history ()
returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    if old.ended_at is null and (new.org_id, new.session_id, new.epoch, new.driver, new.claimed_at)
      = (old.org_id, old.session_id, old.epoch, old.driver, old.claimed_at) then
      return new;
    end if;
  end if;
  perform polaris_data.fail(403, 'seats_are_history', 'Who drove a session is not rewritten.');
  return null;
end;
$$;
comment on function polaris_data.tg_seats__history is 'Guards the history of the seats.';

create or replace trigger _100_history before update or delete on polaris_data.seats
for each row execute function polaris_data.tg_seats__history ();
