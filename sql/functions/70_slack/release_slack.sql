-- Gives the lease back, so that another bridge need not wait for its end; false when it is lost already. The service only.
create or replace function polaris.release_slack (p_org bigint, p_fence bigint)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  update polaris_data.slack_workspaces set holder = null, lease_until = null where org_id = p_org and fence = p_fence and holder is not null;
  if found then
    perform polaris_data.publish_control(p_org, 'slack', 0);
    return true;
  end if;
  return false;
end;
$$;
comment on function polaris.release_slack is 'Gives the lease of a workspace back.';
