-- Guards the fence: an epoch never falls, and a driver changes only under a new epoch or by leaving.
-- Fails: 403 epoch_only_rises.
create or replace function polaris_data.tg_sessions__epoch ()
returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if new.epoch < old.epoch
    or (new.driver is not null and new.driver is distinct from old.driver and new.epoch <= old.epoch) then
    perform polaris_data.fail(403, 'epoch_only_rises', 'An epoch never falls, and a new driver needs a new one.');
  end if;
  return new;
end;
$$;
comment on function polaris_data.tg_sessions__epoch is 'Guards the fence: an epoch never falls.';

create or replace trigger _100_epoch before update on polaris_data.sessions
for each row when (old.epoch is distinct from new.epoch or old.driver is distinct from new.driver)
execute function polaris_data.tg_sessions__epoch ();
