-- A page of the texts of a project that stand beside the record, after a place and key: advice and why it was declined or failed
-- (advice, reason), what goes to Slack (post). hash says what was read: see polaris.scrub_texts. The service only, at an administrator's
-- word. Fails: 403 admin_only, 404 no_such_project, 422 limit_is_sane.
create or replace function polaris.read_texts_for_scrub (
  p_org bigint, p_actor text, p_project text, p_after_place text default '', p_after_key text default '', p_limit integer default 500
)
returns table (place text, key text, words text, hash bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_project polaris_data.projects;
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 texts.');
  end if;
  return query
  select x.place, x.key, x.words, polaris_data.text_hash(x.words) from (
    select 'advice' as place, d.delivery_id::text as key, d.body as words from polaris_data.deliveries d
    where d.org_id = p_org and d.project_id = v_project.project_id
    union all
    select 'reason', d.delivery_id::text, d.reason from polaris_data.deliveries d
    where d.org_id = p_org and d.project_id = v_project.project_id
    union all
    select 'post', o.post_id::text, o.text from polaris_data.slack_posts o
    where o.org_id = p_org and o.project_id = v_project.project_id) x
  where x.words <> '' and (x.place, x.key) > (p_after_place, p_after_key)
  order by x.place, x.key limit p_limit;
end;
$$;
comment on function polaris.read_texts_for_scrub is 'A page of the texts of a project that stand beside the record.';
