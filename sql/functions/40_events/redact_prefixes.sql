-- Takes secrets out that a provider's prefix gives away, for what direct SQL clients push: what comes through the API was redacted
-- at the edge and in the API. The same placeholders: eight hex digits of an HMAC-SHA256 under the organization's key.
create or replace function polaris_data.redact_prefixes (p_key bytea, p_text text)
returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v_rule record;
  v_secret text;
  v_text text := p_text;
begin
  if p_text is null or p_text !~ '(AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|sk-|sk_live_|rk_live_|AIza|npm_|pypi-|SG\.|plr_|eyJ|-----BEGIN)' then
    return p_text;
  end if;
  for v_rule in
    select * from (values
      ('private-key', '-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----'),
      ('aws-access-key', '\m(?:AKIA|ASIA)[0-9A-Z]{16}\M'),
      ('github-token', '\m(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,})'),
      ('gitlab-token', '\mglpat-[0-9A-Za-z_-]{20,}'),
      ('slack-token', '\m(?:xox[abeoprs]|xapp)-[0-9A-Za-z-]{10,}'),
      ('anthropic-key', '\msk-ant-[0-9A-Za-z_-]{20,}'),
      ('openai-key', '\msk-[0-9A-Za-z_-]{20,}'),
      ('stripe-key', '\m[sr]k_live_[0-9A-Za-z]{16,}'),
      ('google-api-key', '\mAIza[0-9A-Za-z_-]{35}'),
      ('npm-token', '\mnpm_[0-9A-Za-z]{36}'),
      ('pypi-token', '\mpypi-[0-9A-Za-z_-]{50,}'),
      ('sendgrid-key', '\mSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}'),
      ('polaris-token', '\mplr_[a-z]_[0-9A-Za-z]{49}'),
      ('jwt', '\meyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}')
    ) as r (name, pattern)
  loop
    for v_secret in
      select distinct m[1] from regexp_matches(v_text, '(' || v_rule.pattern || ')', 'g') as m
    loop
      v_text := replace(v_text, v_secret, format('[REDACTED:%s:%s]', v_rule.name, polaris_data.hmac8(p_key, v_secret)));
    end loop;
  end loop;
  return v_text;
end;
$$;
comment on function polaris_data.redact_prefixes is 'Takes secrets out that a provider''s prefix gives away.';
