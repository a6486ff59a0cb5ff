CREATE SCHEMA polaris;

ALTER SCHEMA polaris OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris IS 'The functions that may be called.';

CREATE SCHEMA polaris_data;

ALTER SCHEMA polaris_data OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris_data IS 'Tables and inner functions: for the owner alone.';

CREATE SCHEMA polaris_history;

ALTER SCHEMA polaris_history OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris_history IS 'Read-only views for analysts.';

CREATE TYPE polaris_data.delivery_row AS (
	delivery_id uuid,
	project text,
	session text,
	advice_seq bigint,
	sender text,
	sender_class text,
	body text,
	state text,
	reason text,
	path text,
	attempts integer,
	epoch bigint,
	queued_at timestamp with time zone,
	sent_at timestamp with time zone,
	seen_at timestamp with time zone,
	answered_at timestamp with time zone,
	expires_at timestamp with time zone
);

ALTER TYPE polaris_data.delivery_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.event_row AS (
	seq bigint,
	project text,
	session text,
	epoch bigint,
	kind text,
	actor text,
	speaker text,
	target text,
	turn text,
	agent text,
	body text,
	payload text,
	client_id text,
	late boolean,
	occurred_at timestamp with time zone,
	recorded_at timestamp with time zone
);

ALTER TYPE polaris_data.event_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.member_row AS (
	actor text,
	handle text,
	role text,
	email text,
	created_at timestamp with time zone,
	removed_at timestamp with time zone
);

ALTER TYPE polaris_data.member_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.project_row AS (
	org_id bigint,
	project_id bigint,
	name text,
	created_by text,
	created_at timestamp with time zone,
	archived_at timestamp with time zone,
	last_seq bigint,
	first_seq bigint,
	sessions bigint
);

ALTER TYPE polaris_data.project_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.session_row AS (
	org_id bigint,
	project_id bigint,
	session_id bigint,
	project text,
	name text,
	driver text,
	epoch bigint,
	seat text,
	lease_until timestamp with time zone,
	created_by text,
	created_at timestamp with time zone,
	archived_at timestamp with time zone,
	last_seq bigint,
	advice_waiting bigint
);

ALTER TYPE polaris_data.session_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.token_row AS (
	token_id bigint,
	actor text,
	name text,
	shown text,
	project text,
	issued_by text,
	created_at timestamp with time zone,
	expires_at timestamp with time zone,
	last_used_at timestamp with time zone,
	revoked_at timestamp with time zone
);

ALTER TYPE polaris_data.token_row OWNER TO polaris_owner;

CREATE FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text DEFAULT 'member'::text, p_email text DEFAULT NULL::text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_slug(p_handle);
  if p_role is null or p_role not in ('admin', 'member') then
    perform polaris_data.fail(422, 'role_is_known', 'A role is admin or member.');
  end if;
  perform polaris_data.write_member(v_me.org_id, p_handle, p_role, p_email, 'local', null);
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;

ALTER FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) IS 'Adds a person to the organization.';

CREATE FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz := clock_timestamp();
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.created_by is distinct from v_me.actor then
    perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  end if;
  update polaris_data.projects set archived_at = coalesce(archived_at, v_now)
  where org_id = v_me.org_id and project_id = v_project.project_id;
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds the counter.
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at is null
  order by s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at is null
    order by s.session_id
  loop
    perform polaris_data.end_session(v_me.org_id, v_session, coalesce(v_me.actor, 'polaris'));
  end loop;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project.project_id);
end;
$$;

ALTER FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) IS 'Archives a project and its sessions.';

CREATE FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) RETURNS SETOF polaris_data.session_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_me.actor is distinct from v_session.created_by and v_me.actor is distinct from v_session.driver then
    perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  end if;
  perform polaris_data.end_session(v_me.org_id, v_session.session_id, coalesce(v_me.actor, 'polaris'));
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;

ALTER FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'Archives a session.';

CREATE FUNCTION polaris.authenticate(p_hash bytea) RETURNS TABLE(org_id bigint, org text, actor text, role text, token_id bigint, project_id bigint, expires_at timestamp with time zone, redaction_key bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_token polaris_data.tokens;
  v_role text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select t.* into v_token from polaris_data.tokens t where t.hash = p_hash;
  v_role := polaris_data.role_of(v_token.org_id, v_token.actor);
  if v_token.token_id is null then
    perform polaris_data.fail(401, 'token_unknown', 'This token is not known.', 'Ask for a new one: polaris token create.');
  elsif v_token.revoked_at is not null or v_role is null then
    perform polaris_data.fail(401, 'token_revoked', 'This token was revoked.', 'Ask for a new one: polaris token create.');
  elsif v_token.expires_at <= v_now then
    perform polaris_data.fail(401, 'token_expired', 'This token has expired.', 'Ask for a new one: polaris token create.');
  end if;
  if v_token.last_used_at is null or v_token.last_used_at < v_now - interval '1 minute' then
    update polaris_data.tokens t set last_used_at = v_now where t.token_id = v_token.token_id;
  end if;
  return query
  select o.org_id, o.slug, v_token.actor, v_role, v_token.token_id, v_token.project_id, v_token.expires_at, o.redaction_key
  from polaris_data.orgs o where o.org_id = v_token.org_id;
end;
$$;

ALTER FUNCTION polaris.authenticate(p_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.authenticate(p_hash bytea) IS 'Who a bearer token is.';

CREATE FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer DEFAULT 60) RETURNS TABLE(created boolean, org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text, epoch bigint, seat text, lease_until timestamp with time zone, created_by text, created_at timestamp with time zone, archived_at timestamp with time zone, last_seq bigint, advice_waiting bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_created boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_lease(v_me.actor, p_lease_seconds);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another one.');
  end if;
  v_created := polaris_data.take_seat(v_me.org_id, v_session.session_id, v_me.actor, p_lease_seconds);
  if v_created is null then
    perform polaris_data.fail(409, 'seat_is_held', format('%s drives %s.', v_session.driver, p_session),
      'Ask for the seat, or advise: polaris inject.', jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  return query
  select v_created, r.* from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id) r;
end;
$$;

ALTER FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) IS 'Gives the seat to the caller, if it is free.';

CREATE FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text DEFAULT NULL::text, p_issuer text DEFAULT 'local'::text, p_subject text DEFAULT NULL::text) RETURNS TABLE(org_id bigint, org text, actor text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_slug);
  perform polaris_data.require_slug(p_handle);
  insert into polaris_data.orgs (slug, name, redaction_key)
  values (p_slug, coalesce(p_name, p_slug), decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
  on conflict do nothing
  returning org_id into v_org;
  if v_org is null then
    perform polaris_data.fail(409, 'org_exists', format('There is an organization %s already.', p_slug), 'Choose another name.');
  end if;
  perform polaris_data.write_member(v_org, p_handle, 'admin', p_email, p_issuer, p_subject);
  return query select v_org, p_slug, 'user:' || p_handle;
end;
$$;

ALTER FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) IS 'Makes an organization with its first administrator.';

CREATE FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_slug(p_name);
  v_project := polaris_data.write_project(v_me.org_id, coalesce(v_me.actor, 'polaris'), p_name);
  if v_project is null then
    perform polaris_data.fail(409, 'project_exists', format('There is a project %s already.', p_name), 'Choose another name, or join it.');
  end if;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project);
end;
$$;

ALTER FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text) IS 'Makes a project.';

CREATE FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) RETURNS SETOF polaris_data.session_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_slug(p_session);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  v_session := polaris_data.write_session(v_me.org_id, coalesce(v_me.actor, 'polaris'), v_project.project_id, p_session);
  if v_session is null then
    perform polaris_data.fail(409, 'session_exists', format('There is a session %s in project %s already.', p_session, p_project),
      format('Join it: polaris join %s %s.', p_project, p_session));
  end if;
  return query select * from polaris_data.show_sessions(v_me.org_id, v_project.project_id, v_session);
end;
$$;

ALTER FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'Makes a session with an open seat.';

CREATE FUNCTION polaris.expire_deliveries(p_org bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_delivery record;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  for v_delivery in
    select d.delivery_id, d.state from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = p_org and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now
    order by d.project_id, d.delivery_id limit 100 for no key update of s, d skip locked
  loop
    if v_delivery.state = 'sent' then
      perform polaris_data.move_delivery(p_org, v_delivery.delivery_id, 'failed', 'unproven', null, null, 'polaris');
    else
      perform polaris_data.move_delivery(p_org, v_delivery.delivery_id, 'expired', null, null, null, 'polaris');
    end if;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.expire_deliveries(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.expire_deliveries(p_org bigint) IS 'Ends advice that has waited too long.';

CREATE FUNCTION polaris.expire_leases(p_org bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver is not null and s.lease_until <= v_now
    order by s.project_id, s.session_id limit 100 for no key update skip locked
  loop
    perform polaris_data.end_seat(p_org, v_session, 'expired');
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.expire_leases(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.expire_leases(p_org bigint) IS 'Opens the seats whose lease has run out.';

CREATE FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) RETURNS SETOF polaris_data.delivery_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_deliveries(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id, p_delivery) d
  where d.delivery_id = p_delivery; -- none is asked for: none is found
  if not found then
    perform polaris_data.fail(404, 'no_such_delivery', format('There is no delivery %s in project %s.', p_delivery, p_project));
  end if;
end;
$$;

ALTER FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) IS 'One delivery.';

CREATE FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_projects(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id);
end;
$$;

ALTER FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) IS 'One project.';

CREATE FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) RETURNS SETOF polaris_data.session_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;

ALTER FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'One session.';

