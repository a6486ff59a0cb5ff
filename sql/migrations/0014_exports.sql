-- Exports come back: which project was made from which export, and how far it is.
create table polaris_data.imports (
  org_id bigint not null,
  project_id bigint not null,
  digest bytea not null,
  source jsonb not null,
  imported_by text not null,
  last_seq bigint not null,
  begun_at timestamptz not null,
  done_at timestamptz,
  constraint imports_pkey primary key (org_id, project_id),
  constraint imports_project_fkey foreign key (org_id, project_id) references polaris_data.projects (org_id, project_id),
  constraint import_digest_is_sha256 check (octet_length(digest) = 32)
);
comment on table polaris_data.imports is 'Projects that were made from an export. done_at null: it is not complete yet.';
comment on column polaris_data.imports.digest is 'The sha256 of the export''s manifest.';
comment on column polaris_data.imports.source is 'What the export says of the project it was made of: org, project, first_seq …';
comment on column polaris_data.imports.last_seq is 'The last number that the import wrote: if the counter is elsewhere, others moved it.';

-- Made anew with the functions, with more arguments; a new database does not have them yet.
drop function if exists polaris_data.write_project (bigint, text, text, text);
