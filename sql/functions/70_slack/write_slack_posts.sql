-- Events p_from+1 to p_to of a project have become these posts (see put_slack_posts), and these deliveries have changed: all of it or
-- nothing, and only once, because the cursor has to be at p_from. False: it is not, or nothing may be posted there now (no channel,
-- private, archived); read list_slack_channels again. A channel that was muted meanwhile gets no posts. The service only.
-- Fails: 409 bridge_was_replaced.
create or replace function polaris.write_slack_posts (
  p_org bigint, p_fence bigint, p_project_id bigint, p_from bigint, p_to bigint, p_posts jsonb, p_deliveries uuid[] default '{}'
)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_level text;
  v_post bigint;
begin
  perform polaris_data.require_fence(p_org, p_fence);
  perform from polaris_data.projects p
  where p.org_id = p_org and p.project_id = p_project_id and p.visibility = 'org' and p.archived_at is null for share;
  if not found then
    return false;
  end if;
  update polaris_data.slack_channels set cursor = p_to
  where org_id = p_org and project_id = p_project_id and cursor = p_from and p_to >= p_from and state = 'live'
  returning level into v_level;
  if not found then
    return false;
  end if;
  if v_level in ('all', 'final-only') then
    perform polaris_data.put_slack_posts(p_org, p_project_id, p_posts);
  end if;
  for v_post in
    select distinct a.post_id from polaris_data.slack_advice a
    where a.org_id = p_org and a.delivery_id = any (p_deliveries) order by a.post_id
  loop
    perform polaris_data.mark_slack_post(p_org, v_post);
  end loop;
  return true;
end;
$$;
comment on function polaris.write_slack_posts is 'Events of a project have become posts.';
