-- The organizations in which something may have to be pruned or erased. The service only.
create or replace function polaris.list_orgs_to_keep ()
returns setof bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return query
  select t.org_id from polaris_data.retention t
  union
  select x.org_id from polaris_data.erasures x where x.done_at is null
  order by 1;
end;
$$;
comment on function polaris.list_orgs_to_keep is 'The organizations in which something may have to be pruned or erased.';
