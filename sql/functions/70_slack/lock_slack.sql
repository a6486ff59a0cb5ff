-- Locks an organization's workspace until commit, after people and members and before everything else of it: whoever finds out which member
-- a person of the workspace is, does so one after the other. Bridges that write wait meanwhile (require_fence).
create or replace function polaris_data.lock_slack (p_org bigint)
returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select from polaris_data.slack_workspaces w where w.org_id = p_org for no key update;
$$;
comment on function polaris_data.lock_slack is 'Locks an organization''s workspace until commit.';
