-- What an agent is shown of a piece of advice: facts with provenance, not a command, and the marker by which our own capture
-- proves that it arrived.
create or replace function polaris_data.advice_text (p_delivery polaris_data.delivery_row)
returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format(E'Advice from %s (%s, same organization%s) for session %s/%s, sent %s:\n%s\n(polaris:advice:%s)',
    p_delivery.sender,
    case p_delivery.sender_class
      when 'human' then 'human'
      when 'agent' then case when p_delivery.sender like 'user:%' then 'the coding agent of this person' else 'coding agent' end
      else 'human, by way of Slack' end,
    coalesce('; reworded by ' || p_delivery.edited_by, ''),
    p_delivery.project, p_delivery.session, to_char(p_delivery.queued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
    polaris_data.neutralize(p_delivery.body), p_delivery.delivery_id);
$$;
comment on function polaris_data.advice_text is 'What an agent is shown of a piece of advice.';
