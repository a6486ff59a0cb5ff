-- A page of a project's contents after a number, to be looked through with new rules of redaction: not what has none or was erased. hash
-- says what was read: see polaris.scrub_events. The service only, at an administrator's word.
-- Fails: 403 admin_only, 404 no_such_project, 422 limit_is_sane.
create or replace function polaris.read_for_scrub (
  p_org bigint, p_actor text, p_project text, p_after bigint default 0, p_limit integer default 200
)
returns table (seq bigint, body text, payload text, facts text, hash bytea)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
#variable_conflict use_column
declare
  v_project polaris_data.projects;
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 events.');
  end if;
  return query
  select e.seq, e.body, e.payload::text, e.facts::text, polaris_data.text_hash(e.body, e.payload::text, e.facts::text)
  from polaris_data.events e
  where e.org_id = p_org and e.project_id = v_project.project_id and e.seq > p_after and e.erased_at is null
  order by e.seq limit p_limit;
end;
$$;
comment on function polaris.read_for_scrub is 'A page of a project''s contents, to be looked through with new rules of redaction.';
