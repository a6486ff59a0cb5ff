-- Makes what the tables made from the record say of these events anew, as the events are now: for the pass behind the ingest, and for
-- whoever changed what an event says (redaction, erasure).
create or replace function polaris_data.write_index (p_org bigint, p_project bigint, p_seqs bigint[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.index_words(p_org, p_project, p_seqs);
  perform polaris_data.index_files(p_org, p_project, p_seqs);
  perform polaris_data.index_commits(p_org, p_project, p_seqs);
end;
$$;
comment on function polaris_data.write_index is 'Makes what the tables made from the record say of these events anew.';
