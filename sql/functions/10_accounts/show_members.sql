-- The members of an organization as everybody is shown them; with a handle, only that one.
create or replace function polaris_data.show_members (p_org bigint, p_handle text default null)
returns setof polaris_data.member_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select 'user:' || m.handle, m.handle, m.role, p.email, m.created_at, m.removed_at
  from polaris_data.members m
  join polaris_data.people p on p.person_id = m.person_id
  where m.org_id = p_org and (p_handle is null or m.handle = p_handle)
  order by m.handle;
$$;
comment on function polaris_data.show_members is 'The members of an organization as everybody is shown them.';
