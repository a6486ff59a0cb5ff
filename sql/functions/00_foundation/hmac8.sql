-- The first eight hex digits of HMAC-SHA256 (RFC 2104), by hand because the server may have no pgcrypto.
create or replace function polaris_data.hmac8 (p_key bytea, p_text text)
returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v_key bytea := case when octet_length(p_key) > 64 then sha256(p_key) else p_key end;
  v_inner bytea := decode(repeat('36', 64), 'hex');
  v_outer bytea := decode(repeat('5c', 64), 'hex');
begin
  for i in 0 .. octet_length(v_key) - 1 loop
    v_inner := set_byte(v_inner, i, get_byte(v_inner, i) # get_byte(v_key, i));
    v_outer := set_byte(v_outer, i, get_byte(v_outer, i) # get_byte(v_key, i));
  end loop;
  return left(encode(sha256(v_outer || sha256(v_inner || convert_to(p_text, 'UTF8'))), 'hex'), 8);
end;
$$;
comment on function polaris_data.hmac8 is 'The first eight hex digits of HMAC-SHA256.';
