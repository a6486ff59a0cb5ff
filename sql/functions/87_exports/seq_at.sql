-- The first number of a project, between two numbers, that was recorded at a time or later; the number after the last where none was.
-- Times rise with the numbers, so it looks at one event per halving and needs no index on the time.
create or replace function polaris_data.seq_at (p_org bigint, p_project bigint, p_first bigint, p_last bigint, p_at timestamptz)
returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_low bigint := p_first;
  v_high bigint := p_last + 1;
  v_middle bigint;
  v_before boolean;
begin
  while v_low < v_high loop
    v_middle := (v_low + v_high) / 2;
    select e.recorded_at < p_at into v_before from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq = v_middle;
    if v_before then
      v_low := v_middle + 1;
    else
      v_high := v_middle;
    end if;
  end loop;
  return v_low;
end;
$$;
comment on function polaris_data.seq_at is 'The first number of a project that was recorded at a time or later.';