CREATE FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer DEFAULT 60) RETURNS TABLE(project text, session text, held boolean, driver text, epoch bigint, lease_until timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_actors text[];
  v_lease timestamptz;
begin
  v_me := polaris_data.acting(p_org, null);
  v_actors := case when v_me.direct then array_fill(v_me.actor, array[coalesce(cardinality(p_session), 0)]) else p_actor end;
  if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
    perform polaris_data.fail(422, 'lease_is_sane', 'A lease takes 1 second to a day.');
  end if;
  v_lease := clock_timestamp() + make_interval(secs => p_lease_seconds);
  perform from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = v_me.org_id and (p.name, s.name) in (select * from unnest(p_project, p_session))
  order by s.project_id, s.session_id for no key update of s;
  update polaris_data.sessions s set lease_until = v_lease
  from unnest(v_actors, p_project, p_session, p_epoch) as x (actor, project, session, epoch)
  join polaris_data.projects p on p.org_id = v_me.org_id and p.name = x.project
  where s.org_id = v_me.org_id and s.project_id = p.project_id and s.name = x.session
    and s.driver = x.actor and s.epoch = x.epoch;
  return query
  select x.project, x.session, coalesce(s.driver = x.actor and s.epoch = x.epoch, false), s.driver, s.epoch, s.lease_until
  from unnest(v_actors, p_project, p_session, p_epoch) with ordinality as x (actor, project, session, epoch, ord)
  left join polaris_data.projects p on p.org_id = v_me.org_id and p.name = x.project
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.project_id = p.project_id and s.name = x.session
  order by x.ord;
end;
$$;

ALTER FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) IS 'Renews the leases of many links at once.';

CREATE FUNCTION polaris.inject(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_body text DEFAULT NULL::text, p_client_id text DEFAULT NULL::text, p_expires_in interval DEFAULT '24:00:00'::interval) RETURNS TABLE(created boolean, delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamp with time zone, sent_at timestamp with time zone, seen_at timestamp with time zone, answered_at timestamp with time zone, expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_delivery uuid := gen_random_uuid();
  v_advice record;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Nobody would hear it.');
  end if;
  perform polaris_data.require_body(p_body, 8000);
  perform polaris_data.require_client_id(p_client_id);
  if p_expires_in is null or p_expires_in not between interval '1 second' and interval '30 days' then
    perform polaris_data.fail(422, 'expiry_is_sane', 'Advice expires after 1 second to 30 days.');
  end if;
  v_advice := polaris_data.write_event(
    v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'advice', v_me.actor, v_session.name, p_body,
    jsonb_build_object('delivery', v_delivery), coalesce(p_client_id, 'advice:' || v_delivery));
  if v_advice.created then
    v_now := clock_timestamp();
    insert into polaris_data.deliveries (
      org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
    values (
      v_me.org_id, v_delivery, v_session.project_id, v_session.session_id, v_advice.seq, v_me.actor,
      case split_part(v_me.actor, ':', 1) when 'user' then 'human' else split_part(v_me.actor, ':', 1) end, p_body, 'queued', v_now,
      v_now + p_expires_in);
  else
    select d.delivery_id into v_delivery from polaris_data.deliveries d
    where d.org_id = v_me.org_id and d.project_id = v_session.project_id and d.advice_seq = v_advice.seq;
    if not found then
      perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
    end if;
  end if;
  return query
  select v_advice.created, r.* from polaris_data.show_deliveries(v_me.org_id, v_session.project_id, v_delivery) r;
end;
$$;

ALTER FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval) IS 'Speaks to one session from outside.';

CREATE FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text DEFAULT NULL::text, p_expires_in interval DEFAULT '90 days'::interval) RETURNS SETOF polaris_data.token_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_token bigint;
  v_project bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(p_for);
  if p_for like 'slack:%' then
    perform polaris_data.fail(422, 'actor_is_a_participant', 'Tokens are for people and agents.', 'Write user:manu or agent:test-writer.');
  end if;
  if polaris_data.role_of(v_me.org_id, p_for) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_for), 'Add it first: polaris member add.');
  end if;
  if p_name is null or char_length(p_name) not between 1 and 100 then
    perform polaris_data.fail(422, 'token_name_is_short', 'A token has a name of 1 to 100 characters.');
  end if;
  -- One at a time in an organization: two who are first with an agent's name are not both its owner.
  perform from polaris_data.orgs o where o.org_id = v_me.org_id for no key update;
  if v_me.actor not like 'user:%' or (
    v_me.actor <> p_for and polaris_data.role_of(v_me.org_id, v_me.actor) is distinct from 'admin' and (p_for not like 'agent:%' or exists (
      select from polaris_data.tokens t where t.org_id = v_me.org_id and t.actor = p_for and t.issued_by <> v_me.actor))) then
    perform polaris_data.fail(403, 'not_your_token', format('%s may not issue tokens for %s.', v_me.actor, p_for),
      'Ask its owner or an administrator.');
  end if;
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  insert into polaris_data.tokens (hash, org_id, actor, name, shown, project_id, issued_by, expires_at)
  values (p_hash, v_me.org_id, p_for, p_name, p_shown, v_project, coalesce(v_me.actor, p_for), clock_timestamp() + p_expires_in)
  returning token_id into v_token;
  return query select * from polaris_data.show_tokens(v_me.org_id, v_token);
end;
$$;

ALTER FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval) IS 'Keeps the hash of a new token.';

CREATE FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer DEFAULT 60) RETURNS TABLE(created boolean, claimed boolean, org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text, epoch bigint, seat text, lease_until timestamp with time zone, created_by text, created_at timestamp with time zone, archived_at timestamp with time zone, last_seq bigint, advice_waiting bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
  v_created boolean;
  v_claimed boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_lease(v_me.actor, p_lease_seconds);
  perform polaris_data.require_slug(p_project);
  perform polaris_data.require_slug(p_session);
  if not exists (select from polaris_data.projects p where p.org_id = v_me.org_id and p.name = p_project) then
    perform polaris_data.write_project(v_me.org_id, v_me.actor, p_project);
  end if;
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Begin in another project.');
  end if;
  v_created := not exists (
    select from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.name = p_session);
  if v_created then
    v_created := polaris_data.write_session(v_me.org_id, v_me.actor, v_project.project_id, p_session) is not null;
  end if;
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another name.');
  end if;
  v_claimed := polaris_data.take_seat(v_me.org_id, v_session.session_id, v_me.actor, p_lease_seconds) is not null;
  return query
  select v_created, v_claimed, r.* from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id) r;
end;
$$;

ALTER FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) IS 'Makes project and session where they are missing, claims the seat where it is free.';

CREATE FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select x.token_id
  from unnest(p_tokens) as x (token_id)
  left join polaris_data.tokens t on t.token_id = x.token_id
  where t.token_id is null or t.revoked_at is not null or t.expires_at <= v_now
    or polaris_data.role_of(t.org_id, t.actor) is null;
end;
$$;

ALTER FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) IS 'Which of these tokens no longer open anything.';

CREATE FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text DEFAULT NULL::text, p_limit integer DEFAULT 100) RETURNS SETOF polaris_data.delivery_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 deliveries.');
  end if;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  return query select * from polaris_data.show_deliveries(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id, null, v_session, null, p_limit);
end;
$$;

ALTER FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) IS 'The newest deliveries of a project or of one session.';

CREATE FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) RETURNS TABLE(project_id bigint, last_seq bigint, first_seq bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select h.project_id, h.last_seq, p.first_seq
  from polaris_data.project_heads h
  join polaris_data.projects p on p.org_id = h.org_id and p.project_id = h.project_id
  where h.org_id = p_org and h.project_id = any (p_projects);
end;
$$;

ALTER FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) IS 'The last and first numbers of these projects.';

