-- After which event somebody wants to know what happened: a number; drove = since the end of the caller's last seat in the session (or the
-- project); looked = since what the caller has read of the project's floor. null: from the beginning, as also for who never did.
-- Fails: 422 since_is_known.
create or replace function polaris_data.memory_since (p_org bigint, p_actor text, p_project bigint, p_session bigint, p_since text)
returns bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if p_since is null then
    return null;
  elsif p_since ~ '^[0-9]{1,18}$' then
    return p_since::bigint;
  elsif p_since = 'drove' then
    return coalesce((
      select max(t.last_seq) from polaris_data.memory_seats(p_org, p_project, p_session, p_actor) t), 0);
  elsif p_since = 'looked' then
    return coalesce((
      select m.seq from polaris_data.read_marks m where m.org_id = p_org and m.project_id = p_project and m.actor = p_actor), 0);
  end if;
  perform polaris_data.fail(422, 'since_is_known', 'Since when is the number of an event, drove or looked.',
    'drove: since you last drove; looked: since what you have read of the floor.');
end;
$$;
comment on function polaris_data.memory_since is 'After which event somebody wants to know what happened.';
