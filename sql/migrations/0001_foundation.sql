-- runs as: admin
--
-- The model, in one page.
--
-- An organization (orgs) owns everything else. People (people) are members of organizations; who acts is named by a participant
-- text such as user:manu, agent:test-writer or slack:krishna, and is always taken from a credential, never from a body.
-- A project is a pool of context; a session is one workstream of a project. At most one participant drives a session: it holds
-- the seat, under a lease. Every claim raises the session's epoch by one, and seats keeps who held which epoch: the epoch is the
-- fencing token of everything that a driver captures.
--
-- events is the record. It is append-only. Its seq is gapless and in commit order inside a project, because the number comes from
-- a counter row (project_heads) that the writer keeps locked until it commits. A client names each event (client_id), so that a
-- repeated push answers the first number and uses up no other. One function, polaris_data.write_events, writes events and it alone
-- publishes them, as numbers only: the rows are the truth, a notification is a hint.
--
-- deliveries follows each piece of advice to the truth: queued, sent, seen (our own capture of the session contains its marker),
-- answered; or declined, expired, failed. The one table of transitions is polaris_data.delivery_may_become.
--
-- Four roles. polaris_owner owns everything and logs in nowhere. polaris_service (the API, the bridge) is trusted and passes the
-- acting participant. polaris_client (a developer's or an agent's own Postgres login) is not: its identity is looked up from
-- session_user. polaris_analyst reads polaris_history. Nobody but the owner may touch a table of polaris_data.
--
-- Every key begins with org_id, every function works for one organization, and no trigger notifies: an organization can live on
-- one shard. This file alone runs as the administrator, because it makes roles and schemas.

do $$
declare
  v_role text;
begin
  foreach v_role in array array['polaris_owner', 'polaris_service', 'polaris_client', 'polaris_analyst'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
      begin
        execute format('create role %I nologin', v_role);
      exception when duplicate_object or unique_violation then
        null; -- roles belong to the cluster: another database's migration was faster
      end;
    end if;
  end loop;
  if not pg_catalog.pg_has_role(current_user, 'polaris_owner', 'member') then
    execute format('grant polaris_owner to %I', current_user);
  end if;
  -- The reaper (polaris.reap_blockers) looks at other sessions and ends those that hold the record up.
  begin
    grant pg_signal_backend, pg_read_all_stats to polaris_owner;
  exception when insufficient_privilege then
    raise notice 'polaris_owner may not end sessions: polaris.reap_blockers will find nothing to do';
  end;
end $$;

create schema polaris authorization polaris_owner;
create schema polaris_data authorization polaris_owner;
create schema polaris_history authorization polaris_owner;

comment on schema polaris is 'The functions that may be called.';
comment on schema polaris_data is 'Tables and inner functions: for the owner alone.';
comment on schema polaris_history is 'Read-only views for analysts.';

-- Without this every new function may be called by PUBLIC, and only the global form works.
alter default privileges for role polaris_owner revoke execute on functions from public;

grant usage on schema polaris to polaris_service, polaris_client;
grant usage on schema polaris_history to polaris_analyst;
