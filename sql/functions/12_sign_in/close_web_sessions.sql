-- Signs a person out everywhere; answers how many sessions that ended. The service only.
create or replace function polaris.close_web_sessions (p_person bigint)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_count integer;
begin
  perform polaris_data.require_service();
  delete from polaris_data.web_sessions where person_id = p_person;
  get diagnostics v_count = row_count;
  perform polaris_data.publish_control(0, 'web_session', 0);
  return v_count;
end;
$$;
comment on function polaris.close_web_sessions is 'Signs a person out everywhere.';
