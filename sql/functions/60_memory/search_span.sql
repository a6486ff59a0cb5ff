-- The mark of the span of time that a moment lies in, and when the span begins and ends: of level 0 they last five minutes, of 1 five
-- hours, of 2 two weeks, of 3 a good half-year. Search looks at one span after the other, so that it does not gather all there is of a
-- common word.
create or replace function polaris_data.search_span (
  p_at timestamptz, p_level integer, out mark text, out begins timestamptz, out ends timestamptz
)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  v_seconds bigint := (array[300, 19200, 1228800, 19660800])[p_level + 1];
  v_number bigint := floor(date_part('epoch', p_at))::bigint / v_seconds;
begin
  mark := '=t' || p_level || '.' || v_number;
  begins := to_timestamp(v_number * v_seconds);
  ends := to_timestamp((v_number + 1) * v_seconds);
end;
$$;
comment on function polaris_data.search_span is 'The mark of the span of time that a moment lies in.';
