-- The time of the newest (or oldest) event in the index between two moments; p_offset: of the one so many further on. For search_places, whose own look-up is written for another
-- index. Null: there is none.
create or replace function polaris_data.search_next (p_org bigint, p_since timestamptz, p_until timestamptz, p_oldest boolean, p_offset integer default 0)
returns timestamptz
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
  if p_oldest then
    return (
      select n.at from polaris_data.search_entries n
      where n.org_id = p_org and n.at >= p_since and n.at < p_until order by n.at offset p_offset limit 1);
  end if;
  return (
    select n.at from polaris_data.search_entries n
    where n.org_id = p_org and n.at >= p_since and n.at < p_until order by n.at desc offset p_offset limit 1);
end;
$$;
comment on function polaris_data.search_next is 'The time of the newest (or oldest) event in the index between two moments.';
