-- Takes or renews the right to write to a workspace: answers the fence that every write has to show, or null while another bridge has
-- it. The fence rises with each new holder. A row and not an advisory lock, which any login could squat. The service only.
-- Fails: 422 lease_is_sane.
create or replace function polaris.lease_slack (p_org bigint, p_holder text, p_seconds integer)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_fence bigint;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  if p_holder is null or p_seconds is null or p_seconds not between 1 and 60 then
    perform polaris_data.fail(422, 'lease_is_sane', 'A bridge has a name, and a lease lasts 1 to 60 seconds.');
  end if;
  update polaris_data.slack_workspaces set
    fence = fence + (holder is distinct from p_holder)::integer, holder = p_holder,
    lease_until = v_now + make_interval(secs => p_seconds)
  where org_id = p_org and state = 'connected' and (holder is null or holder = p_holder or lease_until <= v_now)
  returning fence into v_fence;
  return v_fence;
end;
$$;
comment on function polaris.lease_slack is 'Takes or renews the right to write to a workspace.';
