-- Puts a token that was sealed again under another key in the place of the old one; false when it was replaced meanwhile. The service only.
create or replace function polaris.rekey_slack (p_org bigint, p_old bytea, p_token bytea, p_token_key text)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform polaris_data.require_service();
  update polaris_data.slack_workspaces set token = p_token, token_key = p_token_key where org_id = p_org and token = p_old;
  return found;
end;
$$;
comment on function polaris.rekey_slack is 'Puts a token that was sealed again in the place of the old one.';
