-- When the next digest of an organization is due: at its hour, in UTC, today or tomorrow.
create or replace function polaris_data.next_digest (p_org bigint, p_now timestamptz)
returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when x.today > p_now then x.today else x.today + interval '24 hours' end
  from (
    select date_trunc('day', p_now, 'UTC') + make_interval(hours => w.digest_hour) as today
    from polaris_data.slack_workspaces w where w.org_id = p_org) x;
$$;
comment on function polaris_data.next_digest is 'When the next digest of an organization is due.';
