-- Notes that somebody took data out. The service only: it does so before the first byte leaves.
create or replace function polaris.note_export (p_org bigint, p_actor text, p_what text, p_detail jsonb default null)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return polaris_data.write_audit(p_org, p_actor, 'export', p_what, p_detail);
end;
$$;
comment on function polaris.note_export is 'Notes that somebody took data out.';
