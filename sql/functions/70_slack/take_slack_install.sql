-- Gives out what begin_slack_install kept: once, for ten minutes, to the browser that began it, and while whoever began it is still an
-- administrator. The service only. Fails: 404 slack_install_unknown, 403 admin_only.
create or replace function polaris.take_slack_install (p_state_hash bytea, p_web_session bigint)
returns table (org_id bigint, slug text, actor text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_install polaris_data.slack_installs;
begin
  perform polaris_data.require_service();
  delete from polaris_data.slack_installs i
  where i.state_hash = p_state_hash and i.web_session_id = p_web_session and i.created_at >= v_now - interval '10 minutes'
  returning i.* into v_install;
  if not found then
    perform polaris_data.fail(404, 'slack_install_unknown', 'This connection was not begun here, or it is over.',
      'Begin again: settings, Slack, Connect Slack.');
  end if;
  perform polaris_data.require_admin(v_install.org_id, v_install.actor);
  return query select o.org_id, o.slug, v_install.actor from polaris_data.orgs o where o.org_id = v_install.org_id;
end;
$$;
comment on function polaris.take_slack_install is 'Gives out what begin_slack_install kept, once.';
