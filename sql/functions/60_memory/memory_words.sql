-- What a brief needs of one event: the beginning of its words, and whether it tells of a failure. The words of tools' answers are many and
-- only read of failures; those of intermediate texts and notices not at all.
create or replace function polaris_data.memory_words (
  p_kind text, p_agent text, p_body text, p_payload jsonb, out body text, out failed boolean
)
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  failed := p_kind = 'tool.result' and polaris_data.tool_failed(p_agent, p_payload);
  body := case when p_kind in ('prompt', 'reply', 'floor') then left(p_body, 3000)
    when p_kind = 'tool.call' or failed then left(p_body, 640) else '' end;
end;
$$;
comment on function polaris_data.memory_words is 'What a brief needs of one event.';
