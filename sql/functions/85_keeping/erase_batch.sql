-- Goes on with an erasure: looks at the next events of one project, makes tombstones of those that are meant, and takes away what stands
-- of them elsewhere. The last batch says in the audit log that it is done. What was done stays done: after a crash the next batch begins
-- where the last one ended. Answers how many events became tombstones, and whether it is done, or waits for a legal hold to be lifted. Who
-- claimed and left a seat, and when, is not content: these events stay as they are (may_be_erased). The service only.
-- Fails: 404 no_such_erasure.
create or replace function polaris.erase_batch (p_org bigint, p_erasure bigint, p_limit integer default 200)
returns table (erased integer, done boolean, waits boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set lock_timeout = '1s' as $$
#variable_conflict use_column
declare
  v_erasure polaris_data.erasures;
  v_part polaris_data.erasure_parts;
  v_project bigint;
  v_seqs bigint[] := '{}';
  v_to bigint;
  v_left boolean;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select x.* into v_erasure from polaris_data.erasures x where x.org_id = p_org and x.erasure_id = p_erasure;
  if not found then
    perform polaris_data.fail(404, 'no_such_erasure', format('There is no erasure %s.', p_erasure));
  end if;
  perform polaris_data.lock_slack(p_org);
  select t.project_id into v_project from polaris_data.erasure_parts t
  where t.org_id = p_org and t.erasure_id = p_erasure and t.seq < t.until_seq and not polaris_data.is_held(p_org, t.project_id)
  order by t.project_id limit 1;
  if found and polaris_data.lock_to_keep(p_org, v_project) then
    select t.* into v_part from polaris_data.erasure_parts t
    where t.org_id = p_org and t.erasure_id = p_erasure and t.project_id = v_project;
    if v_erasure.participant is null then
      select array_agg(e.seq order by e.seq) filter (where polaris_data.may_be_erased(e.kind)),
        case when count(*) < p_limit then v_part.until_seq else max(e.seq) end
      into v_seqs, v_to
      from (
        select e.seq, e.kind from polaris_data.events e
        where e.org_id = p_org and e.session_id = v_erasure.session_id and e.seq > v_part.seq and e.seq <= v_part.until_seq
        order by e.seq limit p_limit) e;
    else
      v_to := least(v_part.seq + 5 * p_limit, v_part.until_seq);
      select array_agg(e.seq order by e.seq) into v_seqs from polaris_data.events e
      where e.org_id = p_org and e.project_id = v_project and e.seq > v_part.seq and e.seq <= v_to
        and e.actor = v_erasure.participant and polaris_data.may_be_erased(e.kind);
    end if;
    perform polaris_data.erase_copies(
      p_org, v_project, v_erasure.session_id, v_erasure.participant, v_part.seq, v_to, coalesce(v_seqs, '{}'));
    perform polaris_data.lock_index(p_org, v_project);
    v_seqs := polaris_data.change_events(p_org, v_project, coalesce(v_seqs, '{}'), v_now);
    update polaris_data.erasure_parts set seq = v_to where org_id = p_org and erasure_id = p_erasure and project_id = v_project;
  end if;
  v_left := exists (
    select from polaris_data.erasure_parts t where t.org_id = p_org and t.erasure_id = p_erasure and t.seq < t.until_seq);
  update polaris_data.erasures x set erased = x.erased + cardinality(v_seqs), done_at = case when v_left then null else v_now end
  where x.org_id = p_org and x.erasure_id = p_erasure and x.done_at is null
  returning x.* into v_erasure;
  if found and not v_left then
    perform polaris_data.write_audit(p_org, null, 'erasure.done', (
        select coalesce(w.participant, w.project || '/' || w.session) from polaris_data.show_erasures(p_org, p_erasure) w),
      jsonb_build_object('erasure', p_erasure, 'erased', v_erasure.erased));
  end if;
  return query select cardinality(v_seqs), not v_left, v_left and v_part.org_id is null;
end;
$$;
comment on function polaris.erase_batch is 'Goes on with an erasure.';
