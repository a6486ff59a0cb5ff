-- Tells every process what has no event of its own: a token or login revoked, a member removed, a policy changed.
create or replace function polaris_data.publish_control (p_org bigint, p_kind text, p_id bigint)
returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify('polaris_control', format('{"org":%s,"kind":"%s","id":%s}', p_org, p_kind, coalesce(p_id, 0)));
end;
$$;
comment on function polaris_data.publish_control is 'Tells every process what has no event of its own.';
