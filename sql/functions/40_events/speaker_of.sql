-- Who really wrote an event's text: a person, a coding agent, or Polaris itself. What a driver says to its coding agent, and what is
-- said from outside, is the participant's own: a person's, or an agent's where the participant is one, or where the coding agent
-- (p_agent) said it for the person.
create or replace function polaris_data.speaker_of (p_kind text, p_actor text, p_agent text)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when p_kind in ('message', 'reply', 'tool.call', 'tool.result') then 'agent'
    when p_kind not in ('prompt', 'advice', 'floor', 'annotation', 'seat.asked') then 'polaris'
    when p_actor like 'agent:%' or (p_kind <> 'prompt' and p_agent is not null) then 'agent'
    else 'person'
  end;
$$;
comment on function polaris_data.speaker_of is 'Who really wrote an event''s text: a person, a coding agent, or Polaris itself.';
