-- The relay's read: what follows a number in a project, whoever may see it. The service only: it has checked its subscribers.
create or replace function polaris.read_project_events (p_org bigint, p_project_id bigint, p_after bigint, p_limit integer default 500)
returns setof polaris_data.event_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return query select * from polaris_data.show_events(p_org, p_project_id, null, p_after, null, p_limit, null, null);
end;
$$;
comment on function polaris.read_project_events is 'The relay''s read: what follows a number in a project.';
