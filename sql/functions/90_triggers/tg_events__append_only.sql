-- Guards the record: nobody changes or deletes an event, the owner's own functions included. Two doors, each for one inner function: the
-- front of a project goes by drop_events, what an event says is taken away by change_events. Who passes is told by the stack of calls; a
-- setting could be forged by any login, and a function that is called by both would be one more door. Even there an event keeps its number,
-- its names and its times. Truncating is never let through.
-- Fails: 403 events_are_append_only.
create or replace function polaris_data.tg_events__append_only ()
returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_stack text;
  v_door text := case tg_op when 'UPDATE' then 'change_events' when 'DELETE' then 'drop_events' end;
begin
  if tg_level = 'STATEMENT' and v_door is not null then
    get diagnostics v_stack = pg_context;
    -- The nearest function that is not this one; a statement between them may have many lines.
    if (regexp_match(v_stack, '\nPL/pgSQL function ([a-z_]+\.[a-z_]+)\('))[1] = 'polaris_data.' || v_door then
      return null;
    end if;
  end if;
  perform polaris_data.fail(403, 'events_are_append_only', format('Events are not %s.',
    case tg_op when 'UPDATE' then 'changed' else 'deleted' end), 'Write a new event that corrects the old one.');
  return null;
end;
$$;
comment on function polaris_data.tg_events__append_only is 'Guards the record: nobody changes or deletes an event.';

create or replace trigger _100_append_only before update or delete or truncate on polaris_data.events
for each statement execute function polaris_data.tg_events__append_only ();

create or replace trigger _200_append_only before update on polaris_data.events
for each row when (
  (old.org_id, old.project_id, old.seq, old.session_id, old.epoch, old.kind, old.actor, old.target, old.turn, old.agent, old.client_id,
    old.late, old.occurred_at, old.recorded_at)
  is distinct from (new.org_id, new.project_id, new.seq, new.session_id, new.epoch, new.kind, new.actor, new.target, new.turn, new.agent,
    new.client_id, new.late, new.occurred_at, new.recorded_at))
execute function polaris_data.tg_events__append_only ();
