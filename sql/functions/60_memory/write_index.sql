-- Makes what the tables made from the record say of these events anew, as the events are now: for the pass behind the ingest, and for
-- whoever changed what an event says (redaction, erasure). It takes the project's cursor until commit: else that pass could put back
-- what it read before the change.
create or replace function polaris_data.write_index (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into polaris_data.index_cursors (org_id, project_id) values (p_org, p_project) on conflict do nothing;
  perform from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project for no key update;
  perform polaris_data.index_words(p_org, p_project, p_seqs);
  perform polaris_data.index_files(p_org, p_project, p_seqs);
  perform polaris_data.index_commits(p_org, p_project, p_seqs);
  perform polaris_data.index_usage(p_org, p_project, p_seqs);
end;
$$;
comment on function polaris_data.write_index is 'Makes what the tables made from the record say of these events anew.';
