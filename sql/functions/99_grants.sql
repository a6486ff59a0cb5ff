-- Who may call what. The service: everything in schema polaris. Direct clients: what a participant does for itself; the functions
-- that trust what they are told are not among them, and refuse a registered login besides.
do $$
declare
  v_client text[] := array[
    'add_project_member', 'annotate', 'answer_seat_request', 'archive_project', 'archive_session', 'ask_seat', 'brief', 'claim_driver', 'close_annotation', 'context', 'create_project', 'create_session',
    'decide_delivery', 'expire_deliveries', 'find_commit', 'find_events', 'list_checkouts', 'list_commits', 'list_file_changes', 'expire_leases', 'expire_seat_requests', 'get_delivery', 'get_me', 'get_project', 'get_read_mark', 'get_session', 'get_usage', 'heartbeat', 'inject', 'join_session',
    'list_all_policies', 'list_annotations', 'list_dashboard', 'list_deliveries', 'list_members', 'list_policies', 'list_project_members',
    'list_projects', 'list_recent', 'list_seat_requests', 'list_seats', 'list_sessions', 'mark_read', 'push_events', 'read_advice', 'read_entries',
    'read_events', 'release_driver', 'remove_project_member', 'restore_project', 'say', 'search_events', 'set_policy', 'set_visibility',
    'settle_delivery', 'take_over_seat'];
  v_function record;
begin
  for v_function in
    select p.oid::pg_catalog.regprocedure as signature, p.proname as name
    from pg_catalog.pg_proc p where p.pronamespace = 'polaris'::pg_catalog.regnamespace
  loop
    execute pg_catalog.format('revoke all on function %s from public, polaris_client', v_function.signature);
    execute pg_catalog.format('grant execute on function %s to polaris_service', v_function.signature);
    if v_function.name = any (v_client) then
      execute pg_catalog.format('grant execute on function %s to polaris_client', v_function.signature);
    end if;
  end loop;
end $$;

-- Analysts: what the policies of the tables ask for them. Each view of polaris_history has its own grants with it.
grant execute on function polaris_history.own_org (), polaris_history.sees_private () to polaris_analyst;
