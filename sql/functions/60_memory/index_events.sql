-- Puts the next events of one project, p_limit at most, into the tables that are made from the record; answers how many they were. One
-- at a time fills a project: another finds the cursor locked and leaves it. What goes wrong keeps the cursor where it is. The service only.
create or replace function polaris.index_events (p_org bigint, p_project_id bigint, p_limit integer default 500)
returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_from bigint;
  v_last bigint;
  v_seqs bigint[];
begin
  perform polaris_data.require_service();
  insert into polaris_data.index_cursors (org_id, project_id) values (p_org, p_project_id) on conflict do nothing;
  select c.seq into v_from from polaris_data.index_cursors c
  where c.org_id = p_org and c.project_id = p_project_id for no key update skip locked;
  if not found then
    return 0;
  end if;
  -- Read before the events: up to here all of them can be seen, whatever is written meanwhile.
  select h.last_seq into v_last from polaris_data.project_heads h where h.org_id = p_org and h.project_id = p_project_id;
  select array_agg(e.seq order by e.seq) into v_seqs from (
    select e.seq from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project_id and e.seq > v_from order by e.seq limit p_limit) e;
  if v_seqs is null then -- nothing, or what retention has taken
    update polaris_data.index_cursors set seq = v_last where org_id = p_org and project_id = p_project_id and seq < v_last;
    return 0;
  end if;
  perform polaris_data.write_index(p_org, p_project_id, v_seqs);
  update polaris_data.index_cursors set seq = v_seqs[cardinality(v_seqs)] where org_id = p_org and project_id = p_project_id;
  return cardinality(v_seqs);
end;
$$;
comment on function polaris.index_events is 'Puts the next events of a project into the tables that are made from the record.';
