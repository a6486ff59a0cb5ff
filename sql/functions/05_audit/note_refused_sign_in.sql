-- Notes a sign-in that was refused, in the log of the installation: nobody knows yet to which organization it would have belonged.
-- The service only.
create or replace function polaris.note_refused_sign_in (p_reason text, p_detail jsonb default null)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return polaris_data.write_audit(0, null, 'sign_in.refused', left(p_reason, 200), p_detail);
end;
$$;
comment on function polaris.note_refused_sign_in is 'Notes a sign-in that was refused.';
