-- Who really wrote an event's text: the person, their coding agent, or Polaris itself.
create or replace function polaris_data.speaker_of (p_kind text)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when p_kind in ('message', 'reply', 'tool.call', 'tool.result') then 'agent'
    when p_kind in ('prompt', 'advice', 'floor', 'annotation') then 'person'
    else 'polaris'
  end;
$$;
comment on function polaris_data.speaker_of is 'Who really wrote an event''s text: the person, their coding agent, or Polaris itself.';
