-- Takes secrets out that a provider's prefix gives away, for what direct SQL clients push: what comes through the API was redacted
-- at the edge and in the API. The same placeholders: eight hex digits of an HMAC-SHA256 under the organization's key.
-- Works on JSON text too and leaves it JSON: no match crosses a quote, and a word may begin behind an escape such as \n, whose
-- letter would otherwise hide it (or behind a colour of the terminal).
create or replace function polaris_data.redact_prefixes (p_key bytea, p_text text)
returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v_rule record;
  v_secret text;
  v_text text := p_text;
  v_begin text := '(?:\m|(?<=\\[bfnrt]|\\u[0-9A-Fa-f]{4}|\[[0-9;]{0,12}m))';
begin
  if p_text is null or p_text !~ '(AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|sk-|sk_live_|rk_live_|AIza|npm_|pypi-|SG\.|plr_|eyJ|-----BEGIN)' then
    return p_text;
  end if;
  for v_rule in
    select * from (values
      ('pem', '-----BEGIN [A-Z ]*?PRIVATE KEY-----[^"]*?-----END [A-Z ]*?PRIVATE KEY-----'),
      ('pem', '-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?:\s|\\[rn])+[0-9A-Za-z+/=]{40,})+(?:(?:\s|\\[rn])+[0-9A-Za-z+/=]*)?'),
      ('aws', v_begin || '(?:AKIA|ASIA)[0-9A-Z]{16}\M'),
      ('github', v_begin || '(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,})'),
      ('gitlab', v_begin || 'glpat-[0-9A-Za-z_-]{20,}'),
      ('slack', v_begin || '(?:xox[abeoprs]|xapp)-[0-9A-Za-z-]{10,}'),
      ('anthropic', v_begin || 'sk-ant-[0-9A-Za-z_-]{20,}'),
      ('openai', v_begin || 'sk-[0-9A-Za-z_-]{20,}'),
      ('stripe', v_begin || '[sr]k_live_[0-9A-Za-z]{16,}'),
      ('google', v_begin || 'AIza[0-9A-Za-z_-]{35}'),
      ('npm', v_begin || 'npm_[0-9A-Za-z]{36}'),
      ('pypi', v_begin || 'pypi-[0-9A-Za-z_-]{50,}'),
      ('sendgrid', v_begin || 'SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}'),
      ('polaris', v_begin || 'plr_[a-z]_[0-9A-Za-z]{49}'),
      ('jwt', v_begin || 'eyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}')
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
