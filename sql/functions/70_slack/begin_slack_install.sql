-- Keeps who wants to connect a workspace until Slack answers, under the hash of the state and bound to the browser; sweeps what is too
-- old. Administrators. The service only. Fails: 403 admin_only.
create or replace function polaris.begin_slack_install (p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  delete from polaris_data.slack_installs i where i.created_at < v_now - interval '10 minutes';
  insert into polaris_data.slack_installs (state_hash, org_id, actor, web_session_id, created_at)
  values (p_state_hash, p_org, p_actor, p_web_session, v_now);
end;
$$;
comment on function polaris.begin_slack_install is 'Keeps who wants to connect a workspace until Slack answers.';
