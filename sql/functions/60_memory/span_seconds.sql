-- How long a span of search_span lasts.
create or replace function polaris_data.span_seconds (p_level integer)
returns integer
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select (array[300, 19200, 1228800, 19660800])[p_level + 1];
$$;
comment on function polaris_data.span_seconds is 'How long a span of search_span lasts, in seconds.';
