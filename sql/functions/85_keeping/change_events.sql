-- Gives events other contents: the one function that the guard of the record lets change them. Erased (p_erased_at), they are tombstones:
-- no text, no payload, no facts; otherwise each gets what stands at its place in the arrays, if it still is what was read (p_hashes, see
-- text_hash). Answers the numbers of those that changed. What is made of them is made anew. The caller holds the project and its place
-- in the index, in this order.
create or replace function polaris_data.change_events (
  p_org bigint, p_project bigint, p_seqs bigint[], p_erased_at timestamptz, p_hashes bytea[] default null, p_body text[] default null,
  p_payload jsonb[] default null, p_facts jsonb[] default null
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  v_changed bigint[];
begin
  if p_erased_at is not null then
    with changed as (
      update polaris_data.events e set body = '', payload = null, facts = null, erased_at = p_erased_at
      where e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs) and e.erased_at is null
      returning e.seq)
    select array_agg(c.seq order by c.seq) into v_changed from changed c;
  else
    with changed as (
      update polaris_data.events e set body = u.body, payload = u.payload, facts = u.facts
      from unnest(p_seqs, p_hashes, p_body, p_payload, p_facts) as u (seq, hash, body, payload, facts)
      where e.org_id = p_org and e.project_id = p_project and e.seq = u.seq and e.erased_at is null
        and polaris_data.text_hash(e.body, e.payload::text, e.facts::text) = u.hash
      returning e.seq)
    select array_agg(c.seq order by c.seq) into v_changed from changed c;
  end if;
  if v_changed is not null then
    perform polaris_data.write_index(p_org, p_project, v_changed);
  end if;
  return coalesce(v_changed, '{}');
end;
$$;
comment on function polaris_data.change_events is 'Gives events other contents.';
