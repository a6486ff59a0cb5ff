-- A web session as it is answered. It ends 12 hours after its last use, and 7 days after it began at the latest.
create or replace function polaris_data.show_web_sessions (p_session bigint)
returns setof polaris_data.web_session_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select w.web_session_id, p.person_id, p.issuer, p.email, p.name, p.picture, p.domain, w.created_at,
    least(w.seen_at + interval '12 hours', w.created_at + interval '7 days')
  from polaris_data.web_sessions w
  join polaris_data.people p on p.person_id = w.person_id
  where w.web_session_id = p_session;
$$;
comment on function polaris_data.show_web_sessions is 'A web session as it is answered.';
