-- Ends every open request for a seat that ends: p_to has it, for anybody else it is open, taken or archived. Answers them as the event
-- that changes the seat tells them: [{"request": 12, "actor": "user:krishna", "how": "given"}]; null where nobody asked.
create or replace function polaris_data.end_requests (p_org bigint, p_session bigint, p_how text, p_to text, p_by text)
returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_request record;
  v_ended jsonb;
begin
  for v_request in
    select r.seq, r.actor, case
      when r.actor = p_to then 'given'
      when p_to is not null or p_how = 'taken' then 'taken'
      when p_how = 'archived' then 'archived'
      else 'opened' end as how
    from polaris_data.seat_requests r
    where r.org_id = p_org and r.session_id = p_session and r.ended_at is null
    order by r.seq
  loop
    perform polaris_data.end_request(p_org, p_session, v_request.seq, v_request.how, p_by);
    v_ended := coalesce(v_ended, '[]')
      || jsonb_build_object('request', v_request.seq, 'actor', v_request.actor, 'how', v_request.how);
  end loop;
  return v_ended;
end;
$$;
comment on function polaris_data.end_requests is 'Ends every open request for a seat that ends.';
