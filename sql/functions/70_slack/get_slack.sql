-- The workspace of an organization; no row where none was ever connected. The service only.
create or replace function polaris.get_slack (p_org bigint, p_actor text)
returns setof polaris_data.slack_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  return query select * from polaris_data.show_slack(p_org) w where polaris_data.role_of(p_org, p_actor) in ('admin', 'member') or p_actor is null;
end;
$$;
comment on function polaris.get_slack is 'The workspace of an organization.';
