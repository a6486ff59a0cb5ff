-- Guards the audit log: nobody changes or deletes a row, the owner's own functions included. Fails: 403 audit_is_append_only.
create or replace function polaris_data.tg_audit__append_only ()
returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.fail(403, 'audit_is_append_only', 'The audit log is not rewritten.');
  return null;
end;
$$;
comment on function polaris_data.tg_audit__append_only is 'Guards the audit log: nobody changes or deletes a row.';

create or replace trigger _100_append_only before update or delete or truncate on polaris_data.audit
for each statement execute function polaris_data.tg_audit__append_only ();
