-- Checks a visibility: org or private. Fails: 422 visibility_is_known.
create or replace function polaris_data.require_visibility (p_visibility text)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if p_visibility is null or p_visibility not in ('org', 'private') then
    perform polaris_data.fail(422, 'visibility_is_known', 'A project is open to the organization (org) or private.');
  end if;
end;
$$;
comment on function polaris_data.require_visibility is 'Checks a visibility: org or private.';
