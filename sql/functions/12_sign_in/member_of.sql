-- The participant that a person is in an organization; null where it is no member.
create or replace function polaris_data.member_of (p_org bigint, p_person bigint)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select 'user:' || m.handle from polaris_data.members m
  where m.org_id = p_org and m.person_id = p_person and m.removed_at is null;
$$;
comment on function polaris_data.member_of is 'The participant that a person is in an organization.';
