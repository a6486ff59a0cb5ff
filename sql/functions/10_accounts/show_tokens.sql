-- Tokens as they are listed: never the secret, nor its hash.
create or replace function polaris_data.show_tokens (p_org bigint, p_token bigint default null, p_of text default null)
returns setof polaris_data.token_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select t.token_id, t.actor, t.name, t.shown, p.name, t.issued_by, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
    t.life is not null
  from polaris_data.tokens t
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = t.project_id
  where t.org_id = p_org
    and (p_token is null or t.token_id = p_token)
    and (p_of is null or t.actor = p_of or t.issued_by = p_of)
  order by t.token_id;
$$;
comment on function polaris_data.show_tokens is 'Tokens as they are listed: never the secret, nor its hash.';
