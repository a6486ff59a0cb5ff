-- How long events are kept: first the organization's own word (no project), then every project that the caller may see, with its own
-- word and with what is in force there (null: for ever), and the first number that is still there.
create or replace function polaris.list_retention (p_org bigint, p_actor text)
returns setof polaris_data.retention_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select x.name, t.keep_days, t.set_by, t.set_at, coalesce(t.keep_days, o.keep_days), x.first_seq
  from (
    select 0 as project_id, null as name, null as first_seq
    union all
    select p.project_id, p.name, p.first_seq from polaris_data.projects p
    where p.org_id = v_me.org_id and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility)) x
  left join polaris_data.retention t on t.org_id = v_me.org_id and t.project_id = x.project_id
  left join polaris_data.retention o on o.org_id = v_me.org_id and o.project_id = 0
  order by x.name nulls first;
end;
$$;
comment on function polaris.list_retention is 'How long events are kept.';
