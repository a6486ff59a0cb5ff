-- Locks the administrators of an organization, and the member of this handle with them, and checks that one remains besides it. All
-- locks in one order: who takes the member's own only afterwards deadlocks with another to whom it is an administrator by now.
-- Fails: 409 last_admin.
create or replace function polaris_data.require_other_admin (p_org bigint, p_handle text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform from polaris_data.members m
  where m.org_id = p_org and (m.role = 'admin' or m.handle = p_handle) and m.removed_at is null order by m.handle for no key update;
  if not exists (
    select from polaris_data.members m
    where m.org_id = p_org and m.role = 'admin' and m.removed_at is null and m.handle <> p_handle) then
    perform polaris_data.fail(409, 'last_admin', format('user:%s is the last administrator.', p_handle), 'Make somebody else one first.');
  end if;
end;
$$;
comment on function polaris_data.require_other_admin is 'Checks that an administrator remains.';
