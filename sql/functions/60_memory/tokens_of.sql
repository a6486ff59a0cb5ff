-- A number of tokens as a fact tells it; 0 for what is none. Facts of direct clients have any shape, and none may stop the index.
create or replace function polaris_data.tokens_of (p_value jsonb)
returns bigint
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when jsonb_typeof(p_value) = 'number' then least(greatest(p_value::numeric, 0), 1000000000000)::bigint else 0 end;
$$;
comment on function polaris_data.tokens_of is 'A number of tokens as a fact tells it; 0 for what is none.';
