-- The channel of a project rested, or is to rest: what waits is given up, and what has happened until now is not told any more.
create or replace function polaris_data.rest_slack (p_org bigint, p_project bigint, p_reason text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_head bigint;
begin
  select h.last_seq into strict v_head from polaris_data.project_heads h where h.org_id = p_org and h.project_id = p_project;
  update polaris_data.slack_channels set cursor = v_head, digest_seq = v_head where org_id = p_org and project_id = p_project;
  perform polaris_data.drop_slack_posts(p_org, p_project, p_reason);
end;
$$;
comment on function polaris_data.rest_slack is 'The channel of a project rested, or is to rest.';
