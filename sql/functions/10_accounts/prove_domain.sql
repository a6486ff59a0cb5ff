-- Notes that the domain's name server showed the organization's proof. Who controls the name server is right: an organization that
-- had the domain by hd alone loses it. The service only, which has asked the name server. Twice is once.
-- Fails: 403 admin_only, 404 no_such_domain, 409 domain_is_taken.
create or replace function polaris.prove_domain (p_org bigint, p_actor text, p_domain text)
returns setof polaris_data.domain_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_domain polaris_data.domains;
  v_now timestamptz := clock_timestamp();
  v_loser bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  -- All who say that it is theirs, in one order: of two proofs at once the second sees what the first has done.
  perform from polaris_data.domains d where d.domain = p_domain order by d.org_id for no key update;
  select d.* into v_domain from polaris_data.domains d where d.org_id = p_org and d.domain = p_domain;
  if not found then
    perform polaris_data.fail(404, 'no_such_domain', format('%s is not on the list.', left(p_domain, 253)), 'Add it first.');
  end if;
  if v_domain.how is distinct from 'dns' then
    update polaris_data.domains d set proven_at = null, how = null
    where d.domain = p_domain and d.org_id <> p_org and d.how = 'hd'
    returning d.org_id into v_loser;
    begin
      update polaris_data.domains d set proven_at = coalesce(d.proven_at, v_now), how = 'dns' where d.org_id = p_org and d.domain = p_domain;
    exception when unique_violation then
      perform polaris_data.fail(409, 'domain_is_taken', format('Another organization has proven %s.', p_domain), 'Let it remove the domain first.');
    end;
    if v_loser < p_org then
      perform polaris_data.write_audit(v_loser, null, 'domain.lost', p_domain);
    end if;
    perform polaris_data.write_audit(p_org, p_actor, 'domain.proven', p_domain, jsonb_build_object('how', 'dns'));
    if v_loser > p_org then
      perform polaris_data.write_audit(v_loser, null, 'domain.lost', p_domain);
    end if;
  end if;
  return query select * from polaris_data.show_domains(p_org, p_domain);
end;
$$;
comment on function polaris.prove_domain is 'Notes that the domain''s name server showed the organization''s proof.';
