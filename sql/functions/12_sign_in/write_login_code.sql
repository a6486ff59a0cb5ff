-- Keeps an authorization code of polaris login in a browser (RFC 8252), by its hash; sweeps what is too old. The service only.
-- Fails: 404 no_such_member.
create or replace function polaris.write_login_code (
  p_hash bytea, p_person bigint, p_org bigint, p_challenge text, p_redirect_uri text, p_machine text
)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  if polaris_data.member_of(p_org, p_person) is null then
    perform polaris_data.fail(404, 'no_such_member', 'You are no member of this organization.');
  end if;
  delete from polaris_data.login_codes c where c.created_at < v_now - interval '1 minute';
  insert into polaris_data.login_codes (hash, org_id, person_id, challenge, redirect_uri, machine, created_at)
  values (p_hash, p_org, p_person, p_challenge, p_redirect_uri, left(p_machine, 80), v_now);
end;
$$;
comment on function polaris.write_login_code is 'Keeps an authorization code of polaris login in a browser.';