CREATE FUNCTION polaris.list_logins(p_org bigint) RETURNS TABLE(login text, actor text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select l.login::text, l.actor, l.created_at, l.revoked_at from polaris_data.logins l where l.org_id = p_org order by l.login;
end;
$$;

ALTER FUNCTION polaris.list_logins(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_logins(p_org bigint) IS 'The Postgres logins of an organization.';

CREATE FUNCTION polaris.list_members(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_members(v_me.org_id);
end;
$$;

ALTER FUNCTION polaris.list_members(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_members(p_org bigint, p_actor text) IS 'The members of the caller''s organization, removed ones too.';

CREATE FUNCTION polaris.list_orgs_with_lapses() RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select o.org_id from polaris_data.orgs o
  where exists (
    select from polaris_data.sessions s where s.org_id = o.org_id and s.driver is not null and s.lease_until <= v_now)
  or exists (
    select from polaris_data.deliveries d
    where d.org_id = o.org_id and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now);
end;
$$;

ALTER FUNCTION polaris.list_orgs_with_lapses() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_orgs_with_lapses() IS 'The organizations in which maintenance has work.';

CREATE FUNCTION polaris.list_projects(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_projects(v_me.org_id);
end;
$$;

ALTER FUNCTION polaris.list_projects(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) IS 'The projects that the caller may see.';

CREATE FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) RETURNS SETOF polaris_data.session_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_sessions(
    v_me.org_id, (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id);
end;
$$;

ALTER FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) IS 'The sessions of a project.';

CREATE FUNCTION polaris.list_tokens(p_org bigint, p_actor text) RETURNS SETOF polaris_data.token_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_tokens(
    v_me.org_id, null, case when polaris_data.role_of(v_me.org_id, v_me.actor) is distinct from 'admin' then v_me.actor end);
end;
$$;

ALTER FUNCTION polaris.list_tokens(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_tokens(p_org bigint, p_actor text) IS 'The tokens that the caller has or issued; all of them for an administrator.';

CREATE FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) RETURNS TABLE(ord integer, client_id text, seq bigint, created boolean, late boolean, code text, message text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_count integer := cardinality(p_client_id);
  v_actor text[];
  v_project bigint[];
  v_session bigint[];
  v_code text[];
  v_late boolean[];
  v_body text[] := p_body;
  v_payload jsonb[] := p_payload;
  v_key bytea;
  v_large boolean := pg_column_size(p_payload) + pg_column_size(p_body) > 1048576; -- else no single event can be
begin
  v_me := polaris_data.acting(p_org, null);
  v_actor := case when v_me.direct then array_fill(v_me.actor, array[coalesce(v_count, 0)]) else p_actor end;
  if v_count is null
    or cardinality(v_actor) is distinct from v_count or cardinality(p_project) is distinct from v_count
    or cardinality(p_session) is distinct from v_count or cardinality(p_epoch) is distinct from v_count
    or cardinality(p_kind) is distinct from v_count or cardinality(p_turn) is distinct from v_count
    or cardinality(p_agent) is distinct from v_count or cardinality(p_body) is distinct from v_count
    or cardinality(p_payload) is distinct from v_count or cardinality(p_occurred_at) is distinct from v_count then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.', 'Use null where an event has nothing.');
  end if;

  if v_me.direct then
    select o.redaction_key into v_key from polaris_data.orgs o where o.org_id = v_me.org_id;
    select array_agg(polaris_data.redact_prefixes(v_key, u.body) order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.payload::text)::jsonb order by u.ord)
    into v_body, v_payload
    from unnest(p_body, p_payload) with ordinality as u (body, payload, ord);
  end if;

  select array_agg(p.project_id order by u.ord), array_agg(s.session_id order by u.ord) into v_project, v_session
  from unnest(p_project, p_session) with ordinality as u (project, session, ord)
  left join lateral (
    select p.project_id from polaris_data.projects p
    where p.org_id = v_me.org_id and p.name between u.project and u.project order by p.name limit 1) p on true
  left join lateral (
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = p.project_id and s.name between u.session and u.session
    order by s.name limit 1) s on true;

  perform from (select distinct u.project from unnest(v_project) as u (project) order by u.project) x
  cross join lateral (
    select from polaris_data.project_heads h
    where h.org_id = v_me.org_id and h.project_id = x.project for no key update) h;

  select array_agg(
      case
        when u.project is null then 'no_such_project'
        when u.session is null then 'no_such_session'
        when u.kind is null or u.kind not in ('prompt', 'message', 'reply', 'tool.call', 'tool.result', 'turn.interrupted', 'notice')
          then 'unknown_kind'
        when u.client_id is null or char_length(u.client_id) not between 1 and 200 or u.client_id like 'polaris:%' then 'client_id_not_valid'
        when t.epoch is null then 'not_driver'
        when v_large and coalesce(pg_column_size(u.payload), 0) + coalesce(octet_length(u.body), 0) > 1048576 then 'event_too_large'
      end order by u.ord),
    array_agg(t.ended_at is not null order by u.ord)
  into v_code, v_late
  from unnest(v_project, v_session, p_epoch, p_kind, p_client_id, v_actor,
      case when v_large then p_body end, case when v_large then p_payload end)
    with ordinality as u (project, session, epoch, kind, client_id, actor, body, payload, ord)
  left join lateral (
    select t.epoch, t.ended_at from polaris_data.seats t
    where t.org_id = v_me.org_id and t.session_id = u.session and t.epoch between u.epoch and u.epoch and t.driver = u.actor
    order by t.epoch limit 1
  ) t on true;

  return query
  select x.ord, x.client_id, x.seq, x.created, coalesce(r.late, x.late, false), x.code,
    case x.code
      when 'no_such_project' then format('There is no project %s.', left(x.project, 80))
      when 'no_such_session' then format('There is no session %s in project %s.', left(x.session, 80), x.project)
      when 'unknown_kind' then format('%s is not a kind that can be pushed.', coalesce(quote_literal(left(x.kind, 80)), 'Nothing'))
      when 'client_id_not_valid' then 'A client_id has 1 to 200 characters and does not begin with polaris:.'
      when 'not_driver' then format('%s never held epoch %s of session %s.', x.actor, coalesce(x.epoch::text, 'null'), x.session)
      when 'event_too_large' then 'An event may take 1 MiB.'
      when 'client_id_taken' then 'Another participant used this client_id.'
    end
  from rows from (
    unnest(p_client_id, v_late, p_project, p_session, p_kind, v_actor, p_epoch, v_project),
    polaris_data.write_events(
      v_me.org_id, v_code, v_project, v_session, p_epoch, p_kind, v_actor, array_fill(null::text, array[v_count]), p_turn, p_agent,
      v_body, v_payload, p_client_id, v_late, p_occurred_at)
  ) as x (client_id, late, project, session, kind, actor, epoch, project_id, ord, seq, created, code)
  left join lateral (
    select e.late from polaris_data.events e
    where not x.created and e.org_id = v_me.org_id and e.project_id = x.project_id and e.seq between x.seq and x.seq
    order by e.seq limit 1) r on true
  order by x.ord;
end;
$$;

ALTER FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) IS 'Keeps what drivers captured: one call for a whole batch of one organization.';

CREATE FUNCTION polaris.read_advice(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_epoch bigint DEFAULT NULL::bigint) RETURNS TABLE(delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamp with time zone, sent_at timestamp with time zone, seen_at timestamp with time zone, answered_at timestamp with time zone, expires_at timestamp with time zone, text text, marker text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.driver is null or v_session.driver is distinct from v_me.actor or v_session.epoch is distinct from p_epoch then
    perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s under epoch %s.', coalesce(v_me.actor, 'polaris'), p_session, coalesce(p_epoch::text, 'null')), null,
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  return query
  select r.*, polaris_data.advice_text(r), 'polaris:advice:' || r.delivery_id
  from polaris_data.show_deliveries(v_me.org_id, v_session.project_id, null, v_session.session_id, array['queued', 'sent']) r
  where r.state = 'sent' or r.expires_at > v_now;
end;
$$;

ALTER FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) IS 'The advice that waits for a session''s driver.';

CREATE FUNCTION polaris.read_events(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_after bigint DEFAULT NULL::bigint, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100, p_kind text[] DEFAULT NULL::text[], p_by text[] DEFAULT NULL::text[]) RETURNS SETOF polaris_data.event_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 events.');
  end if;
  return query select * from polaris_data.show_events(
    v_me.org_id, v_project.project_id, v_session, p_after, p_before, p_limit, p_kind, p_by);
end;
$$;

ALTER FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) IS 'A page of history.';

CREATE FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer DEFAULT 500) RETURNS SETOF polaris_data.event_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return query select * from polaris_data.show_events(p_org, p_project_id, null, p_after, null, p_limit, null, null);
end;
$$;

ALTER FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) IS 'The relay''s read: what follows a number in a project.';

CREATE FUNCTION polaris.reap_blockers(p_older_than interval DEFAULT '00:00:02'::interval) RETURNS TABLE(pid integer, login text, seconds integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  -- Found first, ended then: as a condition beside the others the planner would end whatever it looks at.
  return query
  with blocker as materialized (
    select a.pid, l.login::text as login, extract(epoch from clock_timestamp() - a.xact_start)::integer as seconds
    from pg_stat_activity a
    join polaris_data.logins l on l.login = a.usename
    where a.datname = current_database() and a.backend_xid is not null and a.xact_start < clock_timestamp() - p_older_than
  )
  select b.pid, b.login, b.seconds from blocker b where pg_terminate_backend(b.pid);
exception when insufficient_privilege then
  return;
end;
$$;

ALTER FUNCTION polaris.reap_blockers(p_older_than interval) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.reap_blockers(p_older_than interval) IS 'Ends direct clients'' transactions that hold the record up.';

CREATE FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) RETURNS TABLE(login text, actor text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  perform polaris_data.require_participant(p_actor);
  if polaris_data.role_of(p_org, p_actor) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_actor), 'Add it first: polaris member add.');
  end if;
  insert into polaris_data.logins (login, org_id, actor, created_by) values (p_login, p_org, p_actor, p_actor) on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'login_exists', format('The login %s is registered already.', p_login), 'Choose another name.');
  end if;
  return query select * from polaris.list_logins(p_org) l where l.login = p_login;
end;
$$;

ALTER FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) IS 'Makes a Postgres login act as one participant.';

CREATE FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.session_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_session.driver is null or v_session.driver is distinct from v_me.actor or p_epoch <> v_session.epoch then
    perform polaris_data.fail(409, 'not_driver', format('%s does not drive %s.', coalesce(v_me.actor, 'polaris'), p_session), null,
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'released');
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;

ALTER FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) IS 'Opens the seat that the caller holds.';

CREATE FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_now timestamptz := clock_timestamp();
  v_gone text := 'user:' || p_handle;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform from polaris_data.members m
  where m.org_id = v_me.org_id and m.role = 'admin' and m.removed_at is null order by m.handle for no key update;
  if polaris_data.role_of(v_me.org_id, v_gone) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_gone), 'See polaris member list.');
  end if;
  if not exists (
    select from polaris_data.members m
    where m.org_id = v_me.org_id and m.role = 'admin' and m.removed_at is null and m.handle <> p_handle) then
    perform polaris_data.fail(409, 'last_admin', format('%s is the last administrator.', v_gone), 'Make somebody else one first.');
  end if;
  update polaris_data.members set removed_at = v_now where org_id = v_me.org_id and handle = p_handle;
  update polaris_data.tokens set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or issued_by = v_gone) and revoked_at is null;
  update polaris_data.logins set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or created_by = v_gone) and revoked_at is null;
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds a counter.
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.driver = v_gone order by s.project_id, s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.driver = v_gone order by s.project_id, s.session_id
  loop
    perform polaris_data.end_seat(v_me.org_id, v_session, 'released');
  end loop;
  perform polaris_data.publish_control(v_me.org_id, 'member', 0);
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;

