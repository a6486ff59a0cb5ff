-- Says that a domain is the organization's. It is proven at once where Google says so of the administrator who adds it (hd), unless
-- another organization has proven it; otherwise by DNS (prove_domain). Administrators only. Twice is once.
-- Fails: 403 admin_only, 422 domain_is_a_name.
create or replace function polaris.add_domain (p_org bigint, p_actor text, p_domain text)
returns setof polaris_data.domain_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_domain text := lower(btrim(p_domain));
  v_now timestamptz := clock_timestamp();
  v_proof text := replace(gen_random_uuid()::text, '-', '');
  v_hd boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  if v_domain is null or char_length(v_domain) > 253 or v_domain !~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$' then
    perform polaris_data.fail(422, 'domain_is_a_name', 'This is not a domain.', 'Write example.com.');
  end if;
  insert into polaris_data.domains (org_id, domain, proof, created_by, created_at)
  values (v_me.org_id, v_domain, v_proof, coalesce(v_me.actor, 'polaris'), v_now)
  on conflict do nothing;
  if found then
    select exists (
      select from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
      where m.org_id = v_me.org_id and 'user:' || m.handle = v_me.actor and p.issuer = 'https://accounts.google.com' and p.domain = v_domain)
    into v_hd;
    begin
      update polaris_data.domains d set proven_at = v_now, how = 'hd' where v_hd and d.org_id = v_me.org_id and d.domain = v_domain;
    exception when unique_violation then
      v_hd := false; -- another organization has proven it
    end;
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'domain.added', v_domain, jsonb_build_object('proven', v_hd));
  end if;
  return query select * from polaris_data.show_domains(v_me.org_id, v_domain);
end;
$$;
comment on function polaris.add_domain is 'Says that a domain is the organization''s.';
