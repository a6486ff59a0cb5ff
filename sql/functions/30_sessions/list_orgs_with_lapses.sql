-- The organizations in which a lease has run out, or a piece of advice or a request for a seat has expired: where maintenance has work.
-- The service only.
create or replace function polaris.list_orgs_with_lapses ()
returns setof bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select o.org_id from polaris_data.orgs o
  where exists (
    select from polaris_data.sessions s where s.org_id = o.org_id and s.driver is not null and s.lease_until <= v_now)
  or exists (
    select from polaris_data.deliveries d
    where d.org_id = o.org_id and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now)
  or exists (
    select from polaris_data.seat_requests r where r.org_id = o.org_id and r.ended_at is null and r.expires_at <= v_now);
end;
$$;
comment on function polaris.list_orgs_with_lapses is 'The organizations in which maintenance has work.';
