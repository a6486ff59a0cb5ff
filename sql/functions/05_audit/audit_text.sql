-- What a row of the audit log is hashed over, besides the hash before it: each field as <length in bytes>:<text>, a missing one
-- as -, joined by line feeds, so that no two rows give one text. polaris/audit.py makes the same by itself.
create or replace function polaris_data.audit_text (
  p_org bigint, p_id bigint, p_at timestamptz, p_actor text, p_action text, p_target text, p_detail jsonb
)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select string_agg(coalesce(octet_length(f.text)::text || ':' || f.text, '-'), E'\n' order by f.ord)
  from unnest(array[
    p_org::text, p_id::text, to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p_actor, p_action, p_target,
    p_detail::text]) with ordinality as f (text, ord);
$$;
comment on function polaris_data.audit_text is 'What a row of the audit log is hashed over.';
