-- Legal holds as administrators are shown them, the standing ones first; with an id, only that one.
create or replace function polaris_data.show_holds (p_org bigint, p_hold bigint default null)
returns setof polaris_data.hold_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select h.hold_id, p.name, h.reason, h.placed_by, h.placed_at, h.lifted_by, h.lifted_at
  from polaris_data.legal_holds h
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = h.project_id
  where h.org_id = p_org and (p_hold is null or h.hold_id = p_hold)
  order by h.lifted_at is not null, h.hold_id desc;
$$;
comment on function polaris_data.show_holds is 'Legal holds as administrators are shown them.';
