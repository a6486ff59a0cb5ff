-- Erasures as administrators are shown them, the newest first; with an id, only that one. held: a legal hold stands in the way of what is
-- left to do.
create or replace function polaris_data.show_erasures (p_org bigint, p_erasure bigint default null)
returns setof polaris_data.erasure_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select x.erasure_id, p.name, s.name, x.participant, x.reason, x.asked_by, x.asked_at, x.erased, x.done_at,
    x.done_at is null and exists (
      select from polaris_data.erasure_parts t
      where t.org_id = p_org and t.erasure_id = x.erasure_id and t.seq < t.until_seq and polaris_data.is_held(p_org, t.project_id))
  from polaris_data.erasures x
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = x.project_id
  left join polaris_data.sessions s on s.org_id = p_org and s.session_id = x.session_id
  where x.org_id = p_org and (p_erasure is null or x.erasure_id = p_erasure)
  order by x.erasure_id desc limit 200;
$$;
comment on function polaris_data.show_erasures is 'Erasures as administrators are shown them.';
