-- Signs a person in whom an issuer vouches for: writes what the issuer says of it, and the session of its browser under the hash
-- of the cookie. Old sessions are swept here, and the person is found in Slack by the address that it has now. Noted in the log of each
-- organization of the person, or of the installation where it has none. The service only, which has verified all of it.
create or replace function polaris.sign_in (
  p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text, p_hash bytea, p_user_agent text
)
returns setof polaris_data.web_session_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_person bigint;
  v_session bigint;
  v_member record;
  v_before text;
  v_now timestamptz := clock_timestamp();
  v_detail jsonb := jsonb_build_object('issuer', p_issuer, 'subject', p_subject);
begin
  perform polaris_data.require_service();
  select p.email into v_before from polaris_data.people p where p.issuer = p_issuer and p.subject = p_subject;
  v_person := polaris_data.write_person(p_issuer, p_subject, p_email, left(p_name, 200), left(p_picture, 2000), lower(p_domain));
  delete from polaris_data.web_sessions w where w.seen_at < v_now - interval '12 hours' or w.created_at < v_now - interval '7 days';
  insert into polaris_data.web_sessions (hash, person_id, user_agent, created_at, seen_at)
  values (p_hash, v_person, left(p_user_agent, 300), v_now, v_now)
  returning web_session_id into v_session;
  for v_member in
    select m.org_id, m.handle from polaris_data.members m where m.person_id = v_person and m.removed_at is null order by m.org_id
  loop
    perform polaris_data.match_member(v_member.org_id, v_member.handle, v_before);
  end loop;
  for v_member in
    select m.org_id, m.handle from polaris_data.members m where m.person_id = v_person and m.removed_at is null order by m.org_id
  loop
    perform polaris_data.write_audit(v_member.org_id, 'user:' || v_member.handle, 'sign_in', null, v_detail);
  end loop;
  if not found then
    perform polaris_data.write_audit(0, null, 'sign_in', 'person:' || v_person, v_detail);
  end if;
  return query select * from polaris_data.show_web_sessions(v_session);
end;
$$;
comment on function polaris.sign_in is 'Signs a person in whom an issuer vouches for.';
