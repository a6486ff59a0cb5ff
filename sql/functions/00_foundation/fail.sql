-- The one way to fail: SQLSTATE PL + HTTP status, machine name in constraint, help in hint, JSON in detail.
create or replace function polaris_data.fail (
  p_status integer,
  p_code text,
  p_message text,
  p_hint text default null,
  p_detail jsonb default null
)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using
    errcode = 'PL' || p_status::text,
    constraint = p_code,
    message = p_message,
    hint = coalesce(p_hint, ''),
    detail = coalesce(p_detail::text, '');
end;
$$;
comment on function polaris_data.fail is 'The one way to fail: SQLSTATE PL + HTTP status, machine name in constraint, help in hint.';
