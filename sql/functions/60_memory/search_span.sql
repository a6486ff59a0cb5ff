-- The mark of the span of time that a moment lies in: of level 0 they last five minutes, of 1 five hours, of 2 two weeks, of 3 a good
-- half-year. Search looks at one span after the other, so that it does not gather all there is of a common word.
create or replace function polaris_data.search_span (p_at timestamptz, p_level integer)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select '=t' || p_level || '.' || floor(extract(epoch from p_at) / polaris_data.span_seconds(p_level))::bigint;
$$;
comment on function polaris_data.search_span is 'The mark of the span of time that a moment lies in.';
