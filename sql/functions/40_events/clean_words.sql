-- A text that somebody writes, as it may be kept: what a direct client says loses the secrets that a provider's prefix gives away; what
-- comes through the API was redacted there, by all of the rules.
create or replace function polaris_data.clean_words (p_org bigint, p_direct boolean, p_text text)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when p_direct
    then polaris_data.redact_prefixes((select o.redaction_key from polaris_data.orgs o where o.org_id = p_org), p_text) else p_text end;
$$;
comment on function polaris_data.clean_words is 'A text that somebody writes, as it may be kept.';