ALTER FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) IS 'Removes a person from the organization, and all that hangs on it.';

CREATE FUNCTION polaris.revoke_login(p_org bigint, p_login text) RETURNS TABLE(login text, actor text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  update polaris_data.logins l set revoked_at = coalesce(l.revoked_at, v_now) where l.org_id = p_org and l.login = p_login;
  if not found then
    perform polaris_data.fail(404, 'no_such_login', format('There is no login %s.', p_login), 'See polaris login-role list.');
  end if;
  perform polaris_data.publish_control(p_org, 'login', 0);
  return query select * from polaris.list_logins(p_org) l where l.login = p_login;
end;
$$;

ALTER FUNCTION polaris.revoke_login(p_org bigint, p_login text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) IS 'Ends what a Postgres login may do here.';

CREATE FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) RETURNS SETOF polaris_data.token_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if not exists (select from polaris.list_tokens(v_me.org_id, v_me.actor) t where t.token_id = p_token) then
    perform polaris_data.fail(404, 'no_such_token', format('There is no token %s.', p_token), 'See polaris token list.');
  end if;
  update polaris_data.tokens t set revoked_at = v_now
  where t.org_id = v_me.org_id and t.token_id = p_token and t.revoked_at is null;
  perform polaris_data.publish_control(v_me.org_id, 'token', p_token);
  return query select * from polaris_data.show_tokens(v_me.org_id, p_token);
end;
$$;

ALTER FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) IS 'Ends a token.';

CREATE FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text DEFAULT NULL::text, p_payload jsonb DEFAULT NULL::jsonb, p_agent text DEFAULT NULL::text) RETURNS TABLE(seq bigint, created boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Speak in another project.');
  end if;
  perform polaris_data.require_body(p_body, 65536);
  perform polaris_data.require_client_id(p_client_id);
  return query select w.seq, w.created from polaris_data.write_event(
    v_me.org_id, v_project.project_id, 0, null, 'floor', v_me.actor, null, p_body, p_payload,
    coalesce(p_client_id, 'floor:' || gen_random_uuid()), left(p_agent, 64)) w;
end;
$$;

ALTER FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) IS 'A person or an agent speaks to the project.';

CREATE FUNCTION polaris.settle_delivery(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_delivery uuid DEFAULT NULL::uuid, p_state text DEFAULT NULL::text, p_reason text DEFAULT NULL::text, p_path text DEFAULT NULL::text, p_epoch bigint DEFAULT NULL::bigint) RETURNS TABLE(changed boolean, delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamp with time zone, sent_at timestamp with time zone, seen_at timestamp with time zone, answered_at timestamp with time zone, expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_delivery polaris_data.deliveries;
  v_session polaris_data.sessions;
  v_held boolean;
  v_changed boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  select d.* into v_delivery from polaris_data.deliveries d where d.org_id = v_me.org_id and d.delivery_id = p_delivery;
  if not found then
    perform polaris_data.fail(404, 'no_such_delivery', format('There is no delivery %s.', p_delivery));
  end if;
  if p_state is null or p_state not in ('queued', 'sent', 'seen', 'answered', 'declined', 'failed') then
    perform polaris_data.fail(422, 'state_is_known', format('%s is not a state that a driver settles.', coalesce(quote_literal(p_state), 'Nothing')));
  end if;
  if p_state = 'failed' and p_reason is null then
    perform polaris_data.fail(422, 'failure_has_a_reason', 'A failure needs a reason.');
  end if;
  select s.* into strict v_session from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.session_id = v_delivery.session_id for no key update;
  select case p_state when 'seen' then true when 'answered' then v_delivery.state <> 'seen' or p_epoch = v_delivery.epoch else t.ended_at is null end into v_held
  from polaris_data.seats t
  where t.org_id = v_me.org_id and t.session_id = v_delivery.session_id and t.epoch = p_epoch and t.driver = v_me.actor;
  if v_held is not true then
    perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s under epoch %s.', coalesce(v_me.actor, 'polaris'), v_session.name, coalesce(p_epoch::text, 'null')), null,
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  v_changed := polaris_data.move_delivery(v_me.org_id, p_delivery, p_state, left(p_reason, 500), left(p_path, 50), p_epoch, v_me.actor);
  return query
  select v_changed, r.* from polaris_data.show_deliveries(v_me.org_id, v_delivery.project_id, p_delivery) r;
end;
$$;

ALTER FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) IS 'Tells what became of a piece of advice.';

CREATE FUNCTION polaris_data.acting(p_org bigint, p_actor text, OUT org_id bigint, OUT actor text, OUT direct boolean) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_login polaris_data.logins;
begin
  select l.* into v_login from polaris_data.logins l where l.login = session_user;
  if found then
    if v_login.revoked_at is not null then
      perform polaris_data.fail(401, 'login_revoked', format('The login %s is revoked.', session_user),
        'Ask an administrator for a new one: polaris login-role create.');
    end if;
    if p_org <> v_login.org_id or p_actor <> v_login.actor then
      perform polaris_data.fail(403, 'actor_is_not_yours', format('The login %s acts as %s and as nobody else.', session_user, v_login.actor),
        'Leave p_org and p_actor out.');
    end if;
    org_id := v_login.org_id;
    actor := v_login.actor;
    direct := true;
    return;
  end if;
  if not pg_has_role(session_user, 'polaris_service', 'member') then
    perform polaris_data.fail(401, 'login_unknown', format('The login %s is no participant.', session_user),
      'Ask an administrator for one: polaris login-role create.');
  end if;
  if p_org is null then
    perform polaris_data.fail(422, 'org_is_missing', 'The service must name the organization.', 'Pass p_org.');
  end if;
  org_id := p_org;
  actor := p_actor;
  direct := false;
end;
$$;

ALTER FUNCTION polaris_data.acting(p_org bigint, p_actor text, OUT org_id bigint, OUT actor text, OUT direct boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.acting(p_org bigint, p_actor text, OUT org_id bigint, OUT actor text, OUT direct boolean) IS 'Who calls, for which organization: from session_user, never from a setting.';

CREATE FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select format(E'Advice from %s (%s, same organization) for session %s/%s, sent %s:\n%s\n(polaris:advice:%s)',
    p_delivery.sender,
    case p_delivery.sender_class when 'human' then 'human' when 'agent' then 'coding agent' else 'human, by way of Slack' end,
    p_delivery.project, p_delivery.session, to_char(p_delivery.queued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
    polaris_data.neutralize(p_delivery.body), p_delivery.delivery_id);
$$;

ALTER FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) IS 'What an agent is shown of a piece of advice.';

CREATE FUNCTION polaris_data.delivery_may_become(p_from text, p_to text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select (p_from, p_to) in (values
    ('held', 'queued'), ('held', 'declined'), ('held', 'expired'), ('held', 'failed'),
    ('queued', 'sent'), ('queued', 'seen'), ('queued', 'declined'), ('queued', 'expired'), ('queued', 'failed'),
    ('sent', 'queued'), ('sent', 'seen'), ('sent', 'failed'),
    ('seen', 'answered'));
$$;

ALTER FUNCTION polaris_data.delivery_may_become(p_from text, p_to text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.delivery_may_become(p_from text, p_to text) IS 'The table of a delivery''s states: what may become what.';

CREATE FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.driver is null then
    return;
  end if;
  update polaris_data.sessions set driver = null, lease_until = null where org_id = p_org and session_id = p_session;
  update polaris_data.seats set ended_at = v_now, ended_how = p_how
  where org_id = p_org and session_id = p_session and epoch = v_session.epoch;
  perform polaris_data.requeue_deliveries(p_org, p_session);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch,
    case p_how when 'expired' then 'driver.expired' else 'driver.released' end, v_session.driver, null,
    format(case p_how when 'expired' then 'the lease of %s on %s ran out' else '%s released %s' end, v_session.driver, v_session.name),
    jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch, 'how', p_how),
    format('polaris:seat:%s:ended', v_session.epoch));
end;
$$;

ALTER FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text) IS 'Ends the held seat of a session.';

CREATE FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions;
  v_delivery uuid;
  v_now timestamptz := clock_timestamp();
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.archived_at is not null then
    return;
  end if;
  perform polaris_data.end_seat(p_org, p_session, 'archived');
  update polaris_data.sessions set archived_at = v_now where org_id = p_org and session_id = p_session;
  for v_delivery in
    select d.delivery_id from polaris_data.deliveries d
    where d.org_id = p_org and d.session_id = p_session and d.state in ('held', 'queued', 'sent')
    order by d.delivery_id for no key update
  loop
    perform polaris_data.move_delivery(p_org, v_delivery, 'failed', 'session archived', null, null, p_actor);
  end loop;
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch, 'session.archived', p_actor, null,
    format('%s archived session %s', p_actor, v_session.name), null, 'polaris:session.archived');
end;
$$;

ALTER FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) IS 'Archives a session.';

