-- Domains as they are listed; with a domain, only that one.
create or replace function polaris_data.show_domains (p_org bigint, p_domain text default null)
returns setof polaris_data.domain_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select d.domain, d.how, d.proof, d.created_by, d.created_at, d.proven_at
  from polaris_data.domains d
  where d.org_id = p_org and (p_domain is null or d.domain = p_domain)
  order by d.domain;
$$;
comment on function polaris_data.show_domains is 'Domains as they are listed.';
