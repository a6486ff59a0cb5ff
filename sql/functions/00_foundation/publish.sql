-- Tells whoever listens that a project has new events: numbers only, because LISTEN has no access control. A hint: the rows are
-- the truth. The one place to exchange if the bus ever has to be another.
create or replace function polaris_data.publish (p_project bigint, p_first bigint, p_last bigint)
returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify('polaris_project_' || p_project, format('{"f":%s,"l":%s}', p_first, p_last));
end;
$$;
comment on function polaris_data.publish is 'Tells whoever listens that a project has new events: numbers only.';