CREATE FUNCTION polaris_data.fail(p_status integer, p_code text, p_message text, p_hint text DEFAULT NULL::text, p_detail jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception using
    errcode = 'PL' || p_status::text,
    constraint = p_code,
    message = p_message,
    hint = coalesce(p_hint, ''),
    detail = coalesce(p_detail::text, '');
end;
$$;

ALTER FUNCTION polaris_data.fail(p_status integer, p_code text, p_message text, p_hint text, p_detail jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.fail(p_status integer, p_code text, p_message text, p_hint text, p_detail jsonb) IS 'The one way to fail: SQLSTATE PL + HTTP status, machine name in constraint, help in hint.';

CREATE TABLE polaris_data.projects (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    name text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    archived_at timestamp with time zone,
    first_seq bigint DEFAULT 1 NOT NULL,
    CONSTRAINT name_is_a_slug CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
);

ALTER TABLE polaris_data.projects OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.projects IS 'Pools of context. first_seq: what lies below it was taken by retention.';

CREATE FUNCTION polaris_data.find_project(p_org bigint, p_actor text, p_project text) RETURNS polaris_data.projects
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project polaris_data.projects;
begin
  select p.* into v_project from polaris_data.projects p where p.org_id = p_org and p.name = p_project;
  if not found then
    perform polaris_data.fail(404, 'no_such_project', format('There is no project %s.', left(p_project, 80)),
      'Make it: polaris join, or ask for access.');
  end if;
  return v_project;
end;
$$;

ALTER FUNCTION polaris_data.find_project(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.find_project(p_org bigint, p_actor text, p_project text) IS 'The one gate to a project.';

CREATE TABLE polaris_data.sessions (
    org_id bigint NOT NULL,
    session_id bigint NOT NULL,
    project_id bigint NOT NULL,
    name text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    archived_at timestamp with time zone,
    epoch bigint DEFAULT 0 NOT NULL,
    driver text,
    lease_until timestamp with time zone,
    CONSTRAINT held_seat_has_a_lease CHECK (((driver IS NULL) = (lease_until IS NULL))),
    CONSTRAINT name_is_a_slug CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
)
WITH (fillfactor='70');

ALTER TABLE polaris_data.sessions OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.sessions IS 'Workstreams. driver null = the seat is open; an open seat keeps its last epoch.';

CREATE FUNCTION polaris_data.find_session(p_org bigint, p_actor text, p_project text, p_session text) RETURNS polaris_data.sessions
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project polaris_data.projects := polaris_data.find_project(p_org, p_actor, p_project);
  v_session polaris_data.sessions;
begin
  select s.* into v_session from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = v_project.project_id and s.name = p_session;
  if not found then
    perform polaris_data.fail(404, 'no_such_session', format('There is no session %s in project %s.', left(p_session, 80), p_project),
      format('Make it: polaris join %s %s.', p_project, coalesce(left(p_session, 80), 'NAME')));
  end if;
  return v_session;
end;
$$;

ALTER FUNCTION polaris_data.find_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.find_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'A session by its names, through the gate of its project.';

CREATE FUNCTION polaris_data.hmac8(p_key bytea, p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_key bytea := case when octet_length(p_key) > 64 then sha256(p_key) else p_key end;
  v_inner bytea := decode(repeat('36', 64), 'hex');
  v_outer bytea := decode(repeat('5c', 64), 'hex');
begin
  for i in 0 .. octet_length(v_key) - 1 loop
    v_inner := set_byte(v_inner, i, get_byte(v_inner, i) # get_byte(v_key, i));
    v_outer := set_byte(v_outer, i, get_byte(v_outer, i) # get_byte(v_key, i));
  end loop;
  return left(encode(sha256(v_outer || sha256(v_inner || convert_to(p_text, 'UTF8'))), 'hex'), 8);
end;
$$;

ALTER FUNCTION polaris_data.hmac8(p_key bytea, p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.hmac8(p_key bytea, p_text text) IS 'The first eight hex digits of HMAC-SHA256.';

CREATE FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) RETURNS polaris_data.sessions
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions := polaris_data.find_session(p_org, p_actor, p_project, p_session);
begin
  select s.* into v_session from polaris_data.sessions s
  where s.org_id = p_org and s.session_id = v_session.session_id for no key update;
  return v_session;
end;
$$;

ALTER FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'A session by its names, locked until commit.';

CREATE FUNCTION polaris_data.move_delivery(p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_old polaris_data.deliveries;
  v_new polaris_data.deliveries;
  v_now timestamptz := clock_timestamp();
begin
  select d.* into strict v_old from polaris_data.deliveries d
  where d.org_id = p_org and d.delivery_id = p_delivery for no key update;
  if v_old.state = p_state then
    return false;
  end if;
  if not polaris_data.delivery_may_become(v_old.state, p_state) then
    perform polaris_data.fail(409, 'delivery_cannot_become', format('A delivery that is %s cannot become %s.', v_old.state, p_state), null,
      jsonb_build_object('state', v_old.state));
  end if;
  update polaris_data.deliveries d set
    state = p_state,
    reason = p_reason,
    path = coalesce(p_path, d.path),
    epoch = coalesce(p_epoch, d.epoch),
    attempts = d.attempts + (p_state = 'sent')::integer,
    sent_at = case p_state when 'sent' then v_now else d.sent_at end,
    seen_at = case p_state when 'seen' then v_now else d.seen_at end,
    answered_at = case p_state when 'answered' then v_now else d.answered_at end
  where d.org_id = p_org and d.delivery_id = p_delivery
  returning d.* into v_new;
  perform polaris_data.write_event(p_org, v_new.project_id, v_new.session_id, v_new.epoch, 'delivery', p_actor, v_new.sender,
    concat_ws(': ', p_state, p_reason),
    jsonb_build_object('delivery', v_new.delivery_id, 'advice_seq', v_new.advice_seq, 'state', p_state, 'reason', p_reason,
      'path', v_new.path, 'attempts', v_new.attempts),
    format('polaris:delivery:%s:%s:%s', v_new.delivery_id, p_state, v_new.attempts));
  return true;
end;
$$;

ALTER FUNCTION polaris_data.move_delivery(p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.move_delivery(p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text) IS 'Moves a delivery to another state and writes the event that tells it.';

CREATE FUNCTION polaris_data.neutralize(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select '> ' || replace(
    regexp_replace(
      regexp_replace(
        regexp_replace(
          translate(replace(p_text, E'\r\n', E'\n'), E'\r\u000b\u000c\u0085\u2028\u2029', E'\n\n\n\n\n\n'),
          E'[\\u0001-\\u0008\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f'
            '\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb\\U0001d173-\\U0001d17a'
            '\\U000e0000-\\U000e01ef]',
          '', 'g'),
        '[<＜﹤〈〈⟨❮‹˂《«]([\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*/?[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*'
          '(?:(?:channel|system|developer|user|assistant|human)(?:[-_][a-z_-]+)?|(?:tool|hook|function|command|local-command)[-_][a-z_-]+|'
          'cross-session-message|task-notification|untrusted_context|environment_context|invoke|thinking|antml:[a-z_]+)\y)',
        '‹\1', 'gi'),
      'polaris[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*:[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*advice[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*:',
      'polaris advice ', 'gi'),
    E'\n', E'\n> ');
$$;

ALTER FUNCTION polaris_data.neutralize(p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.neutralize(p_text text) IS 'Makes a text harmless to show to an agent as somebody''s words.';

CREATE FUNCTION polaris_data.publish(p_project bigint, p_first bigint, p_last bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform pg_notify('polaris_project_' || p_project, format('{"f":%s,"l":%s}', p_first, p_last));
end;
$$;

ALTER FUNCTION polaris_data.publish(p_project bigint, p_first bigint, p_last bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.publish(p_project bigint, p_first bigint, p_last bigint) IS 'Tells whoever listens that a project has new events: numbers only.';

CREATE FUNCTION polaris_data.publish_control(p_org bigint, p_kind text, p_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform pg_notify('polaris_control', format('{"org":%s,"kind":"%s","id":%s}', p_org, p_kind, coalesce(p_id, 0)));
end;
$$;

ALTER FUNCTION polaris_data.publish_control(p_org bigint, p_kind text, p_id bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.publish_control(p_org bigint, p_kind text, p_id bigint) IS 'Tells every process what has no event of its own.';

CREATE FUNCTION polaris_data.redact_prefixes(p_key bytea, p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION polaris_data.redact_prefixes(p_key bytea, p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.redact_prefixes(p_key bytea, p_text text) IS 'Takes secrets out that a provider''s prefix gives away.';

CREATE FUNCTION polaris_data.requeue_deliveries(p_org bigint, p_session bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_delivery record;
begin
  for v_delivery in
    select d.delivery_id, s.driver, s.created_by from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = p_org and d.session_id = p_session and d.state = 'sent'
    order by d.delivery_id for no key update of d
  loop
    perform polaris_data.move_delivery(p_org, v_delivery.delivery_id, 'queued', 'the driver left', null, null,
      coalesce(v_delivery.driver, 'polaris'));
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.requeue_deliveries(p_org bigint, p_session bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.requeue_deliveries(p_org bigint, p_session bigint) IS 'Lets advice that was on its way to a driver who has gone wait for the next one.';

CREATE FUNCTION polaris_data.require_admin(p_org bigint, p_actor text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if p_actor is not null and polaris_data.role_of(p_org, p_actor) is distinct from 'admin' then
    perform polaris_data.fail(403, 'admin_only', format('%s is not an administrator of this organization.', p_actor),
      'Ask an administrator to do it.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_admin(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_admin(p_org bigint, p_actor text) IS 'Lets administrators and the service itself pass.';

CREATE FUNCTION polaris_data.require_body(p_body text, p_most integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if p_body is null or btrim(p_body, E' \t\r\n') = '' then
    perform polaris_data.fail(422, 'body_is_there', 'There is no text.', 'Say something.');
  elsif char_length(p_body) > p_most then
    perform polaris_data.fail(422, 'body_is_short', format('The text has %s characters; %s are allowed.', char_length(p_body), p_most),
      'Say it shorter, or in several pieces.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_body(p_body text, p_most integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_body(p_body text, p_most integer) IS 'Checks a text that somebody wrote.';

CREATE FUNCTION polaris_data.require_client_id(p_client_id text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if char_length(p_client_id) not between 1 and 200 or p_client_id like 'polaris:%' then
    perform polaris_data.fail(422, 'client_id_not_valid', 'A client_id has 1 to 200 characters and does not begin with polaris:.',
      'Make a new one for each message, or leave it out.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_client_id(p_client_id text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_client_id(p_client_id text) IS 'Checks the name that a client gives to its message.';

CREATE FUNCTION polaris_data.require_lease(p_actor text, p_lease_seconds integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_participant(p_actor);
  if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
    perform polaris_data.fail(422, 'lease_is_sane', 'A lease takes 1 second to a day.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_lease(p_actor text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_lease(p_actor text, p_lease_seconds integer) IS 'Checks a lease: 1 second to a day.';

CREATE FUNCTION polaris_data.require_participant(p_actor text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if p_actor is null or p_actor !~ '^(user|agent|slack):[a-z0-9][a-z0-9-]{0,62}$' then
    perform polaris_data.fail(422, 'actor_is_a_participant', format('%s is not a participant.', coalesce(quote_literal(p_actor), 'Nothing')),
      'Write user:manu, agent:test-writer or slack:krishna.');
  end if;
end;
$_$;

ALTER FUNCTION polaris_data.require_participant(p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_participant(p_actor text) IS 'Checks that a text names a participant.';

CREATE FUNCTION polaris_data.require_service() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if exists (select from polaris_data.logins l where l.login = session_user)
    or not pg_has_role(session_user, 'polaris_service', 'member') then
    perform polaris_data.fail(403, 'service_only', 'Only the service may call this.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_service() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_service() IS 'Lets only the service pass.';

CREATE FUNCTION polaris_data.require_slug(p_name text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if p_name is null or p_name !~ '^[a-z0-9][a-z0-9-]{0,62}$' then
    perform polaris_data.fail(422, 'name_is_a_slug', format('%s is not a name.', coalesce(quote_literal(left(p_name, 80)), 'Nothing')),
      'Use lower case letters, digits and hyphens: 1 to 63 characters, not a hyphen first.');
  end if;
end;
$_$;

ALTER FUNCTION polaris_data.require_slug(p_name text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_slug(p_name text) IS 'Checks that a name is a slug.';

CREATE FUNCTION polaris_data.role_of(p_org bigint, p_actor text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case
    when p_actor like 'user:%' then (
      select m.role from polaris_data.members m
      where m.org_id = p_org and m.handle = substr(p_actor, 6) and m.removed_at is null)
    when p_actor like 'agent:%' then 'agent'
    when p_actor like 'slack:%' then 'slack'
  end;
$$;

ALTER FUNCTION polaris_data.role_of(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.role_of(p_org bigint, p_actor text) IS 'What a participant may do: admin, member, agent, slack or nothing.';

CREATE FUNCTION polaris_data.show_deliveries(p_org bigint, p_project bigint, p_delivery uuid DEFAULT NULL::uuid, p_session bigint DEFAULT NULL::bigint, p_states text[] DEFAULT NULL::text[], p_limit integer DEFAULT 1000) RETURNS SETOF polaris_data.delivery_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select x.* from (
    select d.delivery_id, p.name, s.name, d.advice_seq, d.sender, d.sender_class, d.body, d.state, d.reason, d.path, d.attempts,
      d.epoch, d.queued_at, d.sent_at, d.seen_at, d.answered_at, d.expires_at
    from polaris_data.deliveries d
    join polaris_data.projects p on p.org_id = d.org_id and p.project_id = d.project_id
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = p_org and d.project_id = p_project
      and (p_delivery is null or d.delivery_id = p_delivery)
      and (p_session is null or d.session_id = p_session)
      and (p_states is null or d.state = any (p_states))
    order by d.advice_seq desc limit p_limit) x
  order by x.advice_seq;
$$;

ALTER FUNCTION polaris_data.show_deliveries(p_org bigint, p_project bigint, p_delivery uuid, p_session bigint, p_states text[], p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_deliveries(p_org bigint, p_project bigint, p_delivery uuid, p_session bigint, p_states text[], p_limit integer) IS 'Deliveries of a project as everybody is shown them.';

CREATE FUNCTION polaris_data.show_events(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) RETURNS SETOF polaris_data.event_row
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
begin
  if p_after is not null and p_session is null then
    return query
    select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
      e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at
    from polaris_data.events e
    join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
    where e.org_id = p_org and e.project_id = p_project and e.seq > p_after and (p_before is null or e.seq < p_before)
      and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
    order by e.seq limit p_limit;
  elsif p_after is not null then
    return query
    select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
      e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at
    from polaris_data.events e
    join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
    where e.org_id = p_org and e.session_id = p_session and e.seq > p_after and (p_before is null or e.seq < p_before)
      and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
    order by e.seq limit p_limit;
  elsif p_session is null then
    return query
    select x.* from (
      select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
        e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at
      from polaris_data.events e
      join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
      left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
      where e.org_id = p_org and e.project_id = p_project and e.seq < coalesce(p_before, 9223372036854775807)
        and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
      order by e.seq desc limit p_limit) x
    order by x.seq;
  else
    return query
    select x.* from (
      select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
        e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at
      from polaris_data.events e
      join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
      join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
      where e.org_id = p_org and e.session_id = p_session and e.seq < coalesce(p_before, 9223372036854775807)
        and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
      order by e.seq desc limit p_limit) x
    order by x.seq;
  end if;
end;
$$;

ALTER FUNCTION polaris_data.show_events(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_events(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) IS 'A page of a project''s events, ascending.';

CREATE FUNCTION polaris_data.show_members(p_org bigint, p_handle text DEFAULT NULL::text) RETURNS SETOF polaris_data.member_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select 'user:' || m.handle, m.handle, m.role, p.email, m.created_at, m.removed_at
  from polaris_data.members m
  join polaris_data.people p on p.person_id = m.person_id
  where m.org_id = p_org and (p_handle is null or m.handle = p_handle)
  order by m.handle;
$$;

ALTER FUNCTION polaris_data.show_members(p_org bigint, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_members(p_org bigint, p_handle text) IS 'The members of an organization as everybody is shown them.';

CREATE FUNCTION polaris_data.show_projects(p_org bigint, p_project bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.project_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select p.org_id, p.project_id, p.name, p.created_by, p.created_at, p.archived_at, h.last_seq, p.first_seq,
    (select count(*) from polaris_data.sessions s
     where s.org_id = p_org and s.project_id = p.project_id and s.archived_at is null)
  from polaris_data.projects p
  join polaris_data.project_heads h on h.org_id = p.org_id and h.project_id = p.project_id
  where p.org_id = p_org and (p_project is null or p.project_id = p_project)
  order by p.name;
$$;

ALTER FUNCTION polaris_data.show_projects(p_org bigint, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_projects(p_org bigint, p_project bigint) IS 'Projects as everybody is shown them.';

CREATE FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.session_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select s.org_id, s.project_id, s.session_id, p.name, s.name, s.driver, s.epoch,
    case when s.driver is null then 'open' else 'held' end, s.lease_until, s.created_by, s.created_at, s.archived_at,
    coalesce((select e.seq from polaris_data.events e
      where e.org_id = p_org and e.session_id = s.session_id order by e.seq desc limit 1), 0),
    (select count(*) from polaris_data.deliveries d
      where d.org_id = p_org and d.session_id = s.session_id and d.state in ('held', 'queued', 'sent'))
  from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = p_org and s.project_id = p_project and (p_session is null or s.session_id = p_session)
  order by s.name;
$$;

ALTER FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) IS 'The sessions of a project as everybody is shown them.';

CREATE FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint DEFAULT NULL::bigint, p_of text DEFAULT NULL::text) RETURNS SETOF polaris_data.token_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select t.token_id, t.actor, t.name, t.shown, p.name, t.issued_by, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
  from polaris_data.tokens t
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = t.project_id
  where t.org_id = p_org
    and (p_token is null or t.token_id = p_token)
    and (p_of is null or t.actor = p_of or t.issued_by = p_of)
  order by t.token_id;
$$;

ALTER FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) IS 'Tokens as they are listed: never the secret, nor its hash.';

CREATE FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case
    when p_kind in ('message', 'reply', 'tool.call', 'tool.result') then 'agent'
    when p_kind not in ('prompt', 'advice', 'floor', 'annotation') then 'polaris'
    when p_actor like 'agent:%' or (p_kind <> 'prompt' and p_agent is not null) then 'agent'
    else 'person'
  end;
$$;

ALTER FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) IS 'Who really wrote an event''s text: a person, a coding agent, or Polaris itself.';

CREATE FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
  v_lease timestamptz := v_now + make_interval(secs => p_lease_seconds);
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.driver = p_actor then
    update polaris_data.sessions set lease_until = v_lease where org_id = p_org and session_id = p_session;
    return false;
  elsif v_session.lease_until > v_now then
    return null;
  end if;
  perform polaris_data.end_seat(p_org, p_session, 'expired');
  update polaris_data.sessions set driver = p_actor, epoch = v_session.epoch + 1, lease_until = v_lease
  where org_id = p_org and session_id = p_session;
  insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at)
  values (p_org, p_session, v_session.epoch + 1, p_actor, v_now);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch + 1, 'driver.claimed', p_actor, null,
    format('%s drives %s', p_actor, v_session.name), jsonb_build_object('driver', p_actor, 'epoch', v_session.epoch + 1),
    format('polaris:seat:%s:claimed', v_session.epoch + 1));
  return true;
end;
$$;

ALTER FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) IS 'Takes the seat of a session, if it is free.';

CREATE FUNCTION polaris_data.tg_events__append_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.fail(403, 'events_are_append_only', format('Events are not %s.',
    case tg_op when 'UPDATE' then 'changed' else 'deleted' end), 'Write a new event that corrects the old one.');
  return null;
end;
$$;

ALTER FUNCTION polaris_data.tg_events__append_only() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.tg_events__append_only() IS 'Guards the record: nobody changes or deletes an event.';

CREATE FUNCTION polaris_data.tg_seats__history() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if tg_op = 'UPDATE' then
    if old.ended_at is null and (new.org_id, new.session_id, new.epoch, new.driver, new.claimed_at)
      = (old.org_id, old.session_id, old.epoch, old.driver, old.claimed_at) then
      return new;
    end if;
  end if;
  perform polaris_data.fail(403, 'seats_are_history', 'Who drove a session is not rewritten.');
  return null;
end;
$$;

ALTER FUNCTION polaris_data.tg_seats__history() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.tg_seats__history() IS 'Guards the history of the seats.';

CREATE FUNCTION polaris_data.tg_sessions__epoch() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if new.epoch < old.epoch
    or (new.driver is not null and new.driver is distinct from old.driver and new.epoch <= old.epoch) then
    perform polaris_data.fail(403, 'epoch_only_rises', 'An epoch never falls, and a new driver needs a new one.');
  end if;
  return new;
end;
$$;

ALTER FUNCTION polaris_data.tg_sessions__epoch() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.tg_sessions__epoch() IS 'Guards the fence: an epoch never falls.';

CREATE FUNCTION polaris_data.write_event(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text, p_payload jsonb, p_client_id text, p_agent text DEFAULT NULL::text, OUT seq bigint, OUT created boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_written record;
begin
  select w.* into strict v_written from polaris_data.write_events(
    p_org, array[null::text], array[p_project], array[p_session], array[p_epoch], array[p_kind], array[p_actor], array[p_target],
    array[null::text], array[p_agent], array[p_body], array[p_payload], array[p_client_id], array[false],
    array[null::timestamptz]) w;
  if v_written.code is not null then
    perform polaris_data.fail(409, v_written.code, 'Another participant used this client_id.', 'Make a new one for each message.');
  end if;
  seq := v_written.seq;
  created := v_written.created;
end;
$$;

ALTER FUNCTION polaris_data.write_event(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text, p_payload jsonb, p_client_id text, p_agent text, OUT seq bigint, OUT created boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_event(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text, p_payload jsonb, p_client_id text, p_agent text, OUT seq bigint, OUT created boolean) IS 'Writes one event of Polaris''s own making or of an inner function.';

CREATE FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[]) RETURNS TABLE(ord integer, seq bigint, created boolean, code text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_earliest timestamptz := '1970-01-01 00:00+00';
  v_latest timestamptz;
  v_projects bigint[];
  v_heads bigint[];
  v_first bigint[];
  v_known bigint[];
  v_owner text[];
  v_number bigint[];
  v_head record;
begin
  select array_agg(h.project_id), array_agg(h.last_seq) into v_projects, v_heads
  from (select distinct u.project from unnest(p_project) as u (project) order by u.project) x
  cross join lateral (
    select h.project_id, h.last_seq from polaris_data.project_heads h
    where h.org_id = p_org and h.project_id = x.project for no key update) h;
  v_now := clock_timestamp();
  v_latest := v_now + interval '1 day';

  -- first: the place in the batch where a client_id comes first; known: the number that it has already; number: a new one.
  select array_agg(n.first order by n.ord), array_agg(n.known order by n.ord), array_agg(n.owner order by n.ord),
    array_agg(case when n.is_new then n.number end order by n.ord)
  into v_first, v_known, v_owner, v_number
  from (
    select i.ord, i.first, i.known, i.owner, i.is_new,
      v_heads[array_position(v_projects, i.project)] + count(*) filter (where i.is_new) over (partition by i.project order by i.ord) as number
    from (
      select u.ord, u.project, u.first, k.seq as known, k.actor as owner, u.code is null and k.seq is null and u.first = u.ord as is_new
      from (
        select u.*, first_value(u.ord) over (partition by u.client_id, u.session, u.project, u.code order by u.ord) as first
        from unnest(p_code, p_project, p_session, p_client_id) with ordinality as u (code, project, session, client_id, ord)
      ) u
      left join lateral (
        select e.seq, e.actor from polaris_data.events e
        where u.code is null and e.org_id = p_org and e.project_id = u.project and e.session_id = u.session
          and e.client_id between u.client_id and u.client_id
        order by e.client_id limit 1
      ) k on true
    ) i
  ) n;

  insert into polaris_data.events (
    org_id, project_id, seq, session_id, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, recorded_at)
  select p_org, u.project, u.number, u.session, u.epoch, u.kind, u.actor, u.target, u.turn, u.agent, coalesce(u.body, ''), u.payload,
    u.client_id, coalesce(u.late, false),
    case when u.occurred_at > v_earliest and u.occurred_at < v_latest then u.occurred_at else v_now end, v_now
  from unnest(v_number, p_project, p_session, p_epoch, p_kind, p_actor, p_target, p_turn, p_agent, p_body, p_payload, p_client_id,
    p_late, p_occurred_at)
    as u (number, project, session, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at)
  where u.number is not null;

  for v_head in
    select u.project, min(u.number) as first_seq, max(u.number) as last_seq
    from unnest(p_project, v_number) as u (project, number) where u.number is not null
    group by u.project order by u.project
  loop
    update polaris_data.project_heads set last_seq = v_head.last_seq where org_id = p_org and project_id = v_head.project;
    perform polaris_data.publish(v_head.project, v_head.first_seq, v_head.last_seq);
  end loop;

  return query
  select u.ord::integer,
    case when u.code is null and coalesce(u.owner, p_actor[u.first]) = u.actor then coalesce(u.known, v_number[u.first]) end,
    u.number is not null,
    case when u.code is null and coalesce(u.owner, p_actor[u.first]) <> u.actor then 'client_id_taken' else u.code end
  from unnest(p_code, p_actor, v_number, v_known, v_owner, v_first) with ordinality
    as u (code, actor, number, known, owner, first, ord)
  order by u.ord;
end;
$$;

ALTER FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[]) IS 'The one function that writes events, and it alone publishes them.';

CREATE FUNCTION polaris_data.write_member(p_org bigint, p_handle text, p_role text, p_email text, p_issuer text, p_subject text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_person bigint;
begin
  insert into polaris_data.people as p (issuer, subject, email)
  values (p_issuer, coalesce(p_subject, p_org || ':' || p_handle), p_email)
  on conflict (issuer, subject) do update set email = coalesce(excluded.email, p.email)
  returning p.person_id into v_person;
  insert into polaris_data.members (org_id, handle, person_id, role)
  values (p_org, p_handle, v_person, p_role)
  on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'member_exists', format('There is, or was, a member user:%s.', p_handle), 'Choose another handle.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.write_member(p_org bigint, p_handle text, p_role text, p_email text, p_issuer text, p_subject text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_member(p_org bigint, p_handle text, p_role text, p_email text, p_issuer text, p_subject text) IS 'Writes a person and its membership.';

CREATE FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project bigint;
begin
  insert into polaris_data.projects (org_id, name, created_by) values (p_org, p_name, p_actor)
  on conflict do nothing returning project_id into v_project;
  if v_project is not null then
    insert into polaris_data.project_heads (org_id, project_id) values (p_org, v_project);
  end if;
  return v_project;
end;
$$;

ALTER FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text) IS 'Writes a project with its counter.';

CREATE FUNCTION polaris_data.write_session(p_org bigint, p_actor text, p_project bigint, p_name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
begin
  perform from polaris_data.projects p
  where p.org_id = p_org and p.project_id = p_project and p.archived_at is null for share;
  if not found then
    perform polaris_data.fail(409, 'project_is_archived', 'The project is archived.', 'Begin in another project.');
  end if;
  insert into polaris_data.sessions (org_id, project_id, name, created_by) values (p_org, p_project, p_name, p_actor)
  on conflict do nothing returning session_id into v_session;
  if v_session is not null then
    perform polaris_data.write_event(p_org, p_project, v_session, 0, 'session.created', p_actor, null,
      format('%s made session %s', p_actor, p_name), null, 'polaris:session.created');
  end if;
  return v_session;
end;
$$;

ALTER FUNCTION polaris_data.write_session(p_org bigint, p_actor text, p_project bigint, p_name text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_session(p_org bigint, p_actor text, p_project bigint, p_name text) IS 'Writes a session and its first event.';

CREATE TABLE polaris_data.deliveries (
    org_id bigint NOT NULL,
    delivery_id uuid NOT NULL,
    project_id bigint NOT NULL,
    session_id bigint NOT NULL,
    advice_seq bigint NOT NULL,
    sender text NOT NULL,
    sender_class text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    reason text,
    path text,
    attempts integer DEFAULT 0 NOT NULL,
    epoch bigint,
    queued_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    seen_at timestamp with time zone,
    answered_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT failure_has_a_reason CHECK (((state <> 'failed'::text) OR (reason IS NOT NULL))),
    CONSTRAINT sender_class_is_known CHECK ((sender_class = ANY (ARRAY['human'::text, 'agent'::text, 'slack'::text]))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text, 'seen'::text, 'answered'::text, 'declined'::text, 'expired'::text, 'failed'::text])))
);

ALTER TABLE polaris_data.deliveries OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.deliveries IS 'What became of each piece of advice.';

CREATE TABLE polaris_data.events (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    seq bigint NOT NULL,
    session_id bigint NOT NULL,
    epoch bigint,
    kind text NOT NULL,
    actor text NOT NULL,
    target text,
    turn text,
    agent text,
    body text NOT NULL,
    payload jsonb,
    client_id text NOT NULL,
    late boolean NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['session.created'::text, 'session.archived'::text, 'driver.claimed'::text, 'driver.released'::text, 'driver.expired'::text, 'prompt'::text, 'message'::text, 'reply'::text, 'tool.call'::text, 'tool.result'::text, 'turn.interrupted'::text, 'notice'::text, 'advice'::text, 'delivery'::text, 'floor'::text, 'annotation'::text])))
);

ALTER TABLE polaris_data.events OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.events IS 'The record, append-only. session_id 0: the event belongs to the project as a whole.';

COMMENT ON COLUMN polaris_data.events.payload IS 'The agent''s own JSON, redacted.';

COMMENT ON COLUMN polaris_data.events.late IS 'Pushed after the seat of its epoch had ended.';

CREATE TABLE polaris_data.logins (
    login name NOT NULL,
    org_id bigint NOT NULL,
    actor text NOT NULL,
    created_by text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone
);

ALTER TABLE polaris_data.logins OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.logins IS 'Global directory: Postgres logins of direct clients. A login acts as one participant, whatever it says.';

CREATE TABLE polaris_data.members (
    org_id bigint NOT NULL,
    handle text NOT NULL,
    person_id bigint NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT handle_is_a_slug CHECK ((handle ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text])))
);

ALTER TABLE polaris_data.members OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.members IS 'People in an organization; handle manu is the participant user:manu. A handle is never given to another person.';

CREATE TABLE polaris_data.orgs (
    org_id bigint NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    redaction_key bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT slug_is_a_slug CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
);

ALTER TABLE polaris_data.orgs OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.orgs IS 'Organizations: the accounts that own everything else.';

COMMENT ON COLUMN polaris_data.orgs.redaction_key IS 'Key of the HMAC in redaction placeholders: without it a hash would confirm guesses.';

ALTER TABLE polaris_data.orgs ALTER COLUMN org_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.orgs_org_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.people (
    person_id bigint NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    email text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE polaris_data.people OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.people IS 'Global directory: people, keyed by who vouches for them (issuer) and as whom (subject).';

ALTER TABLE polaris_data.people ALTER COLUMN person_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.people_person_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.project_heads (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='20', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_scale_factor='0');

ALTER TABLE polaris_data.project_heads OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.project_heads IS 'The last number of each project. Whoever writes events holds the row until commit: that makes seq gapless and commit-ordered.';

ALTER TABLE polaris_data.projects ALTER COLUMN project_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.projects_project_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.seats (
    org_id bigint NOT NULL,
    session_id bigint NOT NULL,
    epoch bigint NOT NULL,
    driver text NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_how text,
    CONSTRAINT seat_end_is_known CHECK ((ended_how = ANY (ARRAY['released'::text, 'expired'::text, 'archived'::text]))),
    CONSTRAINT seat_end_is_whole CHECK (((ended_at IS NULL) = (ended_how IS NULL)))
);

ALTER TABLE polaris_data.seats OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.seats IS 'Who drove a session under which epoch: what lets an offline laptop deliver late, and nobody else.';

ALTER TABLE polaris_data.sessions ALTER COLUMN session_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.sessions_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.tokens (
    token_id bigint NOT NULL,
    hash bytea NOT NULL,
    org_id bigint NOT NULL,
    actor text NOT NULL,
    name text NOT NULL,
    shown text NOT NULL,
    project_id bigint,
    issued_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT token_hash_is_sha256 CHECK ((octet_length(hash) = 32)),
    CONSTRAINT token_name_is_short CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

ALTER TABLE polaris_data.tokens OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.tokens IS 'Global directory: credentials, by the sha256 of the secret. The secret itself is nowhere.';

ALTER TABLE polaris_data.tokens ALTER COLUMN token_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.tokens_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (org_id, delivery_id);

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT delivery_has_one_advice UNIQUE (org_id, project_id, advice_seq);

ALTER TABLE ONLY polaris_data.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (org_id, project_id, seq);

ALTER TABLE ONLY polaris_data.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (login);

ALTER TABLE ONLY polaris_data.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (org_id, handle);

ALTER TABLE ONLY polaris_data.orgs
    ADD CONSTRAINT org_exists UNIQUE (slug);

ALTER TABLE ONLY polaris_data.orgs
    ADD CONSTRAINT orgs_pkey PRIMARY KEY (org_id);

ALTER TABLE ONLY polaris_data.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY polaris_data.people
    ADD CONSTRAINT person_exists UNIQUE (issuer, subject);

ALTER TABLE ONLY polaris_data.projects
    ADD CONSTRAINT project_exists UNIQUE (org_id, name);

ALTER TABLE ONLY polaris_data.project_heads
    ADD CONSTRAINT project_heads_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.seats
    ADD CONSTRAINT seats_pkey PRIMARY KEY (org_id, session_id, epoch);

ALTER TABLE ONLY polaris_data.sessions
    ADD CONSTRAINT session_exists UNIQUE (org_id, project_id, name);

ALTER TABLE ONLY polaris_data.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (org_id, session_id);

ALTER TABLE ONLY polaris_data.tokens
    ADD CONSTRAINT token_exists UNIQUE (hash);

ALTER TABLE ONLY polaris_data.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (token_id);

CREATE UNIQUE INDEX client_id_is_taken ON polaris_data.events USING btree (org_id, project_id, session_id, client_id);

CREATE INDEX deliveries_by_expiry ON polaris_data.deliveries USING btree (org_id, expires_at) WHERE (state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text]));

CREATE INDEX deliveries_by_session ON polaris_data.deliveries USING btree (org_id, session_id, advice_seq);

CREATE INDEX deliveries_waiting ON polaris_data.deliveries USING btree (org_id, session_id, advice_seq) WHERE (state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text]));

CREATE INDEX events_by_session ON polaris_data.events USING btree (org_id, session_id, seq);

CREATE INDEX events_by_time ON polaris_data.events USING brin (recorded_at);

CREATE INDEX logins_by_org ON polaris_data.logins USING btree (org_id, login);

CREATE INDEX members_by_person ON polaris_data.members USING btree (person_id);

CREATE UNIQUE INDEX session_has_one_driver ON polaris_data.seats USING btree (org_id, session_id) WHERE (ended_at IS NULL);

CREATE INDEX sessions_by_lease ON polaris_data.sessions USING btree (org_id, lease_until) WHERE (driver IS NOT NULL);

CREATE INDEX tokens_by_org ON polaris_data.tokens USING btree (org_id, token_id);

CREATE TRIGGER _100_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON polaris_data.events FOR EACH STATEMENT EXECUTE FUNCTION polaris_data.tg_events__append_only();

CREATE TRIGGER _100_epoch BEFORE UPDATE ON polaris_data.sessions FOR EACH ROW WHEN (((old.epoch IS DISTINCT FROM new.epoch) OR (old.driver IS DISTINCT FROM new.driver))) EXECUTE FUNCTION polaris_data.tg_sessions__epoch();

CREATE TRIGGER _100_history BEFORE DELETE OR UPDATE ON polaris_data.seats FOR EACH ROW EXECUTE FUNCTION polaris_data.tg_seats__history();

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT deliveries_session_fkey FOREIGN KEY (org_id, session_id) REFERENCES polaris_data.sessions(org_id, session_id);

ALTER TABLE ONLY polaris_data.logins
    ADD CONSTRAINT logins_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.members
    ADD CONSTRAINT members_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.members
    ADD CONSTRAINT members_person_fkey FOREIGN KEY (person_id) REFERENCES polaris_data.people(person_id);

ALTER TABLE ONLY polaris_data.project_heads
    ADD CONSTRAINT project_heads_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.projects
    ADD CONSTRAINT projects_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.seats
    ADD CONSTRAINT seats_session_fkey FOREIGN KEY (org_id, session_id) REFERENCES polaris_data.sessions(org_id, session_id);

ALTER TABLE ONLY polaris_data.sessions
    ADD CONSTRAINT sessions_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.tokens
    ADD CONSTRAINT tokens_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

GRANT USAGE ON SCHEMA polaris TO polaris_service;
GRANT USAGE ON SCHEMA polaris TO polaris_client;

GRANT USAGE ON SCHEMA polaris_history TO polaris_analyst;

REVOKE ALL ON FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.authenticate(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.authenticate(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.expire_leases(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_leases(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval) TO polaris_service;
GRANT ALL ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_logins(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_logins(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_members(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_members(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_members(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_orgs_with_lapses() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_orgs_with_lapses() TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_tokens(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_tokens(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.reap_blockers(p_older_than interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.reap_blockers(p_older_than interval) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris_data.acting(p_org bigint, p_actor text, OUT org_id bigint, OUT actor text, OUT direct boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.delivery_may_become(p_from text, p_to text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.fail(p_status integer, p_code text, p_message text, p_hint text, p_detail jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.hmac8(p_key bytea, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.move_delivery(p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.neutralize(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.publish(p_project bigint, p_first bigint, p_last bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.publish_control(p_org bigint, p_kind text, p_id bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.redact_prefixes(p_key bytea, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.requeue_deliveries(p_org bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_admin(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_body(p_body text, p_most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_client_id(p_client_id text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_lease(p_actor text, p_lease_seconds integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_participant(p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_service() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_slug(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.role_of(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_deliveries(p_org bigint, p_project bigint, p_delivery uuid, p_session bigint, p_states text[], p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_events(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_members(p_org bigint, p_handle text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_projects(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_events__append_only() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_seats__history() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_sessions__epoch() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_event(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text, p_payload jsonb, p_client_id text, p_agent text, OUT seq bigint, OUT created boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_member(p_org bigint, p_handle text, p_role text, p_email text, p_issuer text, p_subject text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_session(p_org bigint, p_actor text, p_project bigint, p_name text) FROM PUBLIC;
