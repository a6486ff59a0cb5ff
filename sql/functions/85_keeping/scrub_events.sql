-- Gives events what new rules of redaction made of them; the arrays are read side by side. What is not any more what was read (p_hashes)
-- stays as it is: read it again. What was made from these events is made anew, and the audit log says that they were changed. Answers the
-- numbers of those that were. The service only, at an administrator's word.
-- Fails: 403 admin_only, 404 no_such_project, 409 legal_hold, 422 arrays_differ.
create or replace function polaris.scrub_events (
  p_org bigint, p_actor text, p_project text, p_seqs bigint[], p_hashes bytea[], p_bodies text[], p_payloads jsonb[], p_facts jsonb[]
)
returns table (changed bigint[])
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  v_project polaris_data.projects;
  v_changed bigint[];
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if array[cardinality(p_hashes), cardinality(p_bodies), cardinality(p_payloads), cardinality(p_facts)]
    is distinct from array_fill(cardinality(p_seqs), array[4]) then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.', 'Use null where an event has nothing.');
  end if;
  perform polaris_data.require_no_hold(p_org, v_project.project_id);
  perform polaris_data.lock_index(p_org, v_project.project_id);
  v_changed := polaris_data.change_events(p_org, v_project.project_id, p_seqs, null, p_hashes, p_bodies, p_payloads, p_facts);
  if cardinality(v_changed) > 0 then
    perform polaris_data.write_audit(p_org, p_actor, 'scrub.events', p_project, jsonb_build_object(
      'events', cardinality(v_changed), 'first', v_changed[1], 'last', v_changed[cardinality(v_changed)]));
  end if;
  return query select v_changed;
end;
$$;
comment on function polaris.scrub_events is 'Gives events what new rules of redaction made of them.';
