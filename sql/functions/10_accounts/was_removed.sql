-- Whether a person was a member here and is no more: who was removed or left comes back by invitation only.
create or replace function polaris_data.was_removed (p_org bigint, p_person bigint)
returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (select from polaris_data.members m where m.org_id = p_org and m.person_id = p_person and m.removed_at is not null)
    and not exists (select from polaris_data.members m where m.org_id = p_org and m.person_id = p_person and m.removed_at is null);
$$;
comment on function polaris_data.was_removed is 'Whether a person was a member here and is no more.';
