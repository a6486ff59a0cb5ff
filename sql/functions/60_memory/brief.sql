-- What a driver has to know who takes a session over: its goal, the last answer, what is open, what was done, who works beside it.
-- Every line names the events that it comes from; the same record gives the same words. It reads the newest 2,000 events and the
-- first prompt of the session, so that a long one costs as much as a short one, and keeps to so many characters.
-- Fails: 404 no_such_project, 404 no_such_session, 422 characters_are_sane.
create or replace function polaris.brief (
  p_org bigint, p_actor text, p_project text, p_session text, p_characters integer default 6000
)
returns table (text text, last_seq bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_line record;
  v_text text := '';
  v_part text := '';
  v_head text;
  v_left integer := p_characters;
  v_last bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  if p_characters is null or p_characters not between 500 and 100000 then
    perform polaris_data.fail(422, 'characters_are_sane', 'A brief has 500 to 100000 characters.');
  end if;
  -- Most important first: where the room ends, the rest is left out. A later part shows earlier lines of its own in their order.
  for v_line in
    select b.part, b.line from polaris_data.brief_lines(v_me.org_id, v_session.session_id) b order by b.rank, b.at
  loop
    v_head := case when v_line.part = v_part then '' else v_line.part || E'\n' end;
    if char_length(v_head) + char_length(v_line.line) + 1 > v_left then
      continue;
    end if;
    v_text := v_text || v_head || v_line.line || E'\n';
    v_left := v_left - char_length(v_head) - char_length(v_line.line) - 1;
    v_part := v_line.part;
  end loop;
  select e.seq into v_last from polaris_data.events e
  where e.org_id = v_me.org_id and e.session_id = v_session.session_id order by e.seq desc limit 1;
  return query select rtrim(v_text, E'\n'), coalesce(v_last, 0);
end;
$$;
comment on function polaris.brief is 'What a driver has to know who takes a session over.';
