-- What search knows of one event: its words, and as marks the organization, project, session, kind, actor and spans of time.
create or replace function polaris_data.search_entry (
  p_org bigint, p_project bigint, p_session bigint, p_kind text, p_actor text, p_at timestamptz, p_body text, p_payload jsonb
)
returns tsvector
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select polaris_data.search_words(polaris_data.search_text(p_kind, p_body, p_payload))
    || array_to_tsvector(
      array['=o' || p_org, '=p' || p_project, '=s' || p_session, '=k' || p_kind, '=a' || p_actor]
      || array(select polaris_data.search_span(p_at, x.level) from generate_series(0, 3) as x (level)));
$$;
comment on function polaris_data.search_entry is 'What search knows of one event.';
