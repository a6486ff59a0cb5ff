-- Gives texts beside the record what new rules of redaction made of them (see polaris.read_texts_for_scrub); the arrays are read side by
-- side. What is not any more what was read (p_hashes) stays as it is. A post that stands in Slack is changed there, too. Answers how many
-- were changed. The service only, at an administrator's word.
-- Fails: 403 admin_only, 404 no_such_project, 409 legal_hold, 422 arrays_differ.
create or replace function polaris.scrub_texts (
  p_org bigint, p_actor text, p_project text, p_places text[], p_keys text[], p_hashes bytea[], p_bodies text[]
)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  v_project polaris_data.projects;
  v_count integer;
  v_all integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if array[cardinality(p_keys), cardinality(p_hashes), cardinality(p_bodies)]
    is distinct from array_fill(cardinality(p_places), array[3]) then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.');
  end if;
  perform polaris_data.lock_slack(p_org);
  perform polaris_data.require_no_hold(p_org, v_project.project_id);
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = v_project.project_id order by s.session_id for no key update;
  perform from polaris_data.deliveries d
  where d.org_id = p_org and d.project_id = v_project.project_id and d.delivery_id::text = any (p_keys)
  order by d.delivery_id for no key update;
  update polaris_data.deliveries d set body = u.body
  from unnest(p_places, p_keys, p_hashes, p_bodies) as u (place, key, hash, body)
  where d.org_id = p_org and d.project_id = v_project.project_id and u.place = 'advice' and d.delivery_id::text = u.key
    and polaris_data.text_hash(d.body) = u.hash;
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  update polaris_data.deliveries d set reason = u.body
  from unnest(p_places, p_keys, p_hashes, p_bodies) as u (place, key, hash, body)
  where d.org_id = p_org and d.project_id = v_project.project_id and u.place = 'reason' and d.delivery_id::text = u.key
    and polaris_data.text_hash(d.reason) = u.hash;
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  update polaris_data.slack_posts o set
    text = u.body, version = o.version + 1, due_at = case when o.ts is null then o.due_at else v_now end
  from unnest(p_places, p_keys, p_hashes, p_bodies) as u (place, key, hash, body)
  where o.org_id = p_org and o.project_id = v_project.project_id and u.place = 'post' and o.post_id::text = u.key
    and polaris_data.text_hash(o.text) = u.hash;
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  if v_all > 0 then
    perform polaris_data.write_audit(p_org, p_actor, 'scrub.texts', p_project, jsonb_build_object('texts', v_all));
  end if;
  return v_all;
end;
$$;
comment on function polaris.scrub_texts is 'Gives texts beside the record what new rules of redaction made of them.';
