-- What search knows of one event: its words, and as marks the organization, project, session, kind, actor, spans
-- of time, and the files that a tool call names.
create or replace function polaris_data.search_entry (
  p_org bigint, p_project bigint, p_session bigint, p_kind text, p_actor text, p_at timestamptz, p_body text, p_payload jsonb
)
returns tsvector
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  v_second bigint := floor(date_part('epoch', p_at))::bigint;
  v_files text[] := '{}';
begin
  if p_kind = 'tool.call' then
    select coalesce(array_agg(m.mark), '{}') into v_files
    from polaris_data.files_of(p_payload) f
    cross join lateral unnest(polaris_data.file_marks(f.path)) m (mark)
    where octet_length(f.path) between 1 and 2000;
  end if;
  return polaris_data.search_words(polaris_data.search_text(p_kind, p_body, p_payload))
    || array_to_tsvector(array[
      '=o' || p_org, '=p' || p_project, '=s' || p_session, '=k' || p_kind, '=a' || p_actor,
      -- as in search_span
      '=t0.' || v_second / 300, '=t1.' || v_second / 19200, '=t2.' || v_second / 1228800, '=t3.' || v_second / 19660800])
    || array_to_tsvector(v_files);
end;
$$;
comment on function polaris_data.search_entry is 'What search knows of one event.';
