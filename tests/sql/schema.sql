CREATE SCHEMA polaris;

ALTER SCHEMA polaris OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris IS 'The functions that may be called.';

CREATE SCHEMA polaris_data;

ALTER SCHEMA polaris_data OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris_data IS 'Tables and inner functions: for the owner alone.';

CREATE SCHEMA polaris_history;

ALTER SCHEMA polaris_history OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris_history IS 'Read-only views for analysts.';

CREATE TYPE polaris_data.audit_row AS (
	audit_id bigint,
	at timestamp with time zone,
	actor text,
	action text,
	target text,
	detail text,
	prev_hash text,
	hash text
);

ALTER TYPE polaris_data.audit_row OWNER TO polaris_owner;

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
	expires_at timestamp with time zone,
	edited_by text
);

ALTER TYPE polaris_data.delivery_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.domain_row AS (
	domain text,
	how text,
	proof text,
	created_by text,
	created_at timestamp with time zone,
	proven_at timestamp with time zone
);

ALTER TYPE polaris_data.domain_row OWNER TO polaris_owner;

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

CREATE TYPE polaris_data.invite_row AS (
	invite_id bigint,
	email text,
	role text,
	handle text,
	invited_by text,
	created_at timestamp with time zone,
	expires_at timestamp with time zone,
	accepted_at timestamp with time zone,
	accepted_by text,
	revoked_at timestamp with time zone
);

ALTER TYPE polaris_data.invite_row OWNER TO polaris_owner;

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
	sessions bigint,
	visibility text
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
	advice_waiting bigint,
	driver_since timestamp with time zone,
	reserved_for text,
	reserved_until timestamp with time zone
);

ALTER TYPE polaris_data.session_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.slack_channel_row AS (
	project_id bigint,
	project text,
	sessions bigint,
	last_seq bigint,
	shown boolean,
	channel_id text,
	name text,
	state text,
	reason text,
	level text,
	hears boolean,
	shared boolean,
	cursor bigint,
	digest_at timestamp with time zone
);

ALTER TYPE polaris_data.slack_channel_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.slack_event_row AS (
	event_id text,
	kind text,
	channel_id text,
	project_id bigint,
	project text,
	ts text,
	thread_ts text,
	user_id text,
	sessions text[],
	body text,
	payload text,
	attempts integer,
	received_at timestamp with time zone
);

ALTER TYPE polaris_data.slack_event_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.slack_person_row AS (
	user_id text,
	handle text,
	username text,
	name text,
	email text,
	picture text,
	standing text,
	member text,
	member_by text,
	actor text,
	looked_up_at timestamp with time zone
);

ALTER TYPE polaris_data.slack_person_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.slack_post_row AS (
	post_id bigint,
	project_id bigint,
	project text,
	session text,
	lane text,
	key text,
	kind text,
	seq bigint,
	channel_id text,
	thread_ts text,
	recipient text,
	author text,
	picture text,
	emoji text,
	text text,
	calls integer,
	version integer,
	shown integer,
	reaction text,
	reaction_shown text,
	extra_ts text,
	state text,
	ts text,
	attempts integer,
	repeats integer
);

ALTER TYPE polaris_data.slack_post_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.slack_row AS (
	org_id bigint,
	team_id text,
	app_id text,
	name text,
	url text,
	bot_user_id text,
	bot_id text,
	scopes text[],
	state text,
	reason text,
	connected_by text,
	connected_at timestamp with time zone,
	people_at timestamp with time zone,
	hears_everybody boolean,
	invites_drivers boolean,
	threads_turns boolean,
	digest_hour integer,
	holder text,
	lease_until timestamp with time zone
);

ALTER TYPE polaris_data.slack_row OWNER TO polaris_owner;

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
	revoked_at timestamp with time zone,
	sliding boolean
);

ALTER TYPE polaris_data.token_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.web_session_row AS (
	web_session_id bigint,
	person_id bigint,
	issuer text,
	email text,
	name text,
	picture text,
	domain text,
	created_at timestamp with time zone,
	expires_at timestamp with time zone
);

ALTER TYPE polaris_data.web_session_row OWNER TO polaris_owner;

CREATE FUNCTION polaris.accept_invite(p_person bigint, p_org_slug text, p_hash bytea, p_handle text DEFAULT NULL::text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_invite polaris_data.invites;
  v_handle text;
  v_before text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  -- Locked are the person, the members, the invitation, in this order (remove_member ends invitations, too). Behind the locks it is
  -- looked up again: whoever was first has used it.
  perform from polaris_data.people p where p.person_id = p_person for no key update;
  v_invite := polaris_data.find_invite(p_org_slug, p_hash);
  if v_invite.handle is not null then
    perform from polaris_data.members m
    where m.org_id = v_invite.org_id and m.removed_at is null and (m.role = 'admin' or m.handle = v_invite.handle)
    order by m.handle for no key update;
  end if;
  perform from polaris_data.invites i where i.org_id = v_invite.org_id and i.invite_id = v_invite.invite_id for no key update;
  v_invite := polaris_data.find_invite(p_org_slug, p_hash);
  if not exists (
    select from polaris_data.people p where p.person_id = p_person and p.issuer <> 'local' and lower(p.email) = v_invite.email) then
    perform polaris_data.fail(403, 'invite_is_for_another_address', 'This invitation is for another address.',
      format('Sign in as %s.', v_invite.email));
  end if;
  v_handle := coalesce(v_invite.handle, p_handle);
  perform polaris_data.require_slug(v_handle);
  if v_invite.handle is not null then
    if exists (
      select from polaris_data.members m where m.org_id = v_invite.org_id and m.person_id = p_person and m.removed_at is null) then
      perform polaris_data.fail(409, 'already_member', 'This person is a member here already.');
    end if;
    if v_invite.role = 'member' then
      perform polaris_data.require_other_admin(v_invite.org_id, v_handle);
    end if;
    select p.email into v_before from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
    where m.org_id = v_invite.org_id and m.handle = v_handle;
    update polaris_data.members m set person_id = p_person, role = v_invite.role
    where m.org_id = v_invite.org_id and m.handle = v_handle and m.removed_at is null
      and exists (select from polaris_data.people p where p.person_id = m.person_id and p.issuer = 'local');
    if not found then
      perform polaris_data.fail(409, 'member_exists', format('user:%s is somebody else by now.', v_handle), 'Ask for a new invitation.');
    end if;
    perform polaris_data.match_member(v_invite.org_id, v_handle, v_before);
    perform polaris_data.end_unseen(v_invite.org_id, 'user:' || v_handle);
    perform polaris_data.publish_control(v_invite.org_id, 'member', 0);
  else
    perform polaris_data.write_member(v_invite.org_id, p_person, v_handle, v_invite.role);
  end if;
  update polaris_data.invites i set accepted_at = v_now, accepted_by = 'user:' || v_handle
  where i.org_id = v_invite.org_id and i.invite_id = v_invite.invite_id;
  perform polaris_data.write_audit(v_invite.org_id, 'user:' || v_handle, 'invite.accepted', v_invite.email,
    jsonb_build_object('invite', v_invite.invite_id, 'role', v_invite.role));
  return query select * from polaris_data.show_members(v_invite.org_id, v_handle);
end;
$$;

ALTER FUNCTION polaris.accept_invite(p_person bigint, p_org_slug text, p_hash bytea, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.accept_invite(p_person bigint, p_org_slug text, p_hash bytea, p_handle text) IS 'Makes a person a member by the link that was sent to its address.';

CREATE FUNCTION polaris.add_domain(p_org bigint, p_actor text, p_domain text) RETURNS SETOF polaris_data.domain_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  v_me record;
  v_domain text := lower(btrim(p_domain));
  v_now timestamptz := clock_timestamp();
  v_proof text := replace(gen_random_uuid()::text, '-', '');
  v_hd boolean;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  if v_domain is null or char_length(v_domain) > 253 or v_domain !~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$' then
    perform polaris_data.fail(422, 'domain_is_a_name', 'This is not a domain.', 'Write example.com.');
  end if;
  insert into polaris_data.domains (org_id, domain, proof, created_by, created_at)
  values (v_me.org_id, v_domain, v_proof, coalesce(v_me.actor, 'polaris'), v_now)
  on conflict do nothing;
  if found then
    select exists (
      select from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
      where m.org_id = v_me.org_id and 'user:' || m.handle = v_me.actor and p.issuer = 'https://accounts.google.com' and p.domain = v_domain)
    into v_hd;
    begin
      update polaris_data.domains d set proven_at = v_now, how = 'hd' where v_hd and d.org_id = v_me.org_id and d.domain = v_domain;
    exception when unique_violation then
      v_hd := false; -- another organization has proven it
    end;
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'domain.added', v_domain, jsonb_build_object('proven', v_hd));
  end if;
  return query select * from polaris_data.show_domains(v_me.org_id, v_domain);
end;
$_$;

ALTER FUNCTION polaris.add_domain(p_org bigint, p_actor text, p_domain text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.add_domain(p_org bigint, p_actor text, p_domain text) IS 'Says that a domain is the organization''s.';

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
  perform polaris_data.require_role(p_role);
  if exists (select from polaris_data.members m where m.org_id = v_me.org_id and m.handle = p_handle) then
    perform polaris_data.fail(409, 'member_exists', format('There is, or was, a member user:%s.', p_handle), 'Choose another handle.');
  end if;
  perform polaris_data.write_member(
    v_me.org_id, polaris_data.write_person('local', v_me.org_id || ':' || p_handle, p_email), p_handle, p_role);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'member.added', 'user:' || p_handle, jsonb_build_object('role', p_role));
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;

ALTER FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) IS 'Adds a person whom this installation vouches for.';

CREATE FUNCTION polaris.add_project_member(p_org bigint, p_actor text, p_project text, p_member text) RETURNS TABLE(actor text, added_by text, added_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  perform polaris_data.require_participant(p_member);
  if polaris_data.role_of(v_me.org_id, p_member) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_member), 'See polaris member list.');
  end if;
  insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
  values (v_me.org_id, v_project.project_id, p_member, coalesce(v_me.actor, 'polaris'), v_now)
  on conflict do nothing;
  if found then
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'project.member_added', p_member, jsonb_build_object('project', p_project));
  end if;
  return query
  select m.actor, m.added_by, m.added_at from polaris_data.project_members m
  where m.org_id = v_me.org_id and m.project_id = v_project.project_id and m.actor = p_member;
end;
$$;

ALTER FUNCTION polaris.add_project_member(p_org bigint, p_actor text, p_project text, p_member text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.add_project_member(p_org bigint, p_actor text, p_project text, p_member text) IS 'Puts a participant on the list of a project.';

CREATE FUNCTION polaris.advise_from_slack(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) RETURNS TABLE(session text, delivery_id uuid, state text, code text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_event polaris_data.slack_inbox;
  v_project polaris_data.projects;
  v_actor text;
  v_session text;
  v_delivery record;
  v_post bigint;
  v_code text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  select i.* into strict v_event from polaris_data.slack_inbox i where i.org_id = p_org and i.event_id = p_event_id;
  select p.* into v_project from polaris_data.slack_channels c
  join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
  where c.org_id = p_org and c.channel_id = v_event.channel_id and c.hears and p.visibility = 'org';
  if not exists (select from polaris_data.slack_people s where s.org_id = p_org and s.user_id = v_event.user_id) then
    perform polaris_data.fail(404, 'no_such_slack_person', 'This person was not looked up yet.');
  end if;
  v_actor := polaris_data.slack_actor(p_org, v_event.user_id);
  if v_actor is null or v_project.project_id is null then
    perform polaris_data.fail(403, 'not_heard', 'Guests, strangers and bots are not heard.', 'See settings, Slack.');
  end if;
  if (select count(*) from polaris_data.slack_advice a
      where a.org_id = p_org and a.user_id = v_event.user_id and a.at > v_now - interval '1 minute' and a.event_id <> p_event_id
        and not a.withdrawn) >= 20 then
    perform polaris_data.fail(429, 'too_fast', 'Twenty pieces of advice a minute are enough.', 'Wait a minute.');
  end if;
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds the counter.
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = v_project.project_id and s.name = any (p_sessions)
  order by s.session_id for no key update;
  insert into polaris_data.slack_posts (
    org_id, project_id, lane, key, kind, session_id, channel_id, text, shown, state, ts, made_at, due_at, posted_at)
  values (
    p_org, v_project.project_id, 'side', 'theirs:' || v_event.ts, 'theirs',
    (select s.session_id from polaris_data.sessions s -- a reply to advice for one session is for that session, too
     where s.org_id = p_org and s.project_id = v_project.project_id and cardinality(p_sessions) = 1 and s.name = p_sessions[1]),
    v_event.channel_id, '', 1, 'posted', v_event.ts, v_now, v_now, v_now)
  on conflict (org_id, project_id, key) do nothing;
  select o.post_id into strict v_post from polaris_data.slack_posts o
  where o.org_id = p_org and o.project_id = v_project.project_id and o.key = 'theirs:' || v_event.ts;
  foreach v_session in array (select coalesce(array_agg(distinct x.name order by x.name), '{}') from unnest(p_sessions) as x (name)) loop
    begin
      select j.* into strict v_delivery
      from polaris.inject(p_org, v_actor, v_project.name, v_session, p_body, format('slack:%s:%s', p_event_id, v_session)) j;
      insert into polaris_data.slack_advice (org_id, delivery_id, post_id, event_id, user_id, at)
      values (p_org, v_delivery.delivery_id, v_post, p_event_id, v_event.user_id, v_now)
      on conflict (org_id, delivery_id) do nothing;
      return query select v_session, v_delivery.delivery_id, v_delivery.state, null::text;
    exception when others then
      get stacked diagnostics v_code = constraint_name;
      if sqlstate not like 'PL%' then
        raise;
      end if;
      return query select v_session, null::uuid, null::text, v_code;
    end;
  end loop;
  perform polaris_data.mark_slack_post(p_org, v_post);
end;
$$;

ALTER FUNCTION polaris.advise_from_slack(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.advise_from_slack(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) IS 'A person of the workspace advises sessions.';

CREATE FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) RETURNS TABLE(error text, machine text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_found record;
begin
  perform polaris_data.require_service();
  if p_allowed and polaris_data.member_of(p_org, p_person) is null then
    perform polaris_data.fail(404, 'no_such_member', 'You are no member of this organization.');
  end if;
  select * into strict v_found from polaris.guess_device_login(p_person, p_user_code);
  if v_found.error is null then
    update polaris_data.device_logins d set
      person_id = case when p_allowed then p_person end, org_id = case when p_allowed then p_org end, denied = not p_allowed
    where d.user_code = p_user_code and d.person_id is null and not d.denied;
    if not found then -- of two answers at once the first stands
      return query select 'no_such_code', null::text;
      return;
    end if;
  end if;
  return query select v_found.error, v_found.machine;
end;
$$;

ALTER FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) IS 'Lets a machine in as the person, or not.';

CREATE FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  -- All sessions are locked before the first event: a loop alone would lock the later ones while it holds the counter.
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at is null
  order by s.session_id for no key update;
  v_now := clock_timestamp(); -- what was archived before this was not archived along with it
  update polaris_data.projects set archived_at = coalesce(archived_at, v_now)
  where org_id = v_me.org_id and project_id = v_project.project_id;
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
    perform polaris_data.fail(401, 'token_unknown', 'This token is not known.', 'Sign in again: polaris login.');
  elsif v_token.revoked_at is not null or v_role is null then
    perform polaris_data.fail(401, 'token_revoked', 'This token was revoked.', 'Sign in again: polaris login.');
  elsif v_token.expires_at <= v_now then
    perform polaris_data.fail(401, 'token_expired', 'This token has expired.', 'Sign in again: polaris login.');
  end if;
  if v_token.last_used_at is null or v_token.last_used_at < v_now - interval '1 minute' then
    update polaris_data.tokens t set last_used_at = v_now, expires_at = coalesce(v_now + t.life, t.expires_at)
    where t.token_id = v_token.token_id and t.revoked_at is null
    returning t.expires_at into v_token.expires_at;
    if not found then -- while this waited for whoever revoked it
      perform polaris_data.fail(401, 'token_revoked', 'This token was revoked.', 'Sign in again: polaris login.');
    end if;
  end if;
  return query
  select o.org_id, o.slug, v_token.actor, v_role, v_token.token_id, v_token.project_id, v_token.expires_at, o.redaction_key
  from polaris_data.orgs o where o.org_id = v_token.org_id;
end;
$$;

ALTER FUNCTION polaris.authenticate(p_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.authenticate(p_hash bytea) IS 'Who a bearer token is.';

CREATE FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  delete from polaris_data.device_logins d where d.created_at < v_now - interval '1 hour';
  insert into polaris_data.device_logins (device_hash, user_code, machine, address, created_at)
  values (p_device_hash, p_user_code, left(p_machine, 80), left(p_address, 80), v_now)
  on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'user_code_is_taken', 'This code is taken.', 'Make another one.');
  end if;
end;
$$;

ALTER FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) IS 'Keeps a sign-in of a machine without a browser.';

CREATE FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  delete from polaris_data.sign_ins s where s.created_at < v_now - interval '10 minutes';
  insert into polaris_data.sign_ins (state_hash, nonce, verifier, return_to, created_at)
  values (p_state_hash, p_nonce, p_verifier, p_return_to, v_now);
end;
$$;

ALTER FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) IS 'Keeps what a sign-in needs when the provider answers.';

CREATE FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  delete from polaris_data.slack_installs i where i.created_at < v_now - interval '10 minutes';
  insert into polaris_data.slack_installs (state_hash, org_id, actor, web_session_id, created_at)
  values (p_state_hash, p_org, p_actor, p_web_session, v_now);
end;
$$;

ALTER FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) IS 'Keeps who wants to connect a workspace until Slack answers.';

CREATE FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) RETURNS SETOF polaris_data.slack_post_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  update polaris_data.slack_posts o set
    state = 'posting', attempts = o.attempts + 1, repeats = o.repeats + (o.state <> 'waiting')::integer,
    due_at = v_now + interval '60 seconds', channel_id = c.channel_id
  from polaris_data.slack_channels c
  join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id and p.visibility = 'org'
  where o.org_id = p_org and o.post_id = p_post_id and o.state in ('waiting', 'posting', 'unsure') and o.due_at <= v_now
    and c.org_id = p_org and c.project_id = o.project_id and c.state = 'live'
    and (o.lane = 'side' or not exists (
      select from polaris_data.slack_posts x
      where x.org_id = p_org and x.project_id = o.project_id and x.lane = 'channel' and x.state in ('waiting', 'posting', 'unsure')
        and x.post_id < o.post_id));
  if found then
    return query select * from polaris_data.show_slack_posts(p_org, array[p_post_id]);
  end if;
end;
$$;

ALTER FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) IS 'A post is handed to Slack now.';

CREATE FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer DEFAULT 6000) RETURNS TABLE(text text, last_seq bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_line record;
  v_text text := '';
  v_part text := '';
  v_head text;
  v_left integer := p_characters;
  v_last bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  if p_characters is null or p_characters not between 500 and 100000 then
    perform polaris_data.fail(422, 'characters_are_sane', 'A brief has 500 to 100000 characters.');
  end if;
  -- Most important first: where the room ends, the rest is left out. A later part shows earlier lines of its own in their order.
  for v_line in
    select b.part, b.line from polaris_data.brief_lines(v_me.org_id, v_session.session_id) b order by b.rank, b.at
  loop
    v_head := case when v_line.part = v_part then '' else v_line.part || E'\n' end;
    if char_length(v_head) + char_length(v_line.line) + 1 > v_left then
      continue;
    end if;
    v_text := v_text || v_head || v_line.line || E'\n';
    v_left := v_left - char_length(v_head) - char_length(v_line.line) - 1;
    v_part := v_line.part;
  end loop;
  select e.seq into v_last from polaris_data.events e
  where e.org_id = v_me.org_id and e.session_id = v_session.session_id order by e.seq desc limit 1;
  return query select rtrim(v_text, E'\n'), coalesce(v_last, 0);
end;
$$;

ALTER FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer) IS 'What a driver has to know who takes a session over.';

CREATE FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer DEFAULT NULL::integer, p_reaction text DEFAULT NULL::text, p_deleted boolean DEFAULT false, p_reason text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  update polaris_data.slack_posts set
    shown = case when p_reason is not null then version else coalesce(p_version, shown) end,
    reaction_shown = case when p_reason is not null then reaction when p_reaction is not null then nullif(p_reaction, '') else reaction_shown end,
    extra_ts = case when p_deleted or p_reason is not null then null else extra_ts end,
    reason = coalesce(left(p_reason, 300), reason),
    due_at = case when kind = 'tools' then v_now + interval '3 seconds' else due_at end
  where org_id = p_org and post_id = p_post_id;
end;
$$;

ALTER FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer, p_reaction text, p_deleted boolean, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer, p_reaction text, p_deleted boolean, p_reason text) IS 'A message in Slack looks as it should now.';

CREATE FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer DEFAULT 60) RETURNS TABLE(created boolean, org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text, epoch bigint, seat text, lease_until timestamp with time zone, created_by text, created_at timestamp with time zone, archived_at timestamp with time zone, last_seq bigint, advice_waiting bigint, driver_since timestamp with time zone, reserved_for text, reserved_until timestamp with time zone)
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
  if v_created is null and v_session.driver is null then
    perform polaris_data.fail(409, 'seat_is_reserved', format('The seat of %s was released to %s.', p_session, v_session.reserved_for),
      format('Wait until %s, or ask for it.', to_char(v_session.reserved_until at time zone 'UTC', 'HH24:MI:SS"Z"')),
      jsonb_build_object('reserved_for', v_session.reserved_for, 'reserved_until', v_session.reserved_until));
  elsif v_created is null then
    perform polaris_data.fail(409, 'seat_is_held', format('%s drives %s.', v_session.driver, p_session),
      'Ask for the seat, or advise: polaris inject.', jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  return query
  select v_created, r.* from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id) r;
end;
$$;

ALTER FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) IS 'Gives the seat to the caller, if it is free.';

CREATE FUNCTION polaris.close_web_session(p_hash bytea) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
begin
  perform polaris_data.require_service();
  delete from polaris_data.web_sessions where hash = p_hash returning web_session_id into v_session;
  if not found then
    return 0;
  end if;
  perform polaris_data.publish_control(0, 'web_session', v_session);
  return 1;
end;
$$;

ALTER FUNCTION polaris.close_web_session(p_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.close_web_session(p_hash bytea) IS 'Signs a browser out.';

CREATE FUNCTION polaris.close_web_sessions(p_person bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION polaris.close_web_sessions(p_person bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.close_web_sessions(p_person bigint) IS 'Signs a person out everywhere.';

CREATE FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) RETURNS SETOF polaris_data.slack_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_old polaris_data.slack_workspaces;
  v_other bigint;
  v_log record;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  delete from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.org_id <> p_org and w.state <> 'connected' returning w.org_id into v_other;
  if found then
    perform polaris_data.forget_slack(v_other);
    perform polaris_data.publish_control(v_other, 'slack', 0);
  end if;
  delete from polaris_data.slack_workspaces w where w.org_id = p_org and w.team_id <> p_team;
  if found then
    perform polaris_data.forget_slack(p_org);
  end if;
  -- The first fence of a row is higher than any that a bridge may have of an earlier one.
  insert into polaris_data.slack_workspaces (
    team_id, org_id, app_id, name, url, bot_user_id, bot_id, scopes, token, token_key, state, connected_by, connected_at, fence)
  values (
    p_team, p_org, p_app, left(p_name, 200), left(p_url, 500), p_bot_user, p_bot_id, p_scopes, p_token, p_token_key, 'connected',
    coalesce(p_actor, 'polaris'), v_now, (extract(epoch from v_now) * 1000)::bigint)
  on conflict (team_id) do nothing;
  if not found then
    select w.* into v_old from polaris_data.slack_workspaces w where w.team_id = p_team for no key update;
    if v_old.org_id <> p_org then
      perform polaris_data.fail(409, 'workspace_is_taken', 'This workspace is connected to another organization of this Polaris.',
        'Disconnect it there first, or remove the app in Slack.');
    end if;
    update polaris_data.slack_workspaces set
      app_id = p_app, name = left(p_name, 200), url = left(p_url, 500), bot_user_id = p_bot_user, bot_id = p_bot_id,
      scopes = p_scopes, token = p_token, token_key = p_token_key, state = 'connected', reason = null,
      connected_by = coalesce(p_actor, 'polaris'), connected_at = v_now, people_at = null,
      fence = fence + 1, holder = null, lease_until = null
    where team_id = p_team;
    -- What was refused may be allowed now.
    update polaris_data.slack_channels set state = 'missing', reason = null, changed_at = v_now
    where org_id = p_org and state = 'refused';
    if v_old.state <> 'connected' then
      -- Nothing that waits is from a time at which anybody looked.
      update polaris_data.slack_channels c set cursor = h.last_seq, digest_seq = h.last_seq, changed_at = v_now
      from polaris_data.project_heads h where c.org_id = p_org and h.org_id = p_org and h.project_id = c.project_id;
      perform polaris_data.drop_slack_posts(p_org, null, 'not connected');
    end if;
  end if;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  for v_log in
    select * from (values
      (p_org, p_actor, 'slack.connected', p_team, jsonb_build_object('name', left(p_name, 200), 'scopes', p_scopes)),
      (v_other, null, 'slack.disconnected', p_team, jsonb_build_object('reason', 'connected to another organization'))
    ) as x (org, actor, action, target, detail)
    where x.org is not null order by x.org
  loop
    perform polaris_data.write_audit(v_log.org, v_log.actor, v_log.action, v_log.target, v_log.detail);
  end loop;
  return query select * from polaris_data.show_slack(p_org);
end;
$$;

ALTER FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) IS 'Connects a workspace to an organization.';

CREATE FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text DEFAULT NULL::text, p_issuer text DEFAULT 'local'::text, p_subject text DEFAULT NULL::text) RETURNS TABLE(org_id bigint, org text, actor text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_handle);
  v_org := polaris_data.write_org(p_slug, p_name);
  perform polaris_data.write_member(
    v_org, polaris_data.write_person(p_issuer, coalesce(p_subject, v_org || ':' || p_handle), p_email), p_handle, 'admin');
  perform polaris_data.write_audit(v_org, 'user:' || p_handle, 'org.created', p_slug);
  return query select v_org, p_slug, 'user:' || p_handle;
end;
$$;

ALTER FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) IS 'Makes an organization with its first administrator.';

CREATE FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text, p_visibility text DEFAULT 'org'::text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_slug(p_name);
  perform polaris_data.require_visibility(p_visibility);
  v_project := polaris_data.write_project(v_me.org_id, coalesce(v_me.actor, 'polaris'), p_name, p_visibility);
  if v_project is null then
    perform polaris_data.fail(409, 'project_exists', format('There is a project %s already.', p_name), 'Choose another name, or join it.');
  end if;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project);
end;
$$;

ALTER FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text, p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text, p_visibility text) IS 'Makes a project.';

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
  perform polaris_data.find_project(v_me.org_id, v_me.actor, p_project); -- it may have been closed to the caller meanwhile
  if v_session is null then
    perform polaris_data.fail(409, 'session_exists', format('There is a session %s in project %s already.', p_session, p_project),
      format('Join it: polaris join %s %s.', p_project, p_session));
  end if;
  return query select * from polaris_data.show_sessions(v_me.org_id, v_project.project_id, v_session);
end;
$$;

ALTER FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'Makes a session with an open seat.';

CREATE FUNCTION polaris.decide_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text DEFAULT NULL::text, p_reason text DEFAULT NULL::text) RETURNS SETOF polaris_data.delivery_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_delivery polaris_data.deliveries;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_decision is null or p_decision not in ('send', 'dismiss') then
    perform polaris_data.fail(422, 'decision_is_known', 'A decision is send or dismiss.');
  end if;
  if p_body is not null then
    perform polaris_data.require_body(p_body, 8000);
  end if;
  select d.* into v_delivery from polaris_data.deliveries d
  where d.org_id = v_me.org_id and d.delivery_id = p_delivery and d.project_id = v_project.project_id;
  if not found then
    perform polaris_data.fail(404, 'no_such_delivery', format('There is no delivery %s in project %s.', p_delivery, p_project));
  end if;
  select s.* into strict v_session from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.session_id = v_delivery.session_id for no key update;
  select d.* into strict v_delivery from polaris_data.deliveries d
  where d.org_id = v_me.org_id and d.delivery_id = p_delivery for no key update;
  if v_me.actor is distinct from v_session.driver and not (
    coalesce(v_session.driver, 'agent:') like 'agent:%'
    and (v_me.actor is not distinct from v_session.created_by or coalesce(polaris_data.role_of(v_me.org_id, v_me.actor), 'admin') = 'admin')) then
    perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s.', v_me.actor, v_session.name), 'Claim the seat first.',
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  end if;
  if v_delivery.state <> 'held' then
    perform polaris_data.fail(409, 'delivery_cannot_become', format('This advice is %s already.', v_delivery.state), null,
      jsonb_build_object('state', v_delivery.state));
  end if;
  if p_decision = 'send' then
    if p_body <> v_delivery.body then
      update polaris_data.deliveries set body = p_body, edited_by = v_me.actor where org_id = v_me.org_id and delivery_id = p_delivery;
    end if;
    perform polaris_data.move_delivery(v_me.org_id, p_delivery, 'queued', null, null, null, coalesce(v_me.actor, 'polaris'));
  else
    perform polaris_data.move_delivery(v_me.org_id, p_delivery, 'declined', left(p_reason, 500), null, null, coalesce(v_me.actor, 'polaris'));
  end if;
  return query select * from polaris_data.show_deliveries(v_me.org_id, v_project.project_id, p_delivery);
end;
$$;

ALTER FUNCTION polaris.decide_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.decide_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text, p_reason text) IS 'The driver''s yes or no to advice that is held.';

CREATE FUNCTION polaris.digest_slack(p_org bigint, p_fence bigint, p_now timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_channel record;
  v_text text;
  v_last bigint;
  v_count integer := 0;
  v_now timestamptz := coalesce(p_now, clock_timestamp());
begin
  perform polaris_data.require_fence(p_org, p_fence);
  for v_channel in
    select c.* from polaris_data.slack_channels c
    join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
    where c.org_id = p_org and c.level = 'digest' and c.state = 'live' and c.digest_at <= v_now and p.visibility = 'org'
    order by c.project_id for no key update of c
  loop
    select string_agg(format('• *%s*: %s prompts, %s answers, %s tool calls, %s pieces of advice%s', x.name, x.prompts, x.replies, x.calls,
        x.advice, coalesce(' (' || x.drivers || ')', '')), E'\n' order by x.name), max(x.last)
    into v_text, v_last
    from (
      select s.name, count(*) filter (where e.kind = 'prompt') as prompts, count(*) filter (where e.kind = 'reply') as replies,
        count(*) filter (where e.kind = 'tool.call') as calls, count(*) filter (where e.kind = 'advice') as advice,
        string_agg(distinct e.actor, ', ' order by e.actor) filter (where e.kind = 'prompt') as drivers, max(e.seq) as last
      from polaris_data.events e
      join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
      where e.org_id = p_org and e.project_id = v_channel.project_id and e.seq > v_channel.digest_seq
      group by s.name) x;
    if v_text is not null then
      perform polaris_data.put_slack_posts(p_org, v_channel.project_id, jsonb_build_array(jsonb_build_object(
        'key', 'digest:' || v_last, 'kind', 'digest', 'seq', v_last, 'text', E'*The last day*\n' || left(v_text, 2900))));
      v_count := v_count + 1;
    end if;
    update polaris_data.slack_channels set
      digest_seq = coalesce(v_last, digest_seq),
      digest_at = digest_at + interval '1 day' * (1 + floor(extract(epoch from v_now - digest_at) / 86400))
    where org_id = p_org and project_id = v_channel.project_id;
  end loop;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.digest_slack(p_org bigint, p_fence bigint, p_now timestamp with time zone) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.digest_slack(p_org bigint, p_fence bigint, p_now timestamp with time zone) IS 'Writes the daily digest of each channel that wants one.';

CREATE FUNCTION polaris.disconnect_slack(p_org bigint, p_actor text, p_reason text) RETURNS SETOF polaris_data.slack_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_state text;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  select w.state into v_state from polaris_data.slack_workspaces w where w.org_id = p_org for no key update;
  if not found then
    perform polaris_data.fail(404, 'slack_not_connected', 'No Slack workspace is connected.', 'See settings, Slack.');
  end if;
  if v_state <> 'disconnected' then
    update polaris_data.slack_workspaces set state = 'disconnected', reason = left(p_reason, 300), token = null, token_key = null,
      holder = null, lease_until = null, fence = fence + 1
    where org_id = p_org;
    perform polaris_data.forget_slack(p_org);
    perform polaris_data.publish_control(p_org, 'slack', 0);
    perform polaris_data.write_audit(p_org, p_actor, 'slack.disconnected', null, jsonb_build_object('reason', left(p_reason, 300)));
  end if;
  return query select * from polaris_data.show_slack(p_org);
end;
$$;

ALTER FUNCTION polaris.disconnect_slack(p_org bigint, p_actor text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.disconnect_slack(p_org bigint, p_actor text, p_reason text) IS 'Ends the connection with a workspace.';

CREATE FUNCTION polaris.echo_slack_post(p_team text, p_app text, p_channel text, p_ts text, p_post_id bigint DEFAULT NULL::bigint, p_text text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_org bigint;
  v_post bigint := p_post_id;
  v_did text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.org_id into v_org from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state = 'connected' for share;
  if exists (
    select from polaris_data.slack_posts o
    where o.org_id = v_org and o.channel_id = p_channel and o.ts = p_ts and o.kind <> 'theirs') then
    return 'known';
  end if;
  if v_post is null then
    select o.post_id into v_post from polaris_data.slack_posts o
    where o.org_id = v_org and o.channel_id = p_channel and (o.state in ('posting', 'unsure') or o.repeats > 0)
      and (o.text = p_text or (o.kind = 'tools' and starts_with(p_text, split_part(o.text, E'\n', 1) || ' 🔧 ')))
      and (o.state in ('posting', 'unsure') or (o.repeats > o.doubles and coalesce(o.posted_at, v_now) > v_now - interval '1 hour'))
    order by o.state = 'posted', o.post_id limit 1;
  end if;
  if not exists (
    select from polaris_data.slack_posts o where o.org_id = v_org and o.post_id = v_post and o.channel_id = p_channel and o.kind <> 'theirs') then
    return 'ignored';
  end if;
  v_did := polaris_data.place_slack_post(v_org, v_post, p_ts, null);
  if v_did <> 'known' then
    perform polaris_data.publish_control(v_org, 'slack_inbox', 0);
  end if;
  return v_did;
end;
$$;

ALTER FUNCTION polaris.echo_slack_post(p_team text, p_app text, p_channel text, p_ts text, p_post_id bigint, p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.echo_slack_post(p_team text, p_app text, p_channel text, p_ts text, p_post_id bigint, p_text text) IS 'Slack showed us a message of our own.';

CREATE FUNCTION polaris.edit_slack_advice(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) RETURNS TABLE(session text, delivery_id uuid, state text, code text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_event polaris_data.slack_inbox;
  v_advice record;
  v_state text;
  v_free text[] := '{}';
  v_post bigint;
  v_code text;
begin
  perform polaris_data.require_fence(p_org, p_fence);
  select i.* into strict v_event from polaris_data.slack_inbox i where i.org_id = p_org and i.event_id = p_event_id;
  -- Sessions first, in their order, and deliveries behind them: as everybody locks.
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.session_id in (
    select d.session_id from polaris_data.slack_advice a
    join polaris_data.slack_posts o on o.org_id = a.org_id and o.post_id = a.post_id
    join polaris_data.deliveries d on d.org_id = a.org_id and d.delivery_id = a.delivery_id
    where a.org_id = p_org and o.channel_id = v_event.channel_id and o.ts = v_event.ts and o.kind = 'theirs')
  order by s.session_id for no key update;
  for v_advice in
    select a.delivery_id, a.event_id, o.post_id, s.name, d.sender from polaris_data.slack_advice a
    join polaris_data.slack_posts o on o.org_id = a.org_id and o.post_id = a.post_id
    join polaris_data.deliveries d on d.org_id = a.org_id and d.delivery_id = a.delivery_id
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where a.org_id = p_org and o.channel_id = v_event.channel_id and o.ts = v_event.ts and o.kind = 'theirs' and not a.withdrawn
    order by d.advice_seq
  loop
    v_post := v_advice.post_id;
    if v_advice.event_id = p_event_id then -- a bridge died after it had said this
      v_free := v_free || v_advice.name;
      continue;
    end if;
    select d.state into v_state from polaris_data.deliveries d
    where d.org_id = p_org and d.delivery_id = v_advice.delivery_id for no key update;
    if v_state in ('held', 'queued') then
      perform polaris_data.move_delivery(p_org, v_advice.delivery_id, 'declined',
        case when cardinality(p_sessions) = 0 then 'withdrawn in Slack' else 'changed in Slack' end, null, null, v_advice.sender);
      update polaris_data.slack_advice set withdrawn = true where org_id = p_org and delivery_id = v_advice.delivery_id;
      v_free := v_free || v_advice.name;
    end if;
  end loop;
  if v_post is null then
    return;
  end if;
  if v_free && p_sessions then
    v_free := array(select n.name from unnest(p_sessions) as n (name) where n.name = any (v_free));
    begin
      return query select x.* from polaris.advise_from_slack(p_org, p_fence, p_event_id, v_free, p_body) x;
    exception when others then
      get stacked diagnostics v_code = constraint_name;
      if sqlstate not like 'PL%' then
        raise;
      end if;
      return query select n.name, null::uuid, null::text, v_code from unnest(v_free) as n (name);
    end;
  end if;
  perform polaris_data.mark_slack_post(p_org, v_post);
end;
$$;

ALTER FUNCTION polaris.edit_slack_advice(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.edit_slack_advice(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) IS 'A message that was advice has been changed or deleted.';

CREATE FUNCTION polaris.end_slack(p_team text, p_app text, p_at timestamp with time zone, p_reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  select w.org_id into v_org from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state <> 'disconnected'
    and w.connected_at < p_at + interval '1 second' -- Slack's clock shows whole seconds
  for no key update;
  if not found then
    return 'ignored';
  end if;
  perform polaris.disconnect_slack(v_org, null, p_reason);
  return 'ended';
end;
$$;

ALTER FUNCTION polaris.end_slack(p_team text, p_app text, p_at timestamp with time zone, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.end_slack(p_team text, p_app text, p_at timestamp with time zone, p_reason text) IS 'Slack said that the app was removed from a workspace.';

CREATE FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) RETURNS TABLE(error text, org text, actor text, token_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_code polaris_data.login_codes;
  v_actor text;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  delete from polaris_data.login_codes c where c.hash = p_hash returning c.* into v_code;
  v_actor := polaris_data.member_of(v_code.org_id, v_code.person_id);
  if v_code.created_at > v_now - interval '1 minute' and v_code.challenge = p_challenge and v_code.redirect_uri = p_redirect_uri
    and v_actor is not null then
    return query
    select null::text, o.slug, v_actor, polaris_data.write_token(
      o.org_id, v_actor, v_actor, 'polaris login on ' || v_code.machine, p_token_hash, p_token_shown, null, interval '90 days', true)
    from polaris_data.orgs o where o.org_id = v_code.org_id;
  else
    return query select 'invalid_grant', null::text, null::text, null::bigint;
  end if;
end;
$$;

ALTER FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) IS 'Gives a token for an authorization code.';

CREATE FUNCTION polaris.expire_deliveries(p_org bigint DEFAULT NULL::bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_delivery record;
  v_count integer := 0;
  v_org bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_org := (polaris_data.acting(p_org, null)).org_id;
  for v_delivery in
    select d.delivery_id, d.state from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = v_org and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now
    order by d.project_id, d.delivery_id limit 100 for no key update of s, d skip locked
  loop
    if v_delivery.state = 'sent' then
      perform polaris_data.move_delivery(v_org, v_delivery.delivery_id, 'failed', 'unproven', null, null, 'polaris');
    else
      perform polaris_data.move_delivery(v_org, v_delivery.delivery_id, 'expired', null, null, null, 'polaris');
    end if;
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.expire_deliveries(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.expire_deliveries(p_org bigint) IS 'Ends advice that has waited too long.';

CREATE FUNCTION polaris.expire_leases(p_org bigint DEFAULT NULL::bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
  v_count integer := 0;
  v_org bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_org := (polaris_data.acting(p_org, null)).org_id;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_org and s.driver is not null and s.lease_until <= v_now
    order by s.project_id, s.session_id limit 100 for no key update skip locked
  loop
    perform polaris_data.end_seat(v_org, v_session, 'expired');
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.expire_leases(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.expire_leases(p_org bigint) IS 'Opens the seats whose lease has run out.';

CREATE FUNCTION polaris.finish_slack_event(p_org bigint, p_fence bigint, p_event_id text, p_outcome text, p_project_id bigint DEFAULT NULL::bigint, p_posts jsonb DEFAULT '[]'::jsonb, p_retry_in interval DEFAULT NULL::interval) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_done boolean;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  -- Asked for by its key alone: with "done_at is null" another index would seem to fit.
  select i.done_at is not null into v_done from polaris_data.slack_inbox i
  where i.org_id = p_org and i.event_id = p_event_id for no key update;
  if v_done is not false then
    return;
  end if;
  if p_retry_in is not null then
    update polaris_data.slack_inbox set attempts = attempts + 1, due_at = v_now + p_retry_in, outcome = left(p_outcome, 300)
    where org_id = p_org and event_id = p_event_id;
    return;
  end if;
  update polaris_data.slack_inbox set done_at = v_now, outcome = left(p_outcome, 300), body = null, payload = null
  where org_id = p_org and event_id = p_event_id;
  if p_project_id is not null then
    perform polaris_data.put_slack_posts(p_org, p_project_id, p_posts);
  end if;
end;
$$;

ALTER FUNCTION polaris.finish_slack_event(p_org bigint, p_fence bigint, p_event_id text, p_outcome text, p_project_id bigint, p_posts jsonb, p_retry_in interval) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.finish_slack_event(p_org bigint, p_fence bigint, p_event_id text, p_outcome text, p_project_id bigint, p_posts jsonb, p_retry_in interval) IS 'An event that Slack told is done.';

CREATE FUNCTION polaris.found_org(p_person bigint, p_slug text, p_name text, p_handle text) RETURNS TABLE(org_id bigint, org text, actor text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_org bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_handle);
  v_org := polaris_data.write_org(p_slug, p_name);
  perform polaris_data.write_member(v_org, p_person, p_handle, 'admin');
  perform polaris_data.write_audit(v_org, 'user:' || p_handle, 'org.created', p_slug);
  return query select v_org, p_slug, 'user:' || p_handle;
end;
$$;

ALTER FUNCTION polaris.found_org(p_person bigint, p_slug text, p_name text, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.found_org(p_person bigint, p_slug text, p_name text, p_handle text) IS 'Sign-up: a person makes an organization.';

CREATE FUNCTION polaris.get_audit_head(p_org bigint, p_actor text) RETURNS TABLE(last_id bigint, last_hash text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_org bigint := polaris_data.require_auditor(p_org, p_actor);
begin
  return query
  select coalesce(h.last_id, 0), encode(coalesce(h.last_hash, decode(repeat('00', 32), 'hex')), 'hex')
  from (select) x left join polaris_data.audit_heads h on h.org_id = v_org;
end;
$$;

ALTER FUNCTION polaris.get_audit_head(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_audit_head(p_org bigint, p_actor text) IS 'The number and hash of the last row of the audit log.';

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

CREATE FUNCTION polaris.get_invite(p_org_slug text, p_hash bytea) RETURNS TABLE(org text, org_name text, email text, role text, handle text, invited_by text, expires_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_invite polaris_data.invites;
begin
  perform polaris_data.require_service();
  v_invite := polaris_data.find_invite(p_org_slug, p_hash);
  return query
  select o.slug, o.name, v_invite.email, v_invite.role, v_invite.handle, v_invite.invited_by, v_invite.expires_at
  from polaris_data.orgs o where o.org_id = v_invite.org_id;
end;
$$;

ALTER FUNCTION polaris.get_invite(p_org_slug text, p_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_invite(p_org_slug text, p_hash bytea) IS 'What whoever holds the link of an invitation is shown.';

CREATE FUNCTION polaris.get_me(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text) RETURNS TABLE(org_id bigint, org text, actor text, role text, redaction_key bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select o.org_id, o.slug, v_me.actor, polaris_data.role_of(v_me.org_id, v_me.actor), o.redaction_key
  from polaris_data.orgs o where o.org_id = v_me.org_id;
end;
$$;

ALTER FUNCTION polaris.get_me(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_me(p_org bigint, p_actor text) IS 'Who the caller is.';

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

CREATE FUNCTION polaris.get_read_mark(p_org bigint, p_actor text, p_project text) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  return coalesce((
    select m.seq from polaris_data.read_marks m
    where m.org_id = v_me.org_id and m.project_id = v_project.project_id and m.actor = v_me.actor), 0);
end;
$$;

ALTER FUNCTION polaris.get_read_mark(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_read_mark(p_org bigint, p_actor text, p_project text) IS 'How far the caller has read a project''s floor.';

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

CREATE FUNCTION polaris.get_slack(p_org bigint, p_actor text) RETURNS SETOF polaris_data.slack_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return query select * from polaris_data.show_slack(p_org) w where polaris_data.role_of(p_org, p_actor) in ('admin', 'member') or p_actor is null;
end;
$$;

ALTER FUNCTION polaris.get_slack(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_slack(p_org bigint, p_actor text) IS 'The workspace of an organization.';

CREATE FUNCTION polaris.get_slack_figures(p_org bigint) RETURNS TABLE(posted bigint, waiting bigint, unsure bigint, failed bigint, dropped bigint, repeats bigint, doubles bigint, undone bigint, oldest_seconds double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select count(*) filter (where o.state = 'posted' and o.kind <> 'theirs'), count(*) filter (where o.state = 'waiting'),
    count(*) filter (where o.state in ('posting', 'unsure')), count(*) filter (where o.state = 'failed'),
    count(*) filter (where o.state = 'dropped' and o.ts is null), coalesce(sum(o.repeats), 0)::bigint, coalesce(sum(o.doubles), 0)::bigint,
    (select count(*) from polaris_data.slack_inbox i where i.org_id = p_org and i.done_at is null),
    coalesce(extract(epoch from v_now - min(o.made_at) filter (where o.state in ('waiting', 'posting', 'unsure'))), 0)::double precision
  from polaris_data.slack_posts o where o.org_id = p_org;
end;
$$;

ALTER FUNCTION polaris.get_slack_figures(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_slack_figures(p_org bigint) IS 'How the bridge of an organization does.';

CREATE FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) RETURNS TABLE(error text, machine text, address text, created_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_person polaris_data.people;
  v_login polaris_data.device_logins;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select p.* into strict v_person from polaris_data.people p where p.person_id = p_person for no key update;
  if v_person.guesses_since < v_now - interval '10 minutes' then
    v_person.guesses := 0;
  end if;
  if v_person.guesses >= 10 then
    return query select 'too_many_guesses', null::text, null::text, null::timestamptz;
    return;
  end if;
  select d.* into v_login from polaris_data.device_logins d
  where d.user_code = p_user_code and d.created_at > v_now - interval '10 minutes' and d.person_id is null and not d.denied;
  if not found then
    update polaris_data.people set guesses = v_person.guesses + 1,
      guesses_since = case when v_person.guesses = 0 then v_now else v_person.guesses_since end
    where person_id = p_person;
    return query select 'no_such_code', null::text, null::text, null::timestamptz;
    return;
  end if;
  return query select null::text, v_login.machine, v_login.address, v_login.created_at;
end;
$$;

ALTER FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) IS 'What a person who types a user code is shown of the machine that asks.';

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
  where s.org_id = v_me.org_id and (p.name, s.name, s.driver) in (select * from unnest(p_project, p_session, v_actors))
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
    and polaris_data.may_see(v_me.org_id, x.actor, p.project_id, p.visibility)
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.project_id = p.project_id and s.name = x.session
  order by x.ord;
end;
$$;

ALTER FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) IS 'Renews the leases of many links at once.';

CREATE FUNCTION polaris.inject(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_body text DEFAULT NULL::text, p_client_id text DEFAULT NULL::text, p_expires_in interval DEFAULT '24:00:00'::interval, p_agent text DEFAULT NULL::text) RETURNS TABLE(created boolean, delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamp with time zone, sent_at timestamp with time zone, seen_at timestamp with time zone, answered_at timestamp with time zone, expires_at timestamp with time zone, edited_by text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_delivery uuid := gen_random_uuid();
  v_class text;
  v_policy text;
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
  v_class := case split_part(v_me.actor, ':', 1)
    when 'user' then case when p_agent is null then 'human' else 'agent' end else split_part(v_me.actor, ':', 1) end;
  v_policy := polaris_data.policy_of(v_me.org_id, v_session.project_id, v_session.session_id, v_class);
  if v_policy = 'mute' then
    perform polaris_data.fail(403, 'muted',
      format('%s takes no advice from %s.', p_session, case v_class when 'human' then 'people' when 'agent' then 'agents' else 'Slack' end),
      'Speak to the project instead, or ask the driver.');
  end if;
  v_advice := polaris_data.write_event(
    v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'advice', v_me.actor, v_session.name, p_body,
    jsonb_build_object('delivery', v_delivery) || case v_policy when 'suggest' then '{"state": "held"}' else '{}' end::jsonb,
    coalesce(p_client_id, 'advice:' || v_delivery), left(p_agent, 64));
  if v_advice.created then
    v_now := clock_timestamp();
    insert into polaris_data.deliveries (
      org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
    values (
      v_me.org_id, v_delivery, v_session.project_id, v_session.session_id, v_advice.seq, v_me.actor, v_class, p_body,
      case v_policy when 'suggest' then 'held' else 'queued' end, v_now, v_now + p_expires_in);
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

ALTER FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval, p_agent text) IS 'Speaks to one session from outside.';

CREATE FUNCTION polaris.invite(p_org bigint, p_actor text, p_email text, p_role text, p_hash bytea, p_handle text DEFAULT NULL::text, p_expires_in interval DEFAULT '7 days'::interval) RETURNS SETOF polaris_data.invite_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  v_me record;
  v_email text := lower(btrim(p_email));
  v_now timestamptz := clock_timestamp();
  v_invite bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_role(p_role);
  if v_email is null or v_email !~ '^[^@[:space:][:cntrl:]<>,;"]{1,64}@[^@[:space:][:cntrl:]<>,;"]{1,189}$' then
    perform polaris_data.fail(422, 'email_is_an_address', 'This is not an e-mail address.', 'Write name@example.com.');
  end if;
  if p_expires_in is null or p_expires_in not between interval '1 minute' and interval '30 days' then
    perform polaris_data.fail(422, 'expiry_is_sane', 'An invitation is good for a minute to 30 days.');
  end if;
  if p_handle is not null then
    if polaris_data.role_of(v_me.org_id, 'user:' || p_handle) is null then
      perform polaris_data.fail(404, 'no_such_member', format('There is no member user:%s.', p_handle), 'See polaris member list.');
    end if;
    if not exists (
      select from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
      where m.org_id = v_me.org_id and m.handle = p_handle and p.issuer = 'local') then
      perform polaris_data.fail(409, 'member_has_signed_in', format('user:%s signs in by itself already.', p_handle), 'Invite without a handle.');
    end if;
    if p_role = 'member' then
      perform polaris_data.require_other_admin(v_me.org_id, p_handle);
    end if;
  end if;
  insert into polaris_data.invites (org_id, hash, email, role, handle, invited_by, created_at, expires_at)
  values (v_me.org_id, p_hash, v_email, p_role, p_handle, coalesce(v_me.actor, 'polaris'), v_now, v_now + p_expires_in)
  returning invite_id into v_invite;
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'invite.created', v_email,
    jsonb_build_object('invite', v_invite, 'role', p_role, 'handle', p_handle));
  return query select * from polaris_data.show_invites(v_me.org_id, v_invite);
end;
$_$;

ALTER FUNCTION polaris.invite(p_org bigint, p_actor text, p_email text, p_role text, p_hash bytea, p_handle text, p_expires_in interval) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.invite(p_org bigint, p_actor text, p_email text, p_role text, p_hash bytea, p_handle text, p_expires_in interval) IS 'Invites an address.';

CREATE FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text DEFAULT NULL::text, p_expires_in interval DEFAULT '90 days'::interval, p_sliding boolean DEFAULT false) RETURNS SETOF polaris_data.token_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project bigint;
  v_token bigint;
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
  if p_expires_in <= interval '0' or (p_sliding and p_expires_in is null) then
    perform polaris_data.fail(422, 'expiry_is_sane', 'A token lives for a time, and one that slides needs to know for how long.');
  end if;
  -- One at a time in an organization: two who are first with an agent's name are not both its owner.
  perform from polaris_data.orgs o where o.org_id = v_me.org_id for no key update;
  if v_me.actor not like 'user:%' or (
    v_me.actor <> p_for and polaris_data.role_of(v_me.org_id, v_me.actor) is distinct from 'admin' and (p_for not like 'agent:%' or exists (
      select from polaris_data.tokens t where t.org_id = v_me.org_id and t.actor = p_for and t.issued_by <> v_me.actor)
    or (not exists (select from polaris_data.tokens t where t.org_id = v_me.org_id and t.actor = p_for) and exists (
      select from polaris_data.project_members m
      where m.org_id = v_me.org_id and m.actor = p_for and not polaris_data.may_see_id(v_me.org_id, v_me.actor, m.project_id))))) then
    perform polaris_data.fail(403, 'not_your_token', format('%s may not issue tokens for %s.', v_me.actor, p_for),
      'Ask its owner or an administrator.');
  end if;
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  -- Two statements: a stable function sees what was there when its own statement began.
  v_token := polaris_data.write_token(
    v_me.org_id, coalesce(v_me.actor, p_for), p_for, p_name, p_hash, p_shown, v_project, p_expires_in, p_sliding);
  return query select * from polaris_data.show_tokens(v_me.org_id, v_token);
end;
$$;

ALTER FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval, p_sliding boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval, p_sliding boolean) IS 'Keeps the hash of a new token.';

CREATE FUNCTION polaris.join_by_domain(p_person bigint, p_org_slug text, p_handle text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_org bigint;
  v_domain text;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_slug(p_handle);
  select d.org_id, d.domain into v_org, v_domain
  from polaris_data.people p
  join polaris_data.domains d on d.domain = p.domain and d.proven_at is not null
  join polaris_data.orgs o on o.org_id = d.org_id and o.slug = p_org_slug
  where p.person_id = p_person and p.issuer <> 'local';
  if v_org is null or polaris_data.was_removed(v_org, p_person) then
    perform polaris_data.fail(403, 'domain_is_not_yours', 'This organization is not open to you.', 'Ask an administrator for an invitation.');
  end if;
  perform polaris_data.write_member(v_org, p_person, p_handle, 'member');
  perform polaris_data.write_audit(v_org, 'user:' || p_handle, 'member.joined', 'user:' || p_handle, jsonb_build_object('domain', v_domain));
  return query select * from polaris_data.show_members(v_org, p_handle);
end;
$$;

ALTER FUNCTION polaris.join_by_domain(p_person bigint, p_org_slug text, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.join_by_domain(p_person bigint, p_org_slug text, p_handle text) IS 'Makes a person a member of the organization that has proven its domain.';

CREATE FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer DEFAULT 60) RETURNS TABLE(created boolean, claimed boolean, org_id bigint, project_id bigint, session_id bigint, project text, name text, driver text, epoch bigint, seat text, lease_until timestamp with time zone, created_by text, created_at timestamp with time zone, archived_at timestamp with time zone, last_seq bigint, advice_waiting bigint, driver_since timestamp with time zone, reserved_for text, reserved_until timestamp with time zone)
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

CREATE FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_fence bigint;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  if p_holder is null or p_seconds is null or p_seconds not between 1 and 60 then
    perform polaris_data.fail(422, 'lease_is_sane', 'A bridge has a name, and a lease lasts 1 to 60 seconds.');
  end if;
  update polaris_data.slack_workspaces set
    fence = fence + (holder is distinct from p_holder)::integer, holder = p_holder,
    lease_until = v_now + make_interval(secs => p_seconds)
  where org_id = p_org and state = 'connected' and (holder is null or holder = p_holder or lease_until <= v_now)
  returning fence into v_fence;
  return v_fence;
end;
$$;

ALTER FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) IS 'Takes or renews the right to write to a workspace.';

CREATE FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) RETURNS TABLE(project text, sender_class text, policy text, set_on text, set_by text, set_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select r.name, x.sender_class, x.policy, x.set_on, x.set_by, x.set_at
  from polaris_data.show_projects(v_me.org_id) r
  cross join lateral polaris.list_policies(v_me.org_id, v_me.actor, r.name) with ordinality
    as x (sender_class, policy, set_on, set_by, set_at, ord)
  where r.archived_at is null and polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
  order by r.name, x.ord;
end;
$$;

ALTER FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) IS 'What is in force for each class of sender in every project.';

CREATE FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint DEFAULT 0, p_limit integer DEFAULT 500) RETURNS SETOF polaris_data.audit_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_org bigint := polaris_data.require_auditor(p_org, p_actor);
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 rows.');
  end if;
  return query
  select a.audit_id, a.at, a.actor, a.action, a.target, a.detail::text, encode(a.prev_hash, 'hex'), encode(a.hash, 'hex')
  from polaris_data.audit a
  where a.org_id = v_org and a.audit_id > coalesce(p_after, 0)
  order by a.audit_id limit p_limit;
end;
$$;

ALTER FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint, p_limit integer) IS 'A page of the audit log, exactly as it was hashed.';

CREATE FUNCTION polaris.list_dashboard(p_org bigint, p_actor text) RETURNS TABLE(name text, visibility text, created_by text, archived_at timestamp with time zone, last_seq bigint, unread bigint, last_at timestamp with time zone, sessions jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select r.name, r.visibility, r.created_by, r.archived_at, r.last_seq,
    r.last_seq - greatest(r.first_seq - 1, coalesce((
      select m.seq from polaris_data.read_marks m
      where m.org_id = v_me.org_id and m.project_id = r.project_id and m.actor = v_me.actor), 0)),
    (select e.recorded_at from polaris_data.events e
     where e.org_id = v_me.org_id and e.project_id = r.project_id and e.seq between r.last_seq and r.last_seq
     order by e.seq limit 1),
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'name', s.name, 'driver', s.driver, 'epoch', s.epoch, 'lease_until', s.lease_until, 'last_seq', s.last_seq,
        'advice_waiting', s.advice_waiting) order by s.name)
      from polaris_data.show_sessions(v_me.org_id, r.project_id) s where s.archived_at is null), '[]')
  from polaris_data.show_projects(v_me.org_id) r
  where polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
  order by r.archived_at is not null, r.name;
end;
$$;

ALTER FUNCTION polaris.list_dashboard(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_dashboard(p_org bigint, p_actor text) IS 'What a person sees first.';

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

CREATE FUNCTION polaris.list_dead_web_sessions(p_sessions bigint[], p_orgs bigint[]) RETURNS TABLE(web_session_id bigint, org_id bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select x.session_id, x.org_id
  from unnest(p_sessions, p_orgs) as x (session_id, org_id)
  left join polaris_data.web_sessions w on w.web_session_id = x.session_id
  left join polaris_data.members m on m.org_id = x.org_id and m.person_id = w.person_id and m.removed_at is null
  where m.handle is null or least(w.seen_at + interval '12 hours', w.created_at + interval '7 days') <= v_now;
end;
$$;

ALTER FUNCTION polaris.list_dead_web_sessions(p_sessions bigint[], p_orgs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_dead_web_sessions(p_sessions bigint[], p_orgs bigint[]) IS 'Which of these web sessions no longer open anything.';

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

CREATE FUNCTION polaris.list_domains(p_org bigint, p_actor text) RETURNS SETOF polaris_data.domain_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_domains(v_me.org_id);
end;
$$;

ALTER FUNCTION polaris.list_domains(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_domains(p_org bigint, p_actor text) IS 'The domains of the organization.';

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

CREATE FUNCTION polaris.list_invites(p_org bigint, p_actor text) RETURNS SETOF polaris_data.invite_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_invites(v_me.org_id);
end;
$$;

ALTER FUNCTION polaris.list_invites(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_invites(p_org bigint, p_actor text) IS 'The invitations of the organization.';

CREATE FUNCTION polaris.list_local_people(p_org bigint DEFAULT NULL::bigint) RETURNS TABLE(issuer text, subject text, handle text, org text, org_name text, role text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select p.issuer, p.subject, m.handle, o.slug, o.name, m.role
  from polaris_data.people p
  join polaris_data.members m on m.person_id = p.person_id and m.removed_at is null
  join polaris_data.orgs o on o.org_id = m.org_id
  where p.issuer = 'local' and (p_org is null or o.org_id = p_org)
  order by o.slug, m.role, m.created_at, m.handle;
end;
$$;

ALTER FUNCTION polaris.list_local_people(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_local_people(p_org bigint) IS 'The people whom this installation vouches for.';

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

CREATE FUNCTION polaris.list_memberships(p_person bigint) RETURNS TABLE(org_id bigint, org text, org_name text, handle text, role text, redaction_key bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select o.org_id, o.slug, o.name, m.handle, m.role, o.redaction_key
  from polaris_data.members m join polaris_data.orgs o on o.org_id = m.org_id
  where m.person_id = p_person and m.removed_at is null
  order by o.slug;
end;
$$;

ALTER FUNCTION polaris.list_memberships(p_person bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_memberships(p_person bigint) IS 'The organizations that a person is in.';

CREATE FUNCTION polaris.list_orgs_to_join(p_person bigint) RETURNS TABLE(org text, org_name text, domain text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select o.slug, o.name, d.domain
  from polaris_data.people p
  join polaris_data.domains d on d.domain = p.domain and d.proven_at is not null
  join polaris_data.orgs o on o.org_id = d.org_id
  where p.person_id = p_person and p.issuer <> 'local'
    and not exists (select from polaris_data.members m where m.org_id = d.org_id and m.person_id = p_person and m.removed_at is null)
    and not polaris_data.was_removed(d.org_id, p_person)
  order by o.slug;
end;
$$;

ALTER FUNCTION polaris.list_orgs_to_join(p_person bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_orgs_to_join(p_person bigint) IS 'The organizations that a person may join by its domain.';

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

CREATE FUNCTION polaris.list_policies(p_org bigint, p_actor text, p_project text, p_session text DEFAULT NULL::text) RETURNS TABLE(sender_class text, policy text, set_on text, set_by text, set_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint := 0;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  return query
  select c.class, coalesce(x.policy, 'auto'),
    case when x.policy is null then 'default' when x.session_id = 0 then 'project' else 'session' end, x.set_by, x.set_at
  from unnest(array['human', 'agent', 'slack']) with ordinality as c (class, ord)
  left join lateral (
    select o.* from polaris_data.policies o
    where o.org_id = v_me.org_id and o.project_id = v_project.project_id and o.session_id in (0, v_session) and o.sender_class = c.class
    order by o.session_id desc limit 1) x on true
  order by c.ord;
end;
$$;

ALTER FUNCTION polaris.list_policies(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_policies(p_org bigint, p_actor text, p_project text, p_session text) IS 'What is in force for each class of sender.';

CREATE FUNCTION polaris.list_project_members(p_org bigint, p_actor text, p_project text) RETURNS TABLE(actor text, added_by text, added_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  return query
  select m.actor, m.added_by, m.added_at from polaris_data.project_members m
  where m.org_id = v_me.org_id and m.project_id = v_project.project_id order by m.actor;
end;
$$;

ALTER FUNCTION polaris.list_project_members(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_project_members(p_org bigint, p_actor text, p_project text) IS 'Who is on the list of a project.';

CREATE FUNCTION polaris.list_projects(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select r.* from polaris_data.show_projects(v_me.org_id) r
  where polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility);
end;
$$;

ALTER FUNCTION polaris.list_projects(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) IS 'The projects that the caller may see.';

CREATE FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer DEFAULT 20) RETURNS SETOF polaris_data.event_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 100 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 100 events.');
  end if;
  return query
  select w.* from (
    select r.project_id, x.seq, x.recorded_at from polaris_data.show_projects(v_me.org_id) r
    cross join lateral (
      select e.seq, e.recorded_at from polaris_data.events e
      where e.org_id = v_me.org_id and e.project_id = r.project_id and e.seq > r.last_seq - 200
        and e.kind in ('prompt', 'reply', 'advice', 'floor', 'driver.claimed', 'driver.released', 'driver.expired')
      order by e.seq desc limit p_limit) x
    where r.archived_at is null and polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
    order by x.recorded_at desc, x.seq desc limit p_limit) n
  cross join lateral polaris_data.show_events(v_me.org_id, n.project_id, null, n.seq - 1, null, 1, null, null) w
  order by n.recorded_at desc, n.seq desc;
end;
$$;

ALTER FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) IS 'The newest words over all projects that the caller may see.';

CREATE FUNCTION polaris.list_seats(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer DEFAULT 10) RETURNS TABLE(epoch bigint, driver text, claimed_at timestamp with time zone, ended_at timestamp with time zone, ended_how text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 seats.');
  end if;
  return query
  select t.epoch, t.driver, t.claimed_at, t.ended_at, t.ended_how
  from polaris_data.seats t
  where t.org_id = v_me.org_id and t.session_id = v_session.session_id
  order by t.epoch desc limit p_limit;
end;
$$;

ALTER FUNCTION polaris.list_seats(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_seats(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) IS 'Who drove a session, the newest first.';

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

CREATE FUNCTION polaris.list_slack_channels(p_org bigint, p_actor text, p_project_id bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.slack_channel_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return query
  select r.project_id, r.name, (select count(*) from polaris_data.sessions s where s.org_id = p_org and s.project_id = r.project_id),
    r.last_seq, r.visibility = 'org' and r.archived_at is null, c.channel_id, coalesce(c.name, r.name), coalesce(c.state, 'missing'),
    c.reason, coalesce(c.level, 'all'), coalesce(c.hears, true), coalesce(c.shared, false), coalesce(c.cursor,
      case when r.created_at > w.connected_at then 0 else r.last_seq end), c.digest_at
  from polaris_data.show_projects(p_org, p_project_id) r
  left join polaris_data.slack_channels c on c.org_id = p_org and c.project_id = r.project_id
  left join polaris_data.slack_workspaces w on w.org_id = p_org
  where polaris_data.may_see(p_org, p_actor, r.project_id, r.visibility);
end;
$$;

ALTER FUNCTION polaris.list_slack_channels(p_org bigint, p_actor text, p_project_id bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_slack_channels(p_org bigint, p_actor text, p_project_id bigint) IS 'The projects of an organization with their channels.';

CREATE FUNCTION polaris.list_slack_inbox(p_org bigint) RETURNS SETOF polaris_data.slack_event_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  with recursive first as (
    (select i.lane, i as event from polaris_data.slack_inbox i
     where i.org_id = p_org and i.done_at is null order by i.lane, i.inbox_id limit 1)
    union all
    select n.lane, n.event from first f
    cross join lateral (
      select i.lane, i as event from polaris_data.slack_inbox i
      where i.org_id = p_org and i.done_at is null and i.lane > f.lane order by i.lane, i.inbox_id limit 1) n
  )
  select x.event_id, x.kind, x.channel_id, c.project_id, p.name, x.ts, x.thread_ts, x.user_id, x.sessions, x.body, x.payload::text,
    x.attempts, x.received_at
  from (select (f.event).* from first f) x
  left join polaris_data.slack_channels c on c.org_id = p_org and c.channel_id = x.channel_id
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = c.project_id
  where x.due_at <= v_now order by x.inbox_id;
end;
$$;

ALTER FUNCTION polaris.list_slack_inbox(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_slack_inbox(p_org bigint) IS 'What is to be done next of what Slack told.';

CREATE FUNCTION polaris.list_slack_people(p_org bigint, p_actor text, p_users text[] DEFAULT NULL::text[], p_members text[] DEFAULT NULL::text[]) RETURNS SETOF polaris_data.slack_person_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  return query select * from polaris_data.show_slack_people(p_org, p_users, p_members);
end;
$$;

ALTER FUNCTION polaris.list_slack_people(p_org bigint, p_actor text, p_users text[], p_members text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_slack_people(p_org bigint, p_actor text, p_users text[], p_members text[]) IS 'People of the workspace and who they are here.';

CREATE FUNCTION polaris.list_slack_posts(p_org bigint, p_limit integer DEFAULT 50) RETURNS SETOF polaris_data.slack_post_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  with live as (
    select c.project_id, c.channel_id from polaris_data.slack_channels c
    join polaris_data.projects p on p.org_id = c.org_id and p.project_id = c.project_id
    where c.org_id = p_org and c.state = 'live' and p.visibility = 'org'
  ), found as (
    select x.post_id from live
    cross join lateral (
      select o.post_id, o.due_at from polaris_data.slack_posts o
      where o.org_id = p_org and o.project_id = live.project_id and o.lane = 'channel' and o.state in ('waiting', 'posting', 'unsure')
      order by o.post_id limit 1) x
    where x.due_at <= v_now
    union all
    select x.post_id from live
    cross join lateral (
      select o.post_id from polaris_data.slack_posts o
      where o.org_id = p_org and o.project_id = live.project_id and o.lane = 'side' and o.state in ('waiting', 'posting', 'unsure')
        and o.due_at <= v_now
      order by o.post_id limit p_limit) x
    union all
    select x.post_id from live
    cross join lateral (
      select o.post_id from polaris_data.slack_posts o
      where o.org_id = p_org and o.channel_id = live.channel_id and o.ts is not null
        and (o.version > o.shown or o.reaction is distinct from o.reaction_shown or o.extra_ts is not null) and o.due_at <= v_now
      order by o.due_at limit p_limit) x
  )
  select w.* from polaris_data.show_slack_posts(p_org, array(select f.post_id from found f)) w;
end;
$$;

ALTER FUNCTION polaris.list_slack_posts(p_org bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_slack_posts(p_org bigint, p_limit integer) IS 'What is to be sent to Slack now.';

CREATE FUNCTION polaris.list_slack_workspaces(p_org bigint DEFAULT NULL::bigint) RETURNS TABLE(org_id bigint, org text, team_id text, app_id text, bot_user_id text, bot_id text, token bytea, token_key text, state text, people_at timestamp with time zone, hears_everybody boolean, invites_drivers boolean, threads_turns boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select w.org_id, o.slug, w.team_id, w.app_id, w.bot_user_id, w.bot_id, w.token, w.token_key, w.state, w.people_at,
    w.hears_everybody, w.invites_drivers, w.threads_turns
  from polaris_data.slack_workspaces w join polaris_data.orgs o on o.org_id = w.org_id
  where w.token is not null and (p_org is null or w.org_id = p_org) order by w.org_id;
end;
$$;

ALTER FUNCTION polaris.list_slack_workspaces(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_slack_workspaces(p_org bigint) IS 'Every workspace that has a token.';

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

CREATE FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) RETURNS SETOF polaris_data.slack_person_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  if p_member <> '' and polaris_data.role_of(p_org, 'user:' || p_member) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member user:%s.', left(p_member, 80)), 'See polaris member list.');
  end if;
  perform polaris_data.lock_slack(p_org);
  update polaris_data.slack_people set member = nullif(p_member, ''), member_by = case when p_member is not null then 'admin' end
  where org_id = p_org and user_id = p_user;
  if not found then
    perform polaris_data.fail(404, 'no_such_slack_person', 'There is no such person in the workspace.', 'See settings, Slack.');
  end if;
  perform polaris_data.match_slack(p_org, array(
    select s.email from polaris_data.slack_people s where s.org_id = p_org and s.user_id = p_user));
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'slack.person', p_user, jsonb_build_object('member', p_member));
  return query select * from polaris.list_slack_people(p_org, p_actor, array[p_user]);
end;
$$;

ALTER FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) IS 'An administrator says who a person of the workspace is.';

CREATE FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_seq bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  insert into polaris_data.read_marks as m (org_id, project_id, actor, seq)
  select v_me.org_id, v_project.project_id, v_me.actor, least(greatest(p_seq, 0), h.last_seq)
  from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id
  on conflict (org_id, project_id, actor) do update set seq = greatest(m.seq, excluded.seq)
  returning m.seq into v_seq;
  return v_seq;
end;
$$;

ALTER FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) IS 'Notes how far the caller has read a project''s floor.';

CREATE FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return polaris_data.write_audit(p_org, p_actor, 'export', p_what, p_detail);
end;
$$;

ALTER FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb) IS 'Notes that somebody took data out.';

CREATE FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return polaris_data.write_audit(0, null, 'sign_in.refused', left(p_reason, 200), p_detail);
end;
$$;

ALTER FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb) IS 'Notes a sign-in that was refused.';

CREATE FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) RETURNS TABLE(error text, org text, actor text, token_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_login polaris_data.device_logins;
  v_now timestamptz := clock_timestamp();
  v_actor text;
  v_error text;
begin
  perform polaris_data.require_service();
  select d.* into v_login from polaris_data.device_logins d where d.device_hash = p_device_hash for update;
  v_actor := polaris_data.member_of(v_login.org_id, v_login.person_id);
  v_error := case
    when v_login.device_hash is null then 'invalid_grant'
    when v_login.created_at <= v_now - interval '10 minutes' then 'expired_token'
    when v_login.denied then 'access_denied'
    when v_login.polled_at > v_now - make_interval(secs => v_login.poll_seconds) then 'slow_down'
    when v_login.person_id is null then 'authorization_pending'
    when v_actor is null then 'access_denied'
  end;
  if v_error in ('slow_down', 'authorization_pending') then
    update polaris_data.device_logins d set polled_at = v_now,
      poll_seconds = v_login.poll_seconds + case v_error when 'slow_down' then 5 else 0 end
    where d.device_hash = p_device_hash;
  elsif v_error is null or v_error <> 'invalid_grant' then
    delete from polaris_data.device_logins d where d.device_hash = p_device_hash;
  end if;
  if v_error is not null then
    return query select v_error, null::text, null::text, null::bigint;
    return;
  end if;
  return query
  select null::text, o.slug, v_actor, polaris_data.write_token(
    o.org_id, v_actor, v_actor, 'polaris login on ' || v_login.machine, p_token_hash, p_token_shown, null, interval '90 days', true)
  from polaris_data.orgs o where o.org_id = v_login.org_id;
end;
$$;

ALTER FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) IS 'What the waiting machine is told.';

CREATE FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) RETURNS SETOF polaris_data.domain_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_domain polaris_data.domains;
  v_now timestamptz := clock_timestamp();
  v_loser bigint;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  -- All who say that it is theirs, in one order: of two proofs at once the second sees what the first has done.
  perform from polaris_data.domains d where d.domain = p_domain order by d.org_id for no key update;
  select d.* into v_domain from polaris_data.domains d where d.org_id = p_org and d.domain = p_domain;
  if not found then
    perform polaris_data.fail(404, 'no_such_domain', format('%s is not on the list.', left(p_domain, 253)), 'Add it first.');
  end if;
  if v_domain.how is distinct from 'dns' then
    update polaris_data.domains d set proven_at = null, how = null
    where d.domain = p_domain and d.org_id <> p_org and d.how = 'hd'
    returning d.org_id into v_loser;
    begin
      update polaris_data.domains d set proven_at = coalesce(d.proven_at, v_now), how = 'dns' where d.org_id = p_org and d.domain = p_domain;
    exception when unique_violation then
      perform polaris_data.fail(409, 'domain_is_taken', format('Another organization has proven %s.', p_domain), 'Let it remove the domain first.');
    end;
    if v_loser < p_org then
      perform polaris_data.write_audit(v_loser, null, 'domain.lost', p_domain);
    end if;
    perform polaris_data.write_audit(p_org, p_actor, 'domain.proven', p_domain, jsonb_build_object('how', 'dns'));
    if v_loser > p_org then
      perform polaris_data.write_audit(v_loser, null, 'domain.lost', p_domain);
    end if;
  end if;
  return query select * from polaris_data.show_domains(p_org, p_domain);
end;
$$;

ALTER FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) IS 'Notes that the domain''s name server showed the organization''s proof.';

CREATE FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_events integer;
  v_posts integer;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  delete from polaris_data.slack_inbox where org_id = p_org and done_at < v_now - interval '24 hours';
  get diagnostics v_events = row_count;
  delete from polaris_data.slack_posts
  where org_id = p_org and made_at < v_now - interval '30 days' and state in ('posted', 'failed', 'dropped') and kind <> 'invite';
  get diagnostics v_posts = row_count;
  return v_events + v_posts;
end;
$$;

ALTER FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) IS 'Forgets what nobody needs any more.';

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
  v_private boolean;
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

  select array_agg(p.project_id order by u.ord), array_agg(s.session_id order by u.ord), bool_or(p.visibility <> 'org')
  into v_project, v_session, v_private
  from unnest(p_project, p_session) with ordinality as u (project, session, ord)
  left join lateral (
    select p.project_id, p.visibility from polaris_data.projects p
    where p.org_id = v_me.org_id and p.name between u.project and u.project order by p.name limit 1) p on true
  left join lateral (
    select s.session_id from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = p.project_id and s.name between u.session and u.session
    order by s.name limit 1) s on true;
  if v_private then
    select array_agg(x.project order by x.ord) into v_project
    from (
      select u.ord, case when polaris_data.may_see_id(v_me.org_id, u.actor, u.project) or exists (
        select from polaris_data.seats t
        where t.org_id = v_me.org_id and t.session_id = u.session and t.epoch between u.epoch and u.epoch and t.driver = u.actor)
        then u.project end as project
      from unnest(v_project, v_session, p_epoch, v_actor) with ordinality as u (project, session, epoch, actor, ord)) x;
  end if;

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

CREATE FUNCTION polaris.read_advice(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_epoch bigint DEFAULT NULL::bigint) RETURNS TABLE(delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamp with time zone, sent_at timestamp with time zone, seen_at timestamp with time zone, answered_at timestamp with time zone, expires_at timestamp with time zone, edited_by text, text text, marker text)
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

CREATE FUNCTION polaris.read_entries(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_after bigint DEFAULT NULL::bigint, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100, p_kind text[] DEFAULT NULL::text[], p_by text[] DEFAULT NULL::text[], p_characters integer DEFAULT 4000, p_payload_bytes integer DEFAULT 65536) RETURNS TABLE(seq bigint, project text, session text, epoch bigint, kind text, actor text, speaker text, target text, turn text, agent text, body text, payload text, client_id text, late boolean, occurred_at timestamp with time zone, recorded_at timestamp with time zone, body_characters integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  return query
  select r.seq, r.project, r.session, r.epoch, r.kind, r.actor, r.speaker, r.target, r.turn, r.agent, left(r.body, p_characters),
    case when r.kind in ('tool.call', 'tool.result', 'delivery', 'advice', 'turn.interrupted') and octet_length(r.payload) <= p_payload_bytes
      then r.payload end,
    r.client_id, r.late, r.occurred_at, r.recorded_at, char_length(r.body)
  from polaris.read_events(p_org, p_actor, p_project, p_session, p_after, p_before, p_limit, p_kind, p_by) r;
end;
$$;

ALTER FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) IS 'A page of history for people to look at.';

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

CREATE FUNCTION polaris.refuse_slack(p_org bigint, p_fence bigint, p_reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  perform polaris_data.lock_slack(p_org); -- several workers notice it at once
  perform polaris_data.require_fence(p_org, p_fence);
  update polaris_data.slack_workspaces set state = 'refused', reason = left(p_reason, 300), holder = null, lease_until = null
  where org_id = p_org;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, null, 'slack.refused', null, jsonb_build_object('reason', left(p_reason, 300)));
end;
$$;

ALTER FUNCTION polaris.refuse_slack(p_org bigint, p_fence bigint, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.refuse_slack(p_org bigint, p_fence bigint, p_reason text) IS 'Notes that Slack does not take the token any more.';

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
  perform polaris_data.write_audit(p_org, null, 'login.registered', p_actor, jsonb_build_object('login', p_login));
  return query select * from polaris.list_logins(p_org) l where l.login = p_login;
end;
$$;

ALTER FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) IS 'Makes a Postgres login act as one participant.';

CREATE FUNCTION polaris.rekey_slack(p_org bigint, p_old bytea, p_token bytea, p_token_key text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  update polaris_data.slack_workspaces set token = p_token, token_key = p_token_key where org_id = p_org and token = p_old;
  return found;
end;
$$;

ALTER FUNCTION polaris.rekey_slack(p_org bigint, p_old bytea, p_token bytea, p_token_key text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.rekey_slack(p_org bigint, p_old bytea, p_token bytea, p_token_key text) IS 'Puts a token that was sealed again in the place of the old one.';

CREATE FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint DEFAULT NULL::bigint, p_to text DEFAULT NULL::text) RETURNS SETOF polaris_data.session_row
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
  if p_to is not null then
    perform polaris_data.require_participant(p_to);
    if polaris_data.role_of(v_me.org_id, p_to) is null or not polaris_data.may_see_id(v_me.org_id, p_to, v_session.project_id) then
      perform polaris_data.fail(404, 'no_such_member', format('%s is nobody who may see %s.', p_to, p_project), 'See polaris member list.');
    end if;
  end if;
  perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'released', p_to);
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;

ALTER FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_to text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_to text) IS 'Opens the seat that the caller holds.';

CREATE FUNCTION polaris.release_slack(p_org bigint, p_fence bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  update polaris_data.slack_workspaces set holder = null, lease_until = null where org_id = p_org and fence = p_fence and holder is not null;
  if found then
    perform polaris_data.publish_control(p_org, 'slack', 0);
    return true;
  end if;
  return false;
end;
$$;

ALTER FUNCTION polaris.release_slack(p_org bigint, p_fence bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.release_slack(p_org bigint, p_fence bigint) IS 'Gives the lease of a workspace back.';

CREATE FUNCTION polaris.remove_domain(p_org bigint, p_actor text, p_domain text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  delete from polaris_data.domains where org_id = v_me.org_id and domain = p_domain;
  if not found then
    perform polaris_data.fail(404, 'no_such_domain', format('%s is not on the list.', left(p_domain, 253)));
  end if;
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'domain.removed', p_domain);
  return p_domain;
end;
$$;

ALTER FUNCTION polaris.remove_domain(p_org bigint, p_actor text, p_domain text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.remove_domain(p_org bigint, p_actor text, p_domain text) IS 'Takes a domain off the list.';

CREATE FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_now timestamptz := clock_timestamp();
  v_gone text := 'user:' || p_handle;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if v_me.actor is distinct from v_gone then
    perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  end if;
  if polaris_data.role_of(v_me.org_id, v_gone) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_gone), 'See polaris member list.');
  end if;
  perform polaris_data.require_other_admin(v_me.org_id, p_handle);
  -- Of two who remove at once the second waited for the first.
  update polaris_data.members set removed_at = v_now where org_id = v_me.org_id and handle = p_handle and removed_at is null;
  if not found then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_gone), 'See polaris member list.');
  end if;
  perform polaris_data.match_member(v_me.org_id, p_handle); -- somebody else may be the only one of this address now
  update polaris_data.tokens set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or issued_by = v_gone) and revoked_at is null;
  update polaris_data.logins set revoked_at = v_now
  where org_id = v_me.org_id and (actor = v_gone or created_by = v_gone) and revoked_at is null;
  update polaris_data.invites set revoked_at = v_now
  where org_id = v_me.org_id and invited_by = v_gone and accepted_at is null and revoked_at is null;
  delete from polaris_data.project_members where org_id = v_me.org_id and actor = v_gone;
  perform polaris_data.end_seats(v_me.org_id, v_gone);
  perform polaris_data.publish_control(v_me.org_id, 'member', 0);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor,
    case when v_me.actor = v_gone then 'member.left' else 'member.removed' end, v_gone);
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;

ALTER FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) IS 'Removes a person from the organization, and all that hangs on it.';

CREATE FUNCTION polaris.remove_project_member(p_org bigint, p_actor text, p_project text, p_member text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  if v_me.actor is distinct from p_member then
    perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  end if;
  delete from polaris_data.project_members
  where org_id = v_me.org_id and project_id = v_project.project_id and actor = p_member;
  if not found then
    perform polaris_data.fail(404, 'no_such_member', format('%s is not on the list of %s.', left(p_member, 80), p_project));
  end if;
  perform polaris_data.end_outsiders(v_me.org_id, v_project.project_id, v_project.visibility);
  perform polaris_data.publish_control(v_me.org_id, 'project', v_project.project_id);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'project.member_removed', p_member, jsonb_build_object('project', p_project));
  return p_member;
end;
$$;

ALTER FUNCTION polaris.remove_project_member(p_org bigint, p_actor text, p_project text, p_member text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.remove_project_member(p_org bigint, p_actor text, p_project text, p_member text) IS 'Takes a participant off the list of a project.';

CREATE FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  perform from polaris_data.sessions s
  where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at >= v_project.archived_at
  order by s.session_id for no key update;
  update polaris_data.projects set archived_at = null where org_id = v_me.org_id and project_id = v_project.project_id;
  for v_session in
    select s.* from polaris_data.sessions s
    where s.org_id = v_me.org_id and s.project_id = v_project.project_id and s.archived_at >= v_project.archived_at
    order by s.session_id
  loop
    update polaris_data.sessions set archived_at = null where org_id = v_me.org_id and session_id = v_session.session_id;
    perform polaris_data.write_event(v_me.org_id, v_project.project_id, v_session.session_id, v_session.epoch, 'notice',
      coalesce(v_me.actor, 'polaris'), null, format('%s restored session %s', coalesce(v_me.actor, 'polaris'), v_session.name), null,
      'polaris:session.restored:' || extract(epoch from v_session.archived_at));
  end loop;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project.project_id);
end;
$$;

ALTER FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) IS 'Opens an archived project again.';

CREATE FUNCTION polaris.resume_web_session(p_hash bytea) RETURNS SETOF polaris_data.web_session_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.web_sessions;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.* into v_session from polaris_data.web_sessions w where w.hash = p_hash;
  if not found then
    perform polaris_data.fail(401, 'web_session_unknown', 'You are not signed in.', 'Sign in.');
  elsif least(v_session.seen_at + interval '12 hours', v_session.created_at + interval '7 days') <= v_now then
    perform polaris_data.fail(401, 'web_session_expired', 'You were signed in too long ago.', 'Sign in again.');
  elsif v_session.seen_at < v_now - interval '1 minute' then
    update polaris_data.web_sessions w set seen_at = v_now where w.web_session_id = v_session.web_session_id;
  end if;
  return query select * from polaris_data.show_web_sessions(v_session.web_session_id);
end;
$$;

ALTER FUNCTION polaris.resume_web_session(p_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.resume_web_session(p_hash bytea) IS 'Whose browser this is.';

CREATE FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) RETURNS SETOF polaris_data.invite_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_invite polaris_data.invites;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  select i.* into v_invite from polaris_data.invites i where i.org_id = v_me.org_id and i.invite_id = p_invite for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_invite', format('There is no invitation %s.', p_invite));
  elsif v_invite.accepted_at is not null then
    perform polaris_data.fail(409, 'invite_is_accepted', format('%s accepted this invitation.', v_invite.accepted_by), 'Remove the member instead.');
  elsif v_invite.revoked_at is null then
    update polaris_data.invites set revoked_at = v_now where org_id = v_me.org_id and invite_id = p_invite;
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'invite.revoked', v_invite.email, jsonb_build_object('invite', p_invite));
  end if;
  return query select * from polaris_data.show_invites(v_me.org_id, p_invite);
end;
$$;

ALTER FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) IS 'Ends an invitation that nobody has accepted.';

CREATE FUNCTION polaris.revoke_login(p_org bigint, p_login text) RETURNS TABLE(login text, actor text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_login polaris_data.logins;
begin
  perform polaris_data.require_service();
  select l.* into v_login from polaris_data.logins l where l.org_id = p_org and l.login = p_login for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_login', format('There is no login %s.', p_login), 'See polaris login-role list.');
  elsif v_login.revoked_at is null then
    update polaris_data.logins l set revoked_at = v_now where l.org_id = p_org and l.login = p_login;
    perform polaris_data.publish_control(p_org, 'login', 0);
    perform polaris_data.write_audit(p_org, null, 'login.revoked', v_login.actor, jsonb_build_object('login', p_login));
  end if;
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
  v_of text;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if not exists (select from polaris.list_tokens(v_me.org_id, v_me.actor) t where t.token_id = p_token) then
    perform polaris_data.fail(404, 'no_such_token', format('There is no token %s.', p_token), 'See polaris token list.');
  end if;
  update polaris_data.tokens t set revoked_at = v_now
  where t.org_id = v_me.org_id and t.token_id = p_token and t.revoked_at is null
  returning t.actor into v_of;
  if found then
    perform polaris_data.publish_control(v_me.org_id, 'token', p_token);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'token.revoked', v_of, jsonb_build_object('token', p_token));
  end if;
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

CREATE FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) RETURNS TABLE(sender_class text, policy text, set_on text, set_by text, set_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  end if;
  if v_me.actor is distinct from v_session.driver and v_me.actor is distinct from v_session.created_by then
    perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  end if;
  if p_sender_class is null or p_sender_class not in ('human', 'agent', 'slack') then
    perform polaris_data.fail(422, 'sender_class_is_known', 'A class of senders is human, agent or slack.');
  end if;
  if p_policy not in ('auto', 'suggest', 'mute') then
    perform polaris_data.fail(422, 'policy_is_known', 'A policy is auto, suggest or mute.');
  end if;
  if p_policy is null then
    delete from polaris_data.policies o
    where o.org_id = v_me.org_id and o.project_id = v_project.project_id and o.session_id = coalesce(v_session.session_id, 0)
      and o.sender_class = p_sender_class;
  else
    insert into polaris_data.policies as o (org_id, project_id, session_id, sender_class, policy, set_by, set_at)
    values (v_me.org_id, v_project.project_id, coalesce(v_session.session_id, 0), p_sender_class, p_policy, coalesce(v_me.actor, 'polaris'), v_now)
    on conflict (org_id, project_id, session_id, sender_class)
    do update set policy = excluded.policy, set_by = excluded.set_by, set_at = excluded.set_at;
  end if;
  perform polaris_data.publish_control(v_me.org_id, 'policy', v_project.project_id);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'policy.set', concat_ws('/', p_project, p_session),
    jsonb_build_object('sender_class', p_sender_class, 'policy', p_policy));
  return query select * from polaris.list_policies(v_me.org_id, v_me.actor, p_project, p_session);
end;
$$;

ALTER FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) IS 'Says whether a class of senders is heard.';

CREATE FUNCTION polaris.set_role(p_org bigint, p_actor text, p_handle text, p_role text) RETURNS SETOF polaris_data.member_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_old text;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_role(p_role);
  if p_role = 'member' then
    perform polaris_data.require_other_admin(v_me.org_id, p_handle);
  end if;
  v_old := polaris_data.role_of(v_me.org_id, 'user:' || p_handle);
  if v_old is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member user:%s.', p_handle), 'See polaris member list.');
  end if;
  if v_old <> p_role then
    update polaris_data.members set role = p_role where org_id = v_me.org_id and handle = p_handle;
    update polaris_data.invites set revoked_at = v_now
    where p_role = 'member' and org_id = v_me.org_id and invited_by = 'user:' || p_handle and accepted_at is null and revoked_at is null;
    update polaris_data.tokens set revoked_at = v_now
    where p_role = 'member' and org_id = v_me.org_id and issued_by = 'user:' || p_handle and actor like 'user:%'
      and actor <> issued_by and revoked_at is null;
    perform polaris_data.end_unseen(v_me.org_id, 'user:' || p_handle);
    perform polaris_data.publish_control(v_me.org_id, 'member', 0);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'member.role', 'user:' || p_handle, jsonb_build_object('role', p_role, 'was', v_old));
  end if;
  return query select * from polaris_data.show_members(v_me.org_id, p_handle);
end;
$$;

ALTER FUNCTION polaris.set_role(p_org bigint, p_actor text, p_handle text, p_role text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.set_role(p_org bigint, p_actor text, p_handle text, p_role text) IS 'Makes a member an administrator, or an administrator a member.';

CREATE FUNCTION polaris.set_slack(p_org bigint, p_actor text, p_hears_everybody boolean DEFAULT NULL::boolean, p_invites_drivers boolean DEFAULT NULL::boolean, p_threads_turns boolean DEFAULT NULL::boolean, p_digest_hour integer DEFAULT NULL::integer) RETURNS SETOF polaris_data.slack_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  if p_digest_hour not between 0 and 23 then
    perform polaris_data.fail(422, 'digest_hour_is_sane', 'An hour is 0 to 23, in UTC.');
  end if;
  update polaris_data.slack_workspaces set
    hears_everybody = coalesce(p_hears_everybody, hears_everybody), invites_drivers = coalesce(p_invites_drivers, invites_drivers),
    threads_turns = coalesce(p_threads_turns, threads_turns), digest_hour = coalesce(p_digest_hour, digest_hour)
  where org_id = p_org;
  if not found then
    perform polaris_data.fail(404, 'slack_not_connected', 'No Slack workspace is connected.', 'See settings, Slack.');
  end if;
  if p_digest_hour is not null then
    update polaris_data.slack_channels set digest_at = polaris_data.next_digest(p_org, v_now) where org_id = p_org and level = 'digest';
  end if;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'slack.settings', null, jsonb_strip_nulls(jsonb_build_object(
    'hears_everybody', p_hears_everybody, 'invites_drivers', p_invites_drivers, 'threads_turns', p_threads_turns,
    'digest_hour', p_digest_hour)));
  return query select * from polaris_data.show_slack(p_org);
end;
$$;

ALTER FUNCTION polaris.set_slack(p_org bigint, p_actor text, p_hears_everybody boolean, p_invites_drivers boolean, p_threads_turns boolean, p_digest_hour integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.set_slack(p_org bigint, p_actor text, p_hears_everybody boolean, p_invites_drivers boolean, p_threads_turns boolean, p_digest_hour integer) IS 'Changes how a workspace is used.';

CREATE FUNCTION polaris.set_slack_channel(p_org bigint, p_actor text, p_project text, p_level text DEFAULT NULL::text, p_hears boolean DEFAULT NULL::boolean, p_again boolean DEFAULT NULL::boolean) RETURNS SETOF polaris_data.slack_channel_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project polaris_data.projects;
  v_old polaris_data.slack_channels;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  if p_hears is not null or p_again is not null then
    perform polaris_data.require_admin(p_org, p_actor);
  end if;
  if p_level not in ('all', 'final-only', 'muted', 'digest') then
    perform polaris_data.fail(422, 'level_is_known', 'A level is all, final-only, muted or digest.');
  end if;
  select c.* into v_old from polaris_data.slack_channels c
  where c.org_id = p_org and c.project_id = v_project.project_id for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_channel', format('Project %s has no channel in Slack.', p_project),
      'It is made with the first session, once Slack is connected.');
  end if;
  update polaris_data.slack_channels set
    level = coalesce(p_level, level), hears = coalesce(p_hears, hears),
    digest_at = case
      when coalesce(p_level, level) <> 'digest' then null
      when level = 'digest' then digest_at
      else polaris_data.next_digest(p_org, v_now) end,
    digest_seq = case when p_level = 'digest' and level <> 'digest' then cursor else digest_seq end,
    changed_at = v_now
  where org_id = p_org and project_id = v_project.project_id;
  if p_again and v_old.state in ('archived', 'left', 'refused') then
    update polaris_data.slack_channels set
      state = 'missing', reason = null, channel_id = case v_old.state when 'archived' then null else channel_id end
    where org_id = p_org and project_id = v_project.project_id;
    perform polaris_data.rest_slack(p_org, v_project.project_id, 'the channel was ' || v_old.state);
  end if;
  if p_level in ('muted', 'digest') and v_old.level <> p_level then
    perform polaris_data.drop_slack_posts(p_org, v_project.project_id, p_level);
  end if;
  perform polaris_data.publish_control(p_org, 'slack', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'slack.channel', p_project, jsonb_strip_nulls(jsonb_build_object(
    'level', p_level, 'hears', p_hears, 'again', p_again)));
  return query select * from polaris.list_slack_channels(p_org, p_actor, v_project.project_id);
end;
$$;

ALTER FUNCTION polaris.set_slack_channel(p_org bigint, p_actor text, p_project text, p_level text, p_hears boolean, p_again boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.set_slack_channel(p_org bigint, p_actor text, p_project text, p_level text, p_hears boolean, p_again boolean) IS 'What people want of a project''s channel.';

CREATE FUNCTION polaris.set_visibility(p_org bigint, p_actor text, p_project text, p_visibility text) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.lock_project(v_me.org_id, v_me.actor, p_project);
  perform polaris_data.require_maker(v_me.org_id, v_me.actor, v_project.created_by);
  perform polaris_data.require_visibility(p_visibility);
  if v_project.visibility <> p_visibility then
    update polaris_data.projects set visibility = p_visibility where org_id = v_me.org_id and project_id = v_project.project_id;
    insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
    select v_me.org_id, v_project.project_id, x.actor, coalesce(v_me.actor, 'polaris'), v_now
    from (select v_project.created_by union select v_me.actor) as x (actor)
    where p_visibility = 'private' and polaris_data.role_of(v_me.org_id, x.actor) is not null
    on conflict do nothing;
    perform polaris_data.end_outsiders(v_me.org_id, v_project.project_id, p_visibility);
    perform polaris_data.rest_slack(v_me.org_id, v_project.project_id, 'the project is private');
    perform polaris_data.publish_control(v_me.org_id, 'project', v_project.project_id);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'project.visibility', p_project, jsonb_build_object('visibility', p_visibility));
  end if;
  return query select * from polaris_data.show_projects(v_me.org_id, v_project.project_id);
end;
$$;

ALTER FUNCTION polaris.set_visibility(p_org bigint, p_actor text, p_project text, p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.set_visibility(p_org bigint, p_actor text, p_project text, p_visibility text) IS 'Opens a project to the organization, or makes it private.';

CREATE FUNCTION polaris.settle_delivery(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_delivery uuid DEFAULT NULL::uuid, p_state text DEFAULT NULL::text, p_reason text DEFAULT NULL::text, p_path text DEFAULT NULL::text, p_epoch bigint DEFAULT NULL::bigint) RETURNS TABLE(changed boolean, delivery_id uuid, project text, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text, attempts integer, epoch bigint, queued_at timestamp with time zone, sent_at timestamp with time zone, seen_at timestamp with time zone, answered_at timestamp with time zone, expires_at timestamp with time zone, edited_by text)
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
  select d.* into v_delivery from polaris_data.deliveries d
  join polaris_data.projects p on p.org_id = d.org_id and p.project_id = d.project_id
  where d.org_id = v_me.org_id and d.delivery_id = p_delivery
    and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility);
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

CREATE FUNCTION polaris.settle_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_state text, p_ts text DEFAULT NULL::text, p_version integer DEFAULT NULL::integer, p_reason text DEFAULT NULL::text, p_retry_in interval DEFAULT NULL::interval) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  if p_state is null or p_state not in ('posted', 'waiting', 'unsure', 'failed') then
    perform polaris_data.fail(422, 'post_state_is_known', 'A post becomes posted, waiting, unsure or failed.');
  end if;
  if p_state = 'posted' and p_ts is not null then
    return polaris_data.place_slack_post(p_org, p_post_id, p_ts, p_version) <> 'known';
  end if;
  update polaris_data.slack_posts set
    state = p_state, reason = left(p_reason, 300),
    shown = case p_state when 'posted' then version else shown end,
    due_at = case p_state when 'waiting' then v_now + coalesce(p_retry_in, interval '0') else due_at end,
    posted_at = case p_state when 'posted' then v_now end
  where org_id = p_org and post_id = p_post_id and state in ('posting', 'unsure');
  return found;
end;
$$;

ALTER FUNCTION polaris.settle_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_state text, p_ts text, p_version integer, p_reason text, p_retry_in interval) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.settle_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_state text, p_ts text, p_version integer, p_reason text, p_retry_in interval) IS 'What became of a post that was handed to Slack.';

CREATE FUNCTION polaris.sign_in(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text, p_hash bytea, p_user_agent text) RETURNS SETOF polaris_data.web_session_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION polaris.sign_in(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text, p_hash bytea, p_user_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.sign_in(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text, p_hash bytea, p_user_agent text) IS 'Signs a person in whom an issuer vouches for.';

CREATE FUNCTION polaris.take_sign_in(p_state_hash bytea) RETURNS TABLE(nonce text, verifier text, return_to text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  delete from polaris_data.sign_ins s
  where s.state_hash = p_state_hash and s.created_at >= v_now - interval '10 minutes'
  returning s.nonce, s.verifier, s.return_to;
  if not found then
    perform polaris_data.fail(404, 'sign_in_unknown', 'This sign-in is over.', 'Begin again.');
  end if;
end;
$$;

ALTER FUNCTION polaris.take_sign_in(p_state_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.take_sign_in(p_state_hash bytea) IS 'Gives out what begin_sign_in kept, once.';

CREATE FUNCTION polaris.take_slack_event(p_team text, p_app text, p_event_id text, p_kind text, p_channel text DEFAULT NULL::text, p_ts text DEFAULT NULL::text, p_thread_ts text DEFAULT NULL::text, p_user text DEFAULT NULL::text, p_names text[] DEFAULT '{}'::text[], p_mentions text[] DEFAULT '{}'::text[], p_explicit boolean DEFAULT false, p_rest text DEFAULT NULL::text, p_text text DEFAULT NULL::text, p_payload jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_workspace polaris_data.slack_workspaces;
  v_channel polaris_data.slack_channels;
  v_person polaris_data.slack_people;
  v_kind text := p_kind;
  v_names text[];
  v_heard boolean := false;
  v_elsewhere boolean := false;
  v_explicit boolean := false;
  v_live text[] := '{}';
  v_sessions text[] := '{}';
  v_body text;
  v_payload jsonb := p_payload;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select w.* into v_workspace from polaris_data.slack_workspaces w
  where w.team_id = p_team and w.app_id = p_app and w.state = 'connected' for share;
  if not found then
    return 'ignored';
  end if;
  if exists (select from polaris_data.slack_inbox i where i.org_id = v_workspace.org_id and i.event_id = p_event_id) then
    return 'known';
  end if;
  if p_kind <> 'person' then
    select c.* into v_channel from polaris_data.slack_channels c
    where c.org_id = v_workspace.org_id and c.channel_id = p_channel;
    if not found then
      return 'ignored';
    end if;
  end if;
  if p_kind in ('message', 'edit', 'verb') then
    select s.* into v_person from polaris_data.slack_people s where s.org_id = v_workspace.org_id and s.user_id = p_user;
    v_heard := v_channel.hears and (v_person.user_id is null or polaris_data.slack_actor(v_workspace.org_id, p_user) is not null)
      and exists (
        select from polaris_data.projects p
        where p.org_id = v_workspace.org_id and p.project_id = v_channel.project_id and p.visibility = 'org' and p.archived_at is null);
    if not v_heard and p_kind <> 'edit' then
      return 'ignored';
    end if;
    select coalesce(array_agg(s.name), '{}') into v_live from polaris_data.sessions s
    where s.org_id = v_workspace.org_id and s.project_id = v_channel.project_id and s.archived_at is null;
    v_names := p_names || array(
      select coalesce(s.username, s.handle, m.id) from unnest(p_mentions) with ordinality as m (id, n)
      left join polaris_data.slack_people s on s.org_id = v_workspace.org_id and s.user_id = m.id
      order by m.n);
    v_elsewhere := not v_names <@ v_live and (p_explicit or cardinality(p_mentions) > 0);
    v_explicit := p_explicit and (cardinality(p_names) > 0 or v_names <@ v_live);
  end if;
  if p_kind = 'edit' then
    if not exists (
      select from polaris_data.slack_posts o join polaris_data.slack_advice a on a.org_id = o.org_id and a.post_id = o.post_id
      where o.org_id = v_workspace.org_id and o.channel_id = p_channel and o.ts = p_ts and o.kind = 'theirs'
    ) and (
      select i.done_at is null from polaris_data.slack_inbox i
      where i.org_id = v_workspace.org_id and i.channel_id = p_channel and i.ts = p_ts and i.kind = 'message'
    ) is not true then
      return 'ignored';
    end if;
  end if;
  if p_kind in ('message', 'edit') then
    if p_text is null or not v_heard then
      v_body := null;
    elsif cardinality(v_names) > 0 and v_names <@ v_live then
      v_sessions := v_names;
      v_body := p_rest;
    elsif p_thread_ts is not null and not v_elsewhere then
      select array_agg(s.name) into v_sessions from polaris_data.slack_posts o
      join polaris_data.sessions s on s.org_id = o.org_id and s.session_id = o.session_id
      where o.org_id = v_workspace.org_id and o.channel_id = p_channel and o.ts = p_thread_ts and s.archived_at is null;
      v_body := p_text;
    end if;
    if coalesce(cardinality(v_sessions), 0) = 0 or coalesce(v_body, '') !~ '\S' then
      if p_kind = 'message' then
        if not v_explicit and (p_thread_ts is not null or exists (
          select from polaris_data.slack_inbox i
          where i.org_id = v_workspace.org_id and i.user_id = p_user and i.kind = 'hint' and i.received_at > v_now - interval '1 hour')) then
          return 'ignored';
        end if;
        v_kind := 'hint';
        v_payload := jsonb_build_object('unknown', to_jsonb(array(select x.name from unnest(v_names) as x (name) where v_explicit and x.name <> all (v_live))));
      end if;
      v_sessions := '{}';
      v_body := null;
    end if;
  end if;
  insert into polaris_data.slack_inbox (
    org_id, event_id, kind, lane, channel_id, ts, thread_ts, user_id, sessions, body, payload, received_at, due_at)
  values (
    v_workspace.org_id, p_event_id, v_kind, coalesce(p_channel, 'people'), p_channel, p_ts, p_thread_ts, p_user, v_sessions, v_body,
    v_payload, v_now, v_now)
  on conflict do nothing;
  if not found then
    return 'known';
  end if;
  perform polaris_data.publish_control(v_workspace.org_id, 'slack_inbox', 0);
  return 'stored';
end;
$$;

ALTER FUNCTION polaris.take_slack_event(p_team text, p_app text, p_event_id text, p_kind text, p_channel text, p_ts text, p_thread_ts text, p_user text, p_names text[], p_mentions text[], p_explicit boolean, p_rest text, p_text text, p_payload jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.take_slack_event(p_team text, p_app text, p_event_id text, p_kind text, p_channel text, p_ts text, p_thread_ts text, p_user text, p_names text[], p_mentions text[], p_explicit boolean, p_rest text, p_text text, p_payload jsonb) IS 'Keeps what Slack told until a bridge has done it.';

CREATE FUNCTION polaris.take_slack_install(p_state_hash bytea, p_web_session bigint) RETURNS TABLE(org_id bigint, slug text, actor text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_install polaris_data.slack_installs;
begin
  perform polaris_data.require_service();
  delete from polaris_data.slack_installs i
  where i.state_hash = p_state_hash and i.web_session_id = p_web_session and i.created_at >= v_now - interval '10 minutes'
  returning i.* into v_install;
  if not found then
    perform polaris_data.fail(404, 'slack_install_unknown', 'This connection was not begun here, or it is over.',
      'Begin again: settings, Slack, Connect Slack.');
  end if;
  perform polaris_data.require_admin(v_install.org_id, v_install.actor);
  return query select o.org_id, o.slug, v_install.actor from polaris_data.orgs o where o.org_id = v_install.org_id;
end;
$$;

ALTER FUNCTION polaris.take_slack_install(p_state_hash bytea, p_web_session bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.take_slack_install(p_state_hash bytea, p_web_session bigint) IS 'Gives out what begin_slack_install kept, once.';

CREATE FUNCTION polaris.touch_tokens(p_tokens bigint[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
  v_count integer;
begin
  perform polaris_data.require_service();
  with live as (
    select t.token_id from polaris_data.tokens t
    where t.token_id = any (p_tokens) and t.revoked_at is null and (t.expires_at is null or t.expires_at > v_now)
      and (t.last_used_at is null or t.last_used_at < v_now - interval '1 minute')
    order by t.token_id for no key update skip locked)
  update polaris_data.tokens t set last_used_at = v_now, expires_at = coalesce(v_now + t.life, t.expires_at)
  from live where t.token_id = live.token_id;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.touch_tokens(p_tokens bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.touch_tokens(p_tokens bigint[]) IS 'Notes that these tokens are in use.';

CREATE FUNCTION polaris.write_login_code(p_hash bytea, p_person bigint, p_org bigint, p_challenge text, p_redirect_uri text, p_machine text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  if polaris_data.member_of(p_org, p_person) is null then
    perform polaris_data.fail(404, 'no_such_member', 'You are no member of this organization.');
  end if;
  delete from polaris_data.login_codes c where c.created_at < v_now - interval '1 minute';
  insert into polaris_data.login_codes (hash, org_id, person_id, challenge, redirect_uri, machine, created_at)
  values (p_hash, p_org, p_person, p_challenge, p_redirect_uri, left(p_machine, 80), v_now);
end;
$$;

ALTER FUNCTION polaris.write_login_code(p_hash bytea, p_person bigint, p_org bigint, p_challenge text, p_redirect_uri text, p_machine text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.write_login_code(p_hash bytea, p_person bigint, p_org bigint, p_challenge text, p_redirect_uri text, p_machine text) IS 'Keeps an authorization code of polaris login in a browser.';

CREATE FUNCTION polaris.write_slack_channel(p_org bigint, p_fence bigint, p_project_id bigint, p_channel text, p_name text, p_state text, p_reason text DEFAULT NULL::text, p_shared boolean DEFAULT NULL::boolean) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_workspace polaris_data.slack_workspaces := polaris_data.require_fence(p_org, p_fence);
  v_old polaris_data.slack_channels;
  v_head bigint;
  v_cursor bigint;
  v_now timestamptz := clock_timestamp();
begin
  select h.last_seq, case when p.created_at > v_workspace.connected_at then 0 else h.last_seq end into strict v_head, v_cursor
  from polaris_data.projects p join polaris_data.project_heads h on h.org_id = p.org_id and h.project_id = p.project_id
  where p.org_id = p_org and p.project_id = p_project_id;
  insert into polaris_data.slack_channels (org_id, project_id, channel_id, name, state, reason, shared, hears, cursor, digest_seq, changed_at)
  values (p_org, p_project_id, p_channel, p_name, p_state, left(p_reason, 300), coalesce(p_shared, false), not coalesce(p_shared, false),
    v_cursor, v_cursor, v_now)
  on conflict (org_id, project_id) do nothing;
  if found then
    return 0;
  end if;
  select c.* into strict v_old from polaris_data.slack_channels c
  where c.org_id = p_org and c.project_id = p_project_id for no key update;
  update polaris_data.slack_channels set channel_id = p_channel, name = p_name, state = p_state, reason = left(p_reason, 300),
    shared = coalesce(p_shared, shared), hears = hears and not (coalesce(p_shared, false) and not v_old.shared), changed_at = v_now
  where org_id = p_org and project_id = p_project_id;
  if p_state in ('archived', 'left') then
    perform polaris_data.drop_slack_posts(p_org, p_project_id, 'the channel is ' || p_state);
  elsif p_state = 'live' and v_old.state in ('archived', 'left') then
    perform polaris_data.rest_slack(p_org, p_project_id, 'the channel was ' || v_old.state);
    return v_head - v_old.cursor;
  end if;
  return 0;
end;
$$;

ALTER FUNCTION polaris.write_slack_channel(p_org bigint, p_fence bigint, p_project_id bigint, p_channel text, p_name text, p_state text, p_reason text, p_shared boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.write_slack_channel(p_org bigint, p_fence bigint, p_project_id bigint, p_channel text, p_name text, p_state text, p_reason text, p_shared boolean) IS 'Writes what the bridge found out about a project''s channel.';

CREATE FUNCTION polaris.write_slack_people(p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean DEFAULT false) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
declare
  v_workspace polaris_data.slack_workspaces;
  v_person record;
  v_old polaris_data.slack_people;
  v_moved text[] := '{}';
  v_key bytea;
  v_who bytea;
  v_slug text;
  v_handle text;
  v_number integer;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.lock_slack(p_org); -- two who meet somebody new at once give one handle
  v_workspace := polaris_data.require_fence(p_org, p_fence);
  select o.redaction_key into strict v_key from polaris_data.orgs o where o.org_id = p_org;
  for v_person in
    select x.id, lower(x.username) as username, x.name, nullif(lower(btrim(x.email)), '') as email, x.picture, x.standing
    from jsonb_to_recordset(p_people) as x (id text, username text, name text, email text, picture text, standing text)
    where x.id <> '' order by x.id
  loop
    select s.* into v_old from polaris_data.slack_people s where s.org_id = p_org and s.user_id = v_person.id;
    if (v_old.email, v_old.standing) is distinct from (v_person.email, v_person.standing) then
      v_moved := v_moved || v_old.email || v_person.email;
    end if; -- else it is a status or a picture, of which Slack tells all day
    update polaris_data.slack_people set
      username = v_person.username, name = left(coalesce(v_person.name, v_person.id), 200), email = v_person.email,
      picture = left(v_person.picture, 1000), standing = v_person.standing, looked_up_at = v_now,
      member = case when member_by = 'email' and email is distinct from v_person.email then null else member end,
      member_by = case when member_by = 'email' and email is distinct from v_person.email then null else member_by end
    where org_id = p_org and user_id = v_person.id;
    if not found then
      v_who := sha256(v_key || convert_to(v_workspace.team_id || '/' || v_person.id, 'UTF8'));
      select h.handle into v_handle from polaris_data.slack_handles h
      where h.org_id = p_org and h.who between v_who and v_who order by h.who limit 1;
      if not found then
        select x.slug into strict v_slug from (
          select n, rtrim(left(ltrim(regexp_replace(regexp_replace(
            lower(normalize(text, NFKD)), E'[\u0300-\u036f]', '', 'g'), '[^a-z0-9]+', '-', 'g'), '-'), 56), '-') as slug
          from (values (1, v_person.name), (2, v_person.username), (3, v_person.id), (4, 'somebody')) as t (n, text)) x
        where x.slug <> '' order by x.n limit 1;
        v_handle := v_slug;
        v_number := 1;
        while exists (
          select from polaris_data.slack_handles h
          where h.org_id = p_org and h.handle between v_handle and v_handle order by h.handle limit 1
        ) loop
          v_number := v_number + 1;
          v_handle := v_slug || '-' || v_number;
        end loop;
        insert into polaris_data.slack_handles (org_id, handle, who) values (p_org, v_handle, v_who);
      end if;
      insert into polaris_data.slack_people (org_id, user_id, handle, username, name, email, picture, standing, looked_up_at)
      values (p_org, v_person.id, v_handle, v_person.username, left(coalesce(v_person.name, v_person.id), 200),
        v_person.email, left(v_person.picture, 1000), v_person.standing, v_now);
    end if;
    v_count := v_count + 1;
  end loop;
  perform polaris_data.match_slack(p_org, v_moved);
  if p_whole then
    update polaris_data.slack_workspaces set people_at = v_now where org_id = p_org;
  end if;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.write_slack_people(p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.write_slack_people(p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean) IS 'Writes what Slack says of people.';

CREATE FUNCTION polaris.write_slack_posts(p_org bigint, p_fence bigint, p_project_id bigint, p_from bigint, p_to bigint, p_posts jsonb, p_deliveries uuid[] DEFAULT '{}'::uuid[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_level text;
  v_post bigint;
begin
  perform polaris_data.require_fence(p_org, p_fence);
  perform from polaris_data.projects p
  where p.org_id = p_org and p.project_id = p_project_id and p.visibility = 'org' and p.archived_at is null for share;
  if not found then
    return false;
  end if;
  update polaris_data.slack_channels set cursor = p_to
  where org_id = p_org and project_id = p_project_id and cursor = p_from and p_to >= p_from and state = 'live'
  returning level into v_level;
  if not found then
    return false;
  end if;
  if v_level in ('all', 'final-only') then
    perform polaris_data.put_slack_posts(p_org, p_project_id, p_posts);
  end if;
  for v_post in
    select distinct a.post_id from polaris_data.slack_advice a
    where a.org_id = p_org and a.delivery_id = any (p_deliveries) order by a.post_id
  loop
    perform polaris_data.mark_slack_post(p_org, v_post);
  end loop;
  return true;
end;
$$;

ALTER FUNCTION polaris.write_slack_posts(p_org bigint, p_fence bigint, p_project_id bigint, p_from bigint, p_to bigint, p_posts jsonb, p_deliveries uuid[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.write_slack_posts(p_org bigint, p_fence bigint, p_project_id bigint, p_from bigint, p_to bigint, p_posts jsonb, p_deliveries uuid[]) IS 'Events of a project have become posts.';

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
  select format(E'Advice from %s (%s, same organization%s) for session %s/%s, sent %s:\n%s\n(polaris:advice:%s)',
    p_delivery.sender,
    case p_delivery.sender_class
      when 'human' then 'human'
      when 'agent' then case when p_delivery.sender like 'user:%' then 'the coding agent of this person' else 'coding agent' end
      else 'human, by way of Slack' end,
    coalesce('; reworded by ' || p_delivery.edited_by, ''),
    p_delivery.project, p_delivery.session, to_char(p_delivery.queued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
    polaris_data.neutralize(p_delivery.body), p_delivery.delivery_id);
$$;

ALTER FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) IS 'What an agent is shown of a piece of advice.';

CREATE FUNCTION polaris_data.audit_text(p_org bigint, p_id bigint, p_at timestamp with time zone, p_actor text, p_action text, p_target text, p_detail jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select string_agg(coalesce(octet_length(f.text)::text || ':' || f.text, '-'), E'\n' order by f.ord)
  from unnest(array[
    p_org::text, p_id::text, to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p_actor, p_action, p_target,
    p_detail::text]) with ordinality as f (text, ord);
$$;

ALTER FUNCTION polaris_data.audit_text(p_org bigint, p_id bigint, p_at timestamp with time zone, p_actor text, p_action text, p_target text, p_detail jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.audit_text(p_org bigint, p_id bigint, p_at timestamp with time zone, p_actor text, p_action text, p_target text, p_detail jsonb) IS 'What a row of the audit log is hashed over.';

CREATE FUNCTION polaris_data.brief_lines(p_org bigint, p_session bigint) RETURNS TABLE(rank integer, part text, at bigint, line text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  with session as (
    select s.*, p.name as project from polaris_data.sessions s
    join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
    where s.org_id = p_org and s.session_id = p_session
  ), recent as materialized (
    select e.seq, e.kind, e.actor, e.turn, e.body, e.payload, e.epoch from polaris_data.events e
    where e.org_id = p_org and e.session_id = p_session order by e.seq desc limit 2000
  ), first_prompt as (
    select e.seq, e.actor, e.body from (
      select e.seq, e.kind, e.actor, e.body from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session order by e.seq limit 200) e
    where e.kind = 'prompt' order by e.seq limit 1
  ), prompts as (
    select r.seq, r.actor, r.body, r.turn, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'prompt'
  ), files as (
    select x.path, max(x.seq) as seq, count(*) as times from (
      select r.seq, coalesce(r.payload #>> '{tool_input,file_path}', r.payload #>> '{tool_input,notebook_path}',
        r.payload #>> '{output,args,filePath}', r.payload #>> '{tool_info,file_path}') as path
      from recent r where r.kind = 'tool.call' and r.body ~* '^(edit|multiedit|write|write_file|replace|notebookedit|apply_patch|write_code)\M') x
    where x.path is not null group by x.path
  ), commands as (
    select r.seq, r.body, row_number() over (order by r.seq desc) as n from recent r
    where r.kind = 'tool.call' and r.body ~* '^(bash|shell|exec_command|run_shell_command|run_command)\M'
  )
  select 0, 'Session ' || s.project || '/' || s.name, 0::bigint,
    case when s.driver is null then 'Nobody drives it.' else format('%s drives it (epoch %s).', s.driver, s.epoch) end
  from session s
  union all
  select 1, 'Goal', f.seq, format('#%s %s first asked: %s', f.seq, f.actor, polaris_data.excerpt(f.body, 400)) from first_prompt f
  union all
  select 1, 'Goal', p.seq, format('#%s %s asked: %s', p.seq, p.actor, polaris_data.excerpt(p.body, 300))
  from prompts p where p.n <= 3 and p.seq not in (select f.seq from first_prompt f)
  union all
  select 2, 'Last answer', r.seq, format('#%s %s', r.seq, polaris_data.excerpt(r.body, 700))
  from recent r where r.kind = 'reply' and r.seq = (select max(x.seq) from recent x where x.kind = 'reply')
  union all
  select 3, 'Decisions', r.seq, format('#%s %s: %s', r.seq, r.actor, polaris_data.excerpt(r.body, 300))
  from recent r where r.kind = 'annotation'
  union all
  select 4, 'Open', p.seq, format('#%s has no answer yet: %s', p.seq, polaris_data.excerpt(p.body, 200))
  from prompts p
  where p.n = 1 and not exists (select from recent r where r.kind = 'reply' and r.seq > p.seq)
  union all
  select 4, 'Open', d.advice_seq, format('#%s advice of %s is %s: %s', d.advice_seq, d.sender, d.state, polaris_data.excerpt(d.body, 200))
  from polaris_data.deliveries d
  where d.org_id = p_org and d.session_id = p_session and d.state in ('held', 'queued', 'sent')
  union all
  select 5, 'Files changed', -f.seq, format('#%s %s%s', f.seq, polaris_data.excerpt(f.path, 200),
    case when f.times > 1 then format(' (%s times)', f.times) else '' end)
  from (select * from files order by seq desc limit 20) f
  union all
  select 6, 'Last commands', c.seq, format('#%s %s', c.seq, polaris_data.excerpt(c.body, 160)) from commands c where c.n <= 10
  union all
  select 7, 'Beside it', o.session_id, format('%s: %s, last event #%s %s', o.name, coalesce(o.driver || ' drives', 'nobody drives'), e.seq, e.kind)
  from session s
  join polaris_data.sessions o on o.org_id = p_org and o.project_id = s.project_id and o.session_id <> s.session_id and o.archived_at is null
  cross join lateral (
    select x.seq, x.kind from polaris_data.events x
    where x.org_id = p_org and x.session_id = o.session_id order by x.seq desc limit 1) e;
$$;

ALTER FUNCTION polaris_data.brief_lines(p_org bigint, p_session bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.brief_lines(p_org bigint, p_session bigint) IS 'The lines of a session''s brief.';

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

CREATE FUNCTION polaris_data.drop_slack_posts(p_org bigint, p_project bigint, p_reason text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  update polaris_data.slack_posts set
    state = 'dropped', reason = p_reason, text = case state when 'waiting' then '' else text end
  where org_id = p_org and (p_project is null or project_id = p_project) and state in ('waiting', 'posting', 'unsure');
$$;

ALTER FUNCTION polaris_data.drop_slack_posts(p_org bigint, p_project bigint, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.drop_slack_posts(p_org bigint, p_project bigint, p_reason text) IS 'Gives up what still waits to be posted.';

CREATE FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_driver text;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = p_project and s.archived_at is null order by s.session_id for no key update;
  for v_driver in
    select distinct s.driver from polaris_data.sessions s
    where s.org_id = p_org and s.project_id = p_project and not polaris_data.may_see(p_org, s.driver, p_project, p_visibility)
    order by s.driver
  loop
    perform polaris_data.end_seats(p_org, v_driver, p_project);
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) IS 'Opens the seats of those who may not see a project any more.';

CREATE FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions;
  v_now timestamptz := clock_timestamp();
  v_until timestamptz := case when p_to is not null then v_now + interval '5 minutes' end;
begin
  select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
  if v_session.driver is null then
    return;
  end if;
  update polaris_data.sessions set driver = null, lease_until = null, reserved_for = p_to, reserved_until = v_until
  where org_id = p_org and session_id = p_session;
  update polaris_data.seats set ended_at = v_now, ended_how = p_how
  where org_id = p_org and session_id = p_session and epoch = v_session.epoch;
  perform polaris_data.requeue_deliveries(p_org, p_session);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch,
    case p_how when 'expired' then 'driver.expired' else 'driver.released' end, v_session.driver, p_to,
    format(case p_how when 'expired' then 'the lease of %s on %s ran out' else '%s released %s' end, v_session.driver, v_session.name)
      || coalesce(' to ' || p_to, ''),
    jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch, 'how', p_how)
      || case when p_to is null then '{}' else jsonb_build_object('reserved_for', p_to, 'reserved_until', v_until) end,
    format('polaris:seat:%s:ended', v_session.epoch));
end;
$$;

ALTER FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text) IS 'Ends the held seat of a session.';

CREATE FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint DEFAULT NULL::bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.driver = p_actor and (p_project is null or s.project_id = p_project)
  order by s.project_id, s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver = p_actor and (p_project is null or s.project_id = p_project)
    order by s.project_id, s.session_id
  loop
    perform polaris_data.end_seat(p_org, v_session, 'released');
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint) IS 'Opens the seats that a participant holds.';

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
  -- A session may be restored and archived again: the time makes each its own event.
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch, 'session.archived', p_actor, null,
    format('%s archived session %s', p_actor, v_session.name), null, 'polaris:session.archived:' || extract(epoch from v_now));
end;
$$;

ALTER FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) IS 'Archives a session.';

CREATE FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project bigint;
begin
  perform from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = p_org and p.visibility <> 'org' and s.archived_at is null
  order by s.project_id, s.session_id for no key update of s;
  for v_project in
    select distinct s.project_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver = p_actor and not polaris_data.may_see_id(p_org, p_actor, s.project_id)
    order by s.project_id
  loop
    perform polaris_data.end_seats(p_org, p_actor, v_project);
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) IS 'Opens the seats that a participant holds in projects that it may not see any more.';

CREATE FUNCTION polaris_data.excerpt(p_text text, p_characters integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case when char_length(x.line) <= p_characters then x.line else left(x.line, p_characters - 1) || '…' end
  from (
    select substr(polaris_data.neutralize(btrim(regexp_replace(left(p_text, 4 * p_characters), '\s+', ' ', 'g'))), 3) as line) x;
$$;

ALTER FUNCTION polaris_data.excerpt(p_text text, p_characters integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.excerpt(p_text text, p_characters integer) IS 'The beginning of a text on one line.';

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

CREATE TABLE polaris_data.invites (
    org_id bigint NOT NULL,
    invite_id bigint NOT NULL,
    hash bytea NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    handle text,
    invited_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by text,
    revoked_at timestamp with time zone,
    CONSTRAINT invite_hash_is_sha256 CHECK ((octet_length(hash) = 32)),
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text])))
);

ALTER TABLE polaris_data.invites OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.invites IS 'Invitations to an address: a link that is good once. handle: the member whom the invited person becomes.';

CREATE FUNCTION polaris_data.find_invite(p_org_slug text, p_hash bytea) RETURNS polaris_data.invites
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_invite polaris_data.invites;
begin
  select i.* into v_invite from polaris_data.orgs o
  join polaris_data.invites i on i.org_id = o.org_id and i.hash = p_hash
  where o.slug = p_org_slug;
  if not found or v_invite.accepted_at is not null or v_invite.revoked_at is not null or v_invite.expires_at <= clock_timestamp()
    or (v_invite.invited_by <> 'polaris' and polaris_data.role_of(v_invite.org_id, v_invite.invited_by) is distinct from 'admin') then
    perform polaris_data.fail(404, 'no_such_invite', 'This invitation is not good any more.', 'Ask an administrator for a new one.');
  end if;
  return v_invite;
end;
$$;

ALTER FUNCTION polaris_data.find_invite(p_org_slug text, p_hash bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.find_invite(p_org_slug text, p_hash bytea) IS 'An invitation by its link, if it is still good.';

CREATE TABLE polaris_data.projects (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    name text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    archived_at timestamp with time zone,
    first_seq bigint DEFAULT 1 NOT NULL,
    visibility text DEFAULT 'org'::text NOT NULL,
    CONSTRAINT name_is_a_slug CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
    CONSTRAINT visibility_is_known CHECK ((visibility = ANY (ARRAY['org'::text, 'private'::text])))
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
  if not found or (v_project.visibility <> 'org' and not polaris_data.may_see(p_org, p_actor, v_project.project_id, v_project.visibility)) then
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
    reserved_for text,
    reserved_until timestamp with time zone,
    CONSTRAINT held_seat_has_a_lease CHECK (((driver IS NULL) = (lease_until IS NULL))),
    CONSTRAINT name_is_a_slug CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
    CONSTRAINT reservation_is_whole CHECK (((reserved_for IS NULL) = (reserved_until IS NULL)))
)
WITH (fillfactor='70');

ALTER TABLE polaris_data.sessions OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.sessions IS 'Workstreams. driver null = the seat is open; an open seat keeps its last epoch.';

COMMENT ON COLUMN polaris_data.sessions.reserved_for IS 'Whom the last driver released the open seat to; nobody else takes it before reserved_until.';

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

CREATE FUNCTION polaris_data.forget_slack(p_org bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Channels before posts, as everybody locks them.
  delete from polaris_data.slack_channels where org_id = p_org;
  delete from polaris_data.slack_advice where org_id = p_org;
  delete from polaris_data.slack_posts where org_id = p_org;
  delete from polaris_data.slack_inbox where org_id = p_org;
  delete from polaris_data.slack_people where org_id = p_org;
end;
$$;

ALTER FUNCTION polaris_data.forget_slack(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.forget_slack(p_org bigint) IS 'Deletes what came from Slack.';

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

CREATE FUNCTION polaris_data.lock_project(p_org bigint, p_actor text, p_project text) RETURNS polaris_data.projects
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project polaris_data.projects := polaris_data.find_project(p_org, p_actor, p_project);
begin
  perform from polaris_data.projects p where p.org_id = p_org and p.project_id = v_project.project_id for no key update;
  return polaris_data.find_project(p_org, p_actor, p_project);
end;
$$;

ALTER FUNCTION polaris_data.lock_project(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_project(p_org bigint, p_actor text, p_project text) IS 'A project by its name, locked until commit.';

CREATE FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) RETURNS polaris_data.sessions
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions := polaris_data.find_session(p_org, p_actor, p_project, p_session);
begin
  select s.* into v_session from polaris_data.sessions s
  where s.org_id = p_org and s.session_id = v_session.session_id for no key update;
  perform polaris_data.find_project(p_org, p_actor, p_project);
  return v_session;
end;
$$;

ALTER FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) IS 'A session by its names, locked until commit.';

CREATE FUNCTION polaris_data.lock_slack(p_org bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select from polaris_data.slack_workspaces w where w.org_id = p_org for no key update;
$$;

ALTER FUNCTION polaris_data.lock_slack(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_slack(p_org bigint) IS 'Locks an organization''s workspace until commit.';

CREATE FUNCTION polaris_data.mark_slack_post(p_org bigint, p_post bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_reaction text;
  v_now timestamptz := clock_timestamp();
begin
  perform from polaris_data.slack_posts o where o.org_id = p_org and o.post_id = p_post for no key update;
  select x.reaction into v_reaction from polaris_data.slack_advice a
  join polaris_data.deliveries d on d.org_id = a.org_id and d.delivery_id = a.delivery_id
  join (values
    ('failed', 1, 'warning'), ('expired', 1, 'warning'), ('declined', 2, 'no_entry_sign'), ('held', 3, 'raised_hand'),
    ('queued', 4, 'inbox_tray'), ('sent', 5, 'hourglass_flowing_sand'), ('seen', 6, 'eyes'), ('answered', 7, 'white_check_mark')
  ) as x (state, rank, reaction) on x.state = d.state
  where a.org_id = p_org and a.post_id = p_post and not a.withdrawn
  order by x.rank limit 1;
  update polaris_data.slack_posts set reaction = v_reaction, due_at = case when ts is null then due_at else least(due_at, v_now) end
  where org_id = p_org and post_id = p_post and reaction is distinct from v_reaction;
end;
$$;

ALTER FUNCTION polaris_data.mark_slack_post(p_org bigint, p_post bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.mark_slack_post(p_org bigint, p_post bigint) IS 'Sets the reaction that a message should have.';

CREATE FUNCTION polaris_data.match_member(p_org bigint, p_handle text, p_before text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
  perform polaris_data.lock_slack(p_org);
  perform polaris_data.match_slack(p_org, array(
    select p.email from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
    where m.org_id = p_org and m.handle = p_handle
    union all
    select s.email from polaris_data.slack_people s where s.org_id = p_org and s.member = p_handle and s.member_by = 'email'
    union all
    select p_before));
end;
$$;

ALTER FUNCTION polaris_data.match_member(p_org bigint, p_handle text, p_before text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.match_member(p_org bigint, p_handle text, p_before text) IS 'Finds a member in the workspace of its organization.';

CREATE FUNCTION polaris_data.match_slack(p_org bigint, p_emails text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  v_email text;
  v_member text;
begin
  perform polaris_data.lock_slack(p_org);
  for v_email in select distinct lower(x.email) from unnest(p_emails) as x (email) where x.email <> '' order by 1 loop
    v_member := null;
    if (select count(*) = 1 from polaris_data.slack_people s where s.org_id = p_org and s.email = v_email and s.standing = 'full') then
      select min(m.handle) into v_member from polaris_data.people p
      join polaris_data.members m on m.org_id = p_org and m.person_id = p.person_id and m.removed_at is null
      where lower(p.email) = v_email having count(*) = 1;
    end if;
    update polaris_data.slack_people s set
      member = case s.standing when 'full' then v_member end,
      member_by = case when s.standing = 'full' and v_member is not null then 'email' end
    where s.org_id = p_org and s.email = v_email and s.member_by is distinct from 'admin'
      and s.member is distinct from case s.standing when 'full' then v_member end;
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.match_slack(p_org bigint, p_emails text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.match_slack(p_org bigint, p_emails text[]) IS 'Finds out which members the people of the workspace are.';

CREATE FUNCTION polaris_data.may_see(p_org bigint, p_actor text, p_project bigint, p_visibility text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select p_visibility = 'org' or p_actor is null or exists (
    select from polaris_data.project_members m where m.org_id = p_org and m.project_id = p_project and m.actor = p_actor)
  or polaris_data.role_of(p_org, p_actor) = 'admin';
$$;

ALTER FUNCTION polaris_data.may_see(p_org bigint, p_actor text, p_project bigint, p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.may_see(p_org bigint, p_actor text, p_project bigint, p_visibility text) IS 'Whether a participant may see a project.';

CREATE FUNCTION polaris_data.may_see_id(p_org bigint, p_actor text, p_project bigint) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (
    select from polaris_data.projects p
    where p.org_id = p_org and p.project_id = p_project and polaris_data.may_see(p_org, p_actor, p.project_id, p.visibility));
$$;

ALTER FUNCTION polaris_data.may_see_id(p_org bigint, p_actor text, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.may_see_id(p_org bigint, p_actor text, p_project bigint) IS 'Whether a participant may see a project, by its number.';

CREATE FUNCTION polaris_data.member_of(p_org bigint, p_person bigint) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select 'user:' || m.handle from polaris_data.members m
  where m.org_id = p_org and m.person_id = p_person and m.removed_at is null;
$$;

ALTER FUNCTION polaris_data.member_of(p_org bigint, p_person bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.member_of(p_org bigint, p_person bigint) IS 'The participant that a person is in an organization.';

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
      'path', v_new.path, 'attempts', v_new.attempts)
      || case when v_new.edited_by is null then '{}' else jsonb_build_object('edited_by', v_new.edited_by) end,
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

CREATE FUNCTION polaris_data.next_digest(p_org bigint, p_now timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case when x.today > p_now then x.today else x.today + interval '24 hours' end
  from (
    select date_trunc('day', p_now, 'UTC') + make_interval(hours => w.digest_hour) as today
    from polaris_data.slack_workspaces w where w.org_id = p_org) x;
$$;

ALTER FUNCTION polaris_data.next_digest(p_org bigint, p_now timestamp with time zone) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.next_digest(p_org bigint, p_now timestamp with time zone) IS 'When the next digest of an organization is due.';

CREATE FUNCTION polaris_data.place_slack_post(p_org bigint, p_post_id bigint, p_ts text, p_version integer) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_post polaris_data.slack_posts;
  v_now timestamptz := clock_timestamp();
begin
  select o.* into v_post from polaris_data.slack_posts o where o.org_id = p_org and o.post_id = p_post_id for no key update;
  if not found then
    return 'known';
  elsif v_post.ts is null then
    update polaris_data.slack_posts set
      state = 'posted', ts = p_ts, shown = coalesce(p_version, 1), posted_at = v_now, reason = null,
      due_at = case when kind = 'tools' then v_now + interval '3 seconds' else v_now end
    where org_id = p_org and post_id = p_post_id;
    return 'posted';
  elsif exists (
    select from polaris_data.slack_posts o where o.org_id = p_org and o.channel_id = v_post.channel_id and o.ts = p_ts) then
    return 'known';
  end if;
  insert into polaris_data.slack_posts (
    org_id, project_id, lane, key, kind, session_id, channel_id, text, shown, extra_ts, state, ts, made_at, due_at, reason)
  values (
    p_org, v_post.project_id, 'side', 'copy:' || p_ts, 'note', v_post.session_id, v_post.channel_id, '', 1, p_ts, 'dropped', p_ts,
    v_now, v_now, 'a second copy')
  on conflict (org_id, project_id, key) do nothing;
  update polaris_data.slack_posts set doubles = doubles + 1 where org_id = p_org and post_id = p_post_id;
  return 'double';
end;
$$;

ALTER FUNCTION polaris_data.place_slack_post(p_org bigint, p_post_id bigint, p_ts text, p_version integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.place_slack_post(p_org bigint, p_post_id bigint, p_ts text, p_version integer) IS 'A message of ours stands in Slack at this ts.';

CREATE FUNCTION polaris_data.policy_of(p_org bigint, p_project bigint, p_session bigint, p_class text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce((
    select o.policy from polaris_data.policies o
    where o.org_id = p_org and o.project_id = p_project and o.session_id in (0, p_session) and o.sender_class = p_class
    order by o.session_id desc limit 1), 'auto');
$$;

ALTER FUNCTION polaris_data.policy_of(p_org bigint, p_project bigint, p_session bigint, p_class text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.policy_of(p_org bigint, p_project bigint, p_session bigint, p_class text) IS 'What is in force for a class of sender.';

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

CREATE FUNCTION polaris_data.put_slack_posts(p_org bigint, p_project_id bigint, p_posts jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_post record;
  v_old polaris_data.slack_posts;
  v_key text;
  v_id bigint;
  v_now timestamptz := clock_timestamp();
begin
  for v_post in
    select x.* from jsonb_array_elements(p_posts) with ordinality as e (item, n)
    cross join lateral jsonb_to_record(e.item) as x (
      key text, kind text, text text, calls integer, session text, seq bigint, author text, picture text, emoji text,
      thread_ts text, thread_key text, recipient text, delivery uuid)
    order by e.n
  loop
    if v_post.delivery is not null and v_post.kind = 'advice' then
      -- What was said in Slack stands there already.
      continue when exists (
        select from polaris_data.slack_advice a where a.org_id = p_org and a.delivery_id = v_post.delivery);
    elsif v_post.delivery is not null then
      select o.key, case when o.kind = 'theirs' then o.ts end into v_post.thread_key, v_post.thread_ts from polaris_data.slack_advice a
      join polaris_data.slack_posts o on o.org_id = a.org_id and o.post_id = a.post_id
      where a.org_id = p_org and a.delivery_id = v_post.delivery and not a.withdrawn;
      continue when not found;
    end if;
    v_key := v_post.key;
    if v_post.kind = 'tools' then
      update polaris_data.slack_posts set
        text = v_post.text, calls = calls + coalesce(v_post.calls, 0), version = version + 1
      where org_id = p_org and project_id = p_project_id and key = v_key and state not in ('failed', 'dropped');
      continue when found;
    elsif v_post.kind = 'text' and exists (
      select from polaris_data.slack_posts o where o.org_id = p_org and o.project_id = p_project_id and o.key = v_key) then
      v_key := 'e:' || v_post.seq;
    end if;
    if v_post.kind = 'text' and v_key not like 'turn:%' then
      select o.* into v_old from polaris_data.slack_posts o
      where o.org_id = p_org and o.project_id = p_project_id and o.lane = 'channel' and o.state in ('waiting', 'posting', 'unsure')
      order by o.post_id desc limit 1 for no key update;
      if v_old.kind = 'text' and v_old.state = 'waiting' and v_old.attempts = 0
        and (v_old.author, v_old.picture, v_old.emoji, v_old.thread_key, v_old.thread_ts)
          is not distinct from (v_post.author, v_post.picture, v_post.emoji, v_post.thread_key, v_post.thread_ts)
        and char_length(v_old.text) + char_length(v_post.text) < 2900
        and v_old.session_id is not distinct from (select s.session_id from polaris_data.sessions s
          where s.org_id = p_org and s.project_id = p_project_id and s.name = v_post.session) then
        update polaris_data.slack_posts set text = text || E'\n' || v_post.text where org_id = p_org and post_id = v_old.post_id;
        continue;
      end if;
    end if;
    insert into polaris_data.slack_posts (
      org_id, project_id, lane, key, kind, session_id, seq, thread_key, thread_ts, recipient, author, picture, emoji, text, calls,
      state, made_at, due_at)
    values (
      p_org, p_project_id, case when v_post.kind in ('hint', 'invite') then 'side' else 'channel' end, v_key, v_post.kind,
      (select s.session_id from polaris_data.sessions s
       where s.org_id = p_org and s.project_id = p_project_id and s.name = v_post.session),
      v_post.seq, v_post.thread_key, v_post.thread_ts, v_post.recipient, v_post.author, v_post.picture, v_post.emoji,
      coalesce(v_post.text, ''), coalesce(v_post.calls, 0), 'waiting', v_now, v_now)
    on conflict (org_id, project_id, key) do update set state = 'waiting', attempts = 0, due_at = v_now, reason = null
    where slack_posts.kind = 'invite' and slack_posts.state in ('posted', 'failed', 'dropped') and slack_posts.channel_id is distinct from (
      select c.channel_id from polaris_data.slack_channels c where c.org_id = p_org and c.project_id = p_project_id)
    returning post_id into v_id;
    if found and v_post.kind = 'advice' and v_post.delivery is not null then
      insert into polaris_data.slack_advice (org_id, delivery_id, post_id, at) values (p_org, v_post.delivery, v_id, v_now);
      perform polaris_data.mark_slack_post(p_org, v_id);
    end if;
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.put_slack_posts(p_org bigint, p_project_id bigint, p_posts jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.put_slack_posts(p_org bigint, p_project_id bigint, p_posts jsonb) IS 'Writes what is to be posted in a project''s channel.';

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

CREATE FUNCTION polaris_data.require_auditor(p_org bigint, p_actor text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return v_me.org_id;
end;
$$;

ALTER FUNCTION polaris_data.require_auditor(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_auditor(p_org bigint, p_actor text) IS 'Which audit log the caller may read.';

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

CREATE TABLE polaris_data.slack_workspaces (
    team_id text NOT NULL,
    org_id bigint NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    url text,
    bot_user_id text NOT NULL,
    bot_id text,
    scopes text[] NOT NULL,
    token bytea,
    token_key text,
    state text NOT NULL,
    reason text,
    connected_by text NOT NULL,
    connected_at timestamp with time zone NOT NULL,
    people_at timestamp with time zone,
    hears_everybody boolean DEFAULT true NOT NULL,
    invites_drivers boolean DEFAULT true NOT NULL,
    threads_turns boolean DEFAULT false NOT NULL,
    digest_hour integer DEFAULT 16 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    holder text,
    lease_until timestamp with time zone,
    CONSTRAINT digest_hour_is_sane CHECK (((digest_hour >= 0) AND (digest_hour <= 23))),
    CONSTRAINT lease_has_a_holder CHECK (((holder IS NULL) = (lease_until IS NULL))),
    CONSTRAINT workspace_has_a_token CHECK ((((state = 'disconnected'::text) = (token IS NULL)) AND ((token IS NULL) = (token_key IS NULL)))),
    CONSTRAINT workspace_state_is_known CHECK ((state = ANY (ARRAY['connected'::text, 'refused'::text, 'disconnected'::text])))
);

ALTER TABLE polaris_data.slack_workspaces OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_workspaces IS 'Global directory: which Slack workspace belongs to which organization, and which bridge writes there.';

COMMENT ON COLUMN polaris_data.slack_workspaces.token IS 'The bot token, sealed by the service under the key named token_key, which is not in the database.';

COMMENT ON COLUMN polaris_data.slack_workspaces.people_at IS 'When the list of people was last read whole.';

COMMENT ON COLUMN polaris_data.slack_workspaces.fence IS 'Rises with each new holder of the lease: a bridge that lost it writes nothing any more.';

CREATE FUNCTION polaris_data.require_fence(p_org bigint, p_fence bigint) RETURNS polaris_data.slack_workspaces
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_workspace polaris_data.slack_workspaces;
begin
  perform polaris_data.require_service();
  select w.* into v_workspace from polaris_data.slack_workspaces w where w.org_id = p_org for share;
  if not found or v_workspace.fence is distinct from p_fence or v_workspace.state <> 'connected' then
    perform polaris_data.fail(409, 'bridge_was_replaced', 'This bridge does not have the workspace any more.',
      'Another one has it, or it was disconnected.');
  end if;
  return v_workspace;
end;
$$;

ALTER FUNCTION polaris_data.require_fence(p_org bigint, p_fence bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_fence(p_org bigint, p_fence bigint) IS 'Lets a bridge write that has the lease still.';

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

CREATE FUNCTION polaris_data.require_maker(p_org bigint, p_actor text, p_created_by text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if p_created_by is distinct from p_actor then
    perform polaris_data.require_admin(p_org, p_actor);
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_maker(p_org bigint, p_actor text, p_created_by text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_maker(p_org bigint, p_actor text, p_created_by text) IS 'Lets whoever made something pass, and administrators.';

CREATE FUNCTION polaris_data.require_other_admin(p_org bigint, p_handle text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform from polaris_data.members m
  where m.org_id = p_org and (m.role = 'admin' or m.handle = p_handle) and m.removed_at is null order by m.handle for no key update;
  if not exists (
    select from polaris_data.members m
    where m.org_id = p_org and m.role = 'admin' and m.removed_at is null and m.handle <> p_handle) then
    perform polaris_data.fail(409, 'last_admin', format('user:%s is the last administrator.', p_handle), 'Make somebody else one first.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_other_admin(p_org bigint, p_handle text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_other_admin(p_org bigint, p_handle text) IS 'Checks that an administrator remains.';

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

CREATE FUNCTION polaris_data.require_role(p_role text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if p_role is null or p_role not in ('admin', 'member') then
    perform polaris_data.fail(422, 'role_is_known', 'A role is admin or member.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_role(p_role text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_role(p_role text) IS 'Checks a role: admin or member.';

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

CREATE FUNCTION polaris_data.require_visibility(p_visibility text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if p_visibility is null or p_visibility not in ('org', 'private') then
    perform polaris_data.fail(422, 'visibility_is_known', 'A project is open to the organization (org) or private.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_visibility(p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_visibility(p_visibility text) IS 'Checks a visibility: org or private.';

CREATE FUNCTION polaris_data.rest_slack(p_org bigint, p_project bigint, p_reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_head bigint;
begin
  select h.last_seq into strict v_head from polaris_data.project_heads h where h.org_id = p_org and h.project_id = p_project;
  update polaris_data.slack_channels set cursor = v_head, digest_seq = v_head where org_id = p_org and project_id = p_project;
  perform polaris_data.drop_slack_posts(p_org, p_project, p_reason);
end;
$$;

ALTER FUNCTION polaris_data.rest_slack(p_org bigint, p_project bigint, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.rest_slack(p_org bigint, p_project bigint, p_reason text) IS 'The channel of a project rested, or is to rest.';

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
      d.epoch, d.queued_at, d.sent_at, d.seen_at, d.answered_at, d.expires_at, d.edited_by
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

CREATE FUNCTION polaris_data.show_domains(p_org bigint, p_domain text DEFAULT NULL::text) RETURNS SETOF polaris_data.domain_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select d.domain, d.how, d.proof, d.created_by, d.created_at, d.proven_at
  from polaris_data.domains d
  where d.org_id = p_org and (p_domain is null or d.domain = p_domain)
  order by d.domain;
$$;

ALTER FUNCTION polaris_data.show_domains(p_org bigint, p_domain text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_domains(p_org bigint, p_domain text) IS 'Domains as they are listed.';

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

CREATE FUNCTION polaris_data.show_invites(p_org bigint, p_invite bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.invite_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select i.invite_id, i.email, i.role, i.handle, i.invited_by, i.created_at, i.expires_at, i.accepted_at, i.accepted_by, i.revoked_at
  from polaris_data.invites i
  where i.org_id = p_org and (p_invite is null or i.invite_id = p_invite)
  order by i.invite_id;
$$;

ALTER FUNCTION polaris_data.show_invites(p_org bigint, p_invite bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_invites(p_org bigint, p_invite bigint) IS 'Invitations as they are listed.';

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
     where s.org_id = p_org and s.project_id = p.project_id and s.archived_at is null),
    p.visibility
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
      where d.org_id = p_org and d.session_id = s.session_id and d.state in ('held', 'queued', 'sent')),
    (select t.claimed_at from polaris_data.seats t
      where t.org_id = p_org and t.session_id = s.session_id and t.epoch = s.epoch and t.ended_at is null),
    case when s.driver is null and s.reserved_until > clock_timestamp() then s.reserved_for end,
    case when s.driver is null and s.reserved_until > clock_timestamp() then s.reserved_until end
  from polaris_data.sessions s
  join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
  where s.org_id = p_org and s.project_id = p_project and (p_session is null or s.session_id = p_session)
  order by s.name;
$$;

ALTER FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) IS 'The sessions of a project as everybody is shown them.';

CREATE FUNCTION polaris_data.show_slack(p_org bigint) RETURNS SETOF polaris_data.slack_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select w.org_id, w.team_id, w.app_id, w.name, w.url, w.bot_user_id, w.bot_id, w.scopes, w.state, w.reason, w.connected_by,
    w.connected_at, w.people_at, w.hears_everybody, w.invites_drivers, w.threads_turns, w.digest_hour, w.holder, w.lease_until
  from polaris_data.slack_workspaces w where w.org_id = p_org;
$$;

ALTER FUNCTION polaris_data.show_slack(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_slack(p_org bigint) IS 'An organization''s workspace as it may be shown.';

CREATE FUNCTION polaris_data.show_slack_people(p_org bigint, p_users text[], p_members text[]) RETURNS SETOF polaris_data.slack_person_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select s.user_id, s.handle, s.username, s.name, s.email, s.picture, s.standing, s.member, s.member_by,
    case
      when s.standing <> 'full' then null
      when m.handle is not null then 'user:' || m.handle
      when w.hears_everybody then 'slack:' || s.handle
    end, s.looked_up_at
  from polaris_data.slack_people s
  left join polaris_data.slack_workspaces w on w.org_id = p_org
  left join polaris_data.members m on m.org_id = p_org and m.handle = s.member and m.removed_at is null
  where s.org_id = p_org and s.user_id = any (coalesce(p_users, array(
    select x.user_id from polaris_data.slack_people x where x.org_id = p_org and (p_members is null or x.member = any (p_members)))))
  order by s.standing <> 'full', s.name, s.user_id;
$$;

ALTER FUNCTION polaris_data.show_slack_people(p_org bigint, p_users text[], p_members text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_slack_people(p_org bigint, p_users text[], p_members text[]) IS 'People of the workspace and as whom they speak.';

CREATE FUNCTION polaris_data.show_slack_posts(p_org bigint, p_posts bigint[]) RETURNS SETOF polaris_data.slack_post_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select o.post_id, o.project_id, p.name, s.name, o.lane, o.key, o.kind, o.seq, coalesce(o.channel_id, c.channel_id),
    coalesce(o.thread_ts, (select t.ts from polaris_data.slack_posts t
      where t.org_id = p_org and t.project_id = o.project_id and t.key = o.thread_key and t.channel_id = coalesce(o.channel_id, c.channel_id))),
    o.recipient, o.author, o.picture, o.emoji, o.text, o.calls, o.version, o.shown, o.reaction, o.reaction_shown, o.extra_ts, o.state,
    o.ts, o.attempts, o.repeats
  from polaris_data.slack_posts o
  join polaris_data.projects p on p.org_id = p_org and p.project_id = o.project_id
  left join polaris_data.slack_channels c on c.org_id = p_org and c.project_id = o.project_id
  left join polaris_data.sessions s on s.org_id = p_org and s.session_id = o.session_id
  where o.org_id = p_org and o.post_id = any (p_posts)
  order by o.post_id;
$$;

ALTER FUNCTION polaris_data.show_slack_posts(p_org bigint, p_posts bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_slack_posts(p_org bigint, p_posts bigint[]) IS 'Posts with all that sending them needs.';

CREATE FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint DEFAULT NULL::bigint, p_of text DEFAULT NULL::text) RETURNS SETOF polaris_data.token_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select t.token_id, t.actor, t.name, t.shown, p.name, t.issued_by, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
    t.life is not null
  from polaris_data.tokens t
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = t.project_id
  where t.org_id = p_org
    and (p_token is null or t.token_id = p_token)
    and (p_of is null or t.actor = p_of or t.issued_by = p_of)
  order by t.token_id;
$$;

ALTER FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) IS 'Tokens as they are listed: never the secret, nor its hash.';

CREATE FUNCTION polaris_data.show_web_sessions(p_session bigint) RETURNS SETOF polaris_data.web_session_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select w.web_session_id, p.person_id, p.issuer, p.email, p.name, p.picture, p.domain, w.created_at,
    least(w.seen_at + interval '12 hours', w.created_at + interval '7 days')
  from polaris_data.web_sessions w
  join polaris_data.people p on p.person_id = w.person_id
  where w.web_session_id = p_session;
$$;

ALTER FUNCTION polaris_data.show_web_sessions(p_session bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_web_sessions(p_session bigint) IS 'A web session as it is answered.';

CREATE FUNCTION polaris_data.slack_actor(p_org bigint, p_user text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select s.actor from polaris_data.show_slack_people(p_org, array[p_user], null) s;
$$;

ALTER FUNCTION polaris_data.slack_actor(p_org bigint, p_user text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.slack_actor(p_org bigint, p_user text) IS 'As whom a person of the workspace speaks.';

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
  elsif v_session.lease_until > v_now or (v_session.reserved_for <> p_actor and v_session.reserved_until > v_now) then
    return null;
  end if;
  perform polaris_data.end_seat(p_org, p_session, 'expired');
  update polaris_data.sessions set driver = p_actor, epoch = v_session.epoch + 1, lease_until = v_lease,
    reserved_for = null, reserved_until = null
  where org_id = p_org and session_id = p_session;
  insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at)
  values (p_org, p_session, v_session.epoch + 1, p_actor, v_now);
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch + 1, 'driver.claimed', p_actor, null,
    format('%s drives %s', p_actor, v_session.name), jsonb_build_object('driver', p_actor, 'epoch', v_session.epoch + 1),
    format('polaris:seat:%s:claimed', v_session.epoch + 1));
  if v_session.driver is not null then
    perform polaris_data.write_audit(p_org, p_actor, 'seat.taken_over', v_session.driver,
      jsonb_build_object('project', (select p.name from polaris_data.projects p where p.org_id = p_org and p.project_id = v_session.project_id),
        'session', v_session.name, 'epoch', v_session.epoch + 1));
  end if;
  return true;
end;
$$;

ALTER FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) IS 'Takes the seat of a session, if it is free.';

CREATE FUNCTION polaris_data.tg_audit__append_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.fail(403, 'audit_is_append_only', 'The audit log is not rewritten.');
  return null;
end;
$$;

ALTER FUNCTION polaris_data.tg_audit__append_only() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.tg_audit__append_only() IS 'Guards the audit log: nobody changes or deletes a row.';

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

CREATE FUNCTION polaris_data.was_removed(p_org bigint, p_person bigint) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (select from polaris_data.members m where m.org_id = p_org and m.person_id = p_person and m.removed_at is not null)
    and not exists (select from polaris_data.members m where m.org_id = p_org and m.person_id = p_person and m.removed_at is null);
$$;

ALTER FUNCTION polaris_data.was_removed(p_org bigint, p_person bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.was_removed(p_org bigint, p_person bigint) IS 'Whether a person was a member here and is no more.';

CREATE FUNCTION polaris_data.write_audit(p_org bigint, p_actor text, p_action text, p_target text DEFAULT NULL::text, p_detail jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_head polaris_data.audit_heads;
  v_now timestamptz;
  v_hash bytea;
begin
  insert into polaris_data.audit_heads (org_id) values (p_org) on conflict do nothing;
  select h.* into strict v_head from polaris_data.audit_heads h where h.org_id = p_org for no key update;
  v_now := clock_timestamp();
  v_hash := sha256(v_head.last_hash || convert_to(
    polaris_data.audit_text(p_org, v_head.last_id + 1, v_now, p_actor, p_action, p_target, p_detail), 'UTF8'));
  insert into polaris_data.audit (org_id, audit_id, at, actor, action, target, detail, prev_hash, hash)
  values (p_org, v_head.last_id + 1, v_now, p_actor, p_action, p_target, p_detail, v_head.last_hash, v_hash);
  update polaris_data.audit_heads set last_id = v_head.last_id + 1, last_hash = v_hash where org_id = p_org;
  return v_head.last_id + 1;
end;
$$;

ALTER FUNCTION polaris_data.write_audit(p_org bigint, p_actor text, p_action text, p_target text, p_detail jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_audit(p_org bigint, p_actor text, p_action text, p_target text, p_detail jsonb) IS 'Writes a row of an organization''s audit log.';

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

CREATE FUNCTION polaris_data.write_member(p_org bigint, p_person bigint, p_handle text, p_role text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_known polaris_data.members;
begin
  perform from polaris_data.people p where p.person_id = p_person for no key update; -- two ways in at once are one membership
  select m.* into v_known from polaris_data.members m
  where m.org_id = p_org and m.person_id = p_person order by m.removed_at desc nulls first, m.handle limit 1;
  if v_known.handle is not null and v_known.removed_at is null then
    perform polaris_data.fail(409, 'already_member', format('This person is user:%s here already.', v_known.handle));
  elsif v_known.handle = p_handle then
    update polaris_data.members set removed_at = null, role = p_role where org_id = p_org and handle = p_handle;
    perform polaris_data.match_member(p_org, p_handle);
    return;
  elsif v_known.handle is not null then
    perform polaris_data.fail(409, 'member_exists', format('This person was user:%s here.', v_known.handle),
      format('Use the handle %s again.', v_known.handle));
  end if;
  insert into polaris_data.members (org_id, handle, person_id, role) values (p_org, p_handle, p_person, p_role)
  on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'member_exists', format('There is, or was, a member user:%s.', p_handle), 'Choose another handle.');
  end if;
  perform polaris_data.match_member(p_org, p_handle);
end;
$$;

ALTER FUNCTION polaris_data.write_member(p_org bigint, p_person bigint, p_handle text, p_role text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_member(p_org bigint, p_person bigint, p_handle text, p_role text) IS 'Writes a membership.';

CREATE FUNCTION polaris_data.write_org(p_slug text, p_name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_org bigint;
begin
  perform polaris_data.require_slug(p_slug);
  insert into polaris_data.orgs (slug, name, redaction_key)
  values (p_slug, left(coalesce(nullif(btrim(p_name), ''), p_slug), 100),
    decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
  on conflict do nothing
  returning org_id into v_org;
  if v_org is null then
    perform polaris_data.fail(409, 'org_exists', format('There is an organization %s already.', p_slug), 'Choose another name.');
  end if;
  return v_org;
end;
$$;

ALTER FUNCTION polaris_data.write_org(p_slug text, p_name text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_org(p_slug text, p_name text) IS 'Writes an organization with its own redaction key.';

CREATE FUNCTION polaris_data.write_person(p_issuer text, p_subject text, p_email text, p_name text DEFAULT NULL::text, p_picture text DEFAULT NULL::text, p_domain text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  insert into polaris_data.people as p (issuer, subject, email, name, picture, domain)
  values (p_issuer, p_subject, p_email, p_name, p_picture, p_domain)
  on conflict (issuer, subject) do update set
    email = coalesce(excluded.email, p.email), name = coalesce(excluded.name, p.name),
    picture = coalesce(excluded.picture, p.picture), domain = case when p.issuer = 'local' then p.domain else excluded.domain end
  returning p.person_id;
$$;

ALTER FUNCTION polaris_data.write_person(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_person(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text) IS 'Writes who somebody is, as its issuer says.';

CREATE FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text DEFAULT 'org'::text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project bigint;
  v_now timestamptz := clock_timestamp();
begin
  insert into polaris_data.projects (org_id, name, created_by, visibility) values (p_org, p_name, p_actor, p_visibility)
  on conflict do nothing returning project_id into v_project;
  if v_project is not null then
    insert into polaris_data.project_heads (org_id, project_id) values (p_org, v_project);
    perform polaris_data.publish_control(p_org, 'project', v_project);
    if p_visibility = 'private' and polaris_data.role_of(p_org, p_actor) is not null then
      insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
      values (p_org, v_project, p_actor, p_actor, v_now);
    end if;
  end if;
  return v_project;
end;
$$;

ALTER FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text) IS 'Writes a project with its counter.';

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

CREATE FUNCTION polaris_data.write_token(p_org bigint, p_issued_by text, p_for text, p_name text, p_hash bytea, p_shown text, p_project bigint, p_expires_in interval, p_sliding boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_now timestamptz := clock_timestamp();
  v_token bigint;
begin
  insert into polaris_data.tokens (hash, org_id, actor, name, shown, project_id, issued_by, created_at, expires_at, life)
  values (p_hash, p_org, p_for, p_name, p_shown, p_project, p_issued_by, v_now, v_now + p_expires_in, case when p_sliding then p_expires_in end)
  returning token_id into v_token;
  perform polaris_data.write_audit(p_org, p_issued_by, 'token.issued', p_for, jsonb_build_object('token', v_token, 'name', p_name));
  return v_token;
end;
$$;

ALTER FUNCTION polaris_data.write_token(p_org bigint, p_issued_by text, p_for text, p_name text, p_hash bytea, p_shown text, p_project bigint, p_expires_in interval, p_sliding boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_token(p_org bigint, p_issued_by text, p_for text, p_name text, p_hash bytea, p_shown text, p_project bigint, p_expires_in interval, p_sliding boolean) IS 'Writes a token and the row of the audit log that tells it.';

CREATE TABLE polaris_data.audit (
    org_id bigint NOT NULL,
    audit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text,
    action text NOT NULL,
    target text,
    detail jsonb,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL
);

ALTER TABLE polaris_data.audit OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.audit IS 'The audit log, append-only: each row''s hash covers the row and the hash before it.';

CREATE TABLE polaris_data.audit_heads (
    org_id bigint NOT NULL,
    last_id bigint DEFAULT 0 NOT NULL,
    last_hash bytea DEFAULT decode(repeat('00'::text, 32), 'hex'::text) NOT NULL
);

ALTER TABLE polaris_data.audit_heads OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.audit_heads IS 'The end of each organization''s audit log. Whoever writes to the log holds the row until commit.';

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
    edited_by text,
    CONSTRAINT failure_has_a_reason CHECK (((state <> 'failed'::text) OR (reason IS NOT NULL))),
    CONSTRAINT sender_class_is_known CHECK ((sender_class = ANY (ARRAY['human'::text, 'agent'::text, 'slack'::text]))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text, 'seen'::text, 'answered'::text, 'declined'::text, 'expired'::text, 'failed'::text])))
);

ALTER TABLE polaris_data.deliveries OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.deliveries IS 'What became of each piece of advice.';

COMMENT ON COLUMN polaris_data.deliveries.edited_by IS 'Who changed the wording before it was released; the advice event keeps the sender''s own words.';

CREATE TABLE polaris_data.device_logins (
    device_hash bytea NOT NULL,
    user_code text NOT NULL,
    machine text NOT NULL,
    address text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    polled_at timestamp with time zone,
    poll_seconds integer DEFAULT 5 NOT NULL,
    person_id bigint,
    org_id bigint,
    denied boolean DEFAULT false NOT NULL
);

ALTER TABLE polaris_data.device_logins OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.device_logins IS 'Global directory: sign-ins of machines without a browser (RFC 8628).';

CREATE TABLE polaris_data.domains (
    org_id bigint NOT NULL,
    domain text NOT NULL,
    proof text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    proven_at timestamp with time zone,
    how text,
    CONSTRAINT how_is_known CHECK ((how = ANY (ARRAY['dns'::text, 'hd'::text]))),
    CONSTRAINT proof_is_whole CHECK (((proven_at IS NULL) = (how IS NULL)))
);

ALTER TABLE polaris_data.domains OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.domains IS 'Domains that an organization says are its own. A proven one belongs to one organization; its people may join by themselves.';

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

ALTER TABLE polaris_data.invites ALTER COLUMN invite_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.invites_invite_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.login_codes (
    hash bytea NOT NULL,
    org_id bigint NOT NULL,
    person_id bigint NOT NULL,
    challenge text NOT NULL,
    redirect_uri text NOT NULL,
    machine text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE polaris_data.login_codes OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.login_codes IS 'Global directory: authorization codes of polaris login in a browser. Each is good once, for a minute.';

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
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    name text,
    picture text,
    domain text,
    guesses integer DEFAULT 0 NOT NULL,
    guesses_since timestamp with time zone
);

ALTER TABLE polaris_data.people OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.people IS 'Global directory: people, keyed by who vouches for them (issuer) and as whom (subject).';

COMMENT ON COLUMN polaris_data.people.domain IS 'The domain that the issuer vouches for: never taken from an address that nobody verified.';

COMMENT ON COLUMN polaris_data.people.guesses IS 'User codes of the device sign-in that this person typed wrong since guesses_since.';

ALTER TABLE polaris_data.people ALTER COLUMN person_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.people_person_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.policies (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    session_id bigint NOT NULL,
    sender_class text NOT NULL,
    policy text NOT NULL,
    set_by text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT policy_is_known CHECK ((policy = ANY (ARRAY['auto'::text, 'suggest'::text, 'mute'::text]))),
    CONSTRAINT sender_class_is_known CHECK ((sender_class = ANY (ARRAY['human'::text, 'agent'::text, 'slack'::text])))
);

ALTER TABLE polaris_data.policies OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.policies IS 'Who may speak to sessions, by class of sender. session_id 0: for the whole project.';

CREATE TABLE polaris_data.project_heads (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='20', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_scale_factor='0');

ALTER TABLE polaris_data.project_heads OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.project_heads IS 'The last number of each project. Whoever writes events holds the row until commit: that makes seq gapless and commit-ordered.';

CREATE TABLE polaris_data.project_members (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    actor text NOT NULL,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL
);

ALTER TABLE polaris_data.project_members OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.project_members IS 'Who may see a private project, besides the organization''s administrators.';

ALTER TABLE polaris_data.projects ALTER COLUMN project_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.projects_project_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.read_marks (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    actor text NOT NULL,
    seq bigint NOT NULL
);

ALTER TABLE polaris_data.read_marks OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.read_marks IS 'How far each participant has read a project''s floor.';

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

CREATE TABLE polaris_data.sign_ins (
    state_hash bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    return_to text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE polaris_data.sign_ins OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.sign_ins IS 'Global directory: sign-ins that wait for the provider''s answer. Each is good once.';

CREATE TABLE polaris_data.slack_advice (
    org_id bigint NOT NULL,
    delivery_id uuid NOT NULL,
    post_id bigint NOT NULL,
    event_id text,
    user_id text,
    withdrawn boolean DEFAULT false NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE polaris_data.slack_advice OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_advice IS 'Which message in Slack shows what became of which advice. event_id: it was said there.';

CREATE TABLE polaris_data.slack_channels (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    channel_id text,
    name text NOT NULL,
    state text NOT NULL,
    reason text,
    level text DEFAULT 'all'::text NOT NULL,
    hears boolean DEFAULT true NOT NULL,
    shared boolean DEFAULT false NOT NULL,
    cursor bigint NOT NULL,
    digest_seq bigint DEFAULT 0 NOT NULL,
    digest_at timestamp with time zone,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT channel_state_is_known CHECK ((state = ANY (ARRAY['missing'::text, 'live'::text, 'archived'::text, 'left'::text, 'refused'::text]))),
    CONSTRAINT level_is_known CHECK ((level = ANY (ARRAY['all'::text, 'final-only'::text, 'muted'::text, 'digest'::text]))),
    CONSTRAINT live_channel_has_an_id CHECK (((state <> 'live'::text) OR (channel_id IS NOT NULL)))
);

ALTER TABLE polaris_data.slack_channels OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_channels IS 'The channel of a project. Its id counts, names change. cursor: the last event that has become posts.';

COMMENT ON COLUMN polaris_data.slack_channels.hears IS 'Whether what is said there is heard: an administrator''s choice; a channel shared with others starts unheard.';

CREATE TABLE polaris_data.slack_handles (
    org_id bigint NOT NULL,
    handle text NOT NULL,
    who bytea NOT NULL
);

ALTER TABLE polaris_data.slack_handles OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_handles IS 'Whose a handle is, by a hash under the key of the organization: it outlives what came from Slack, so that slack:krishna is never two people.';

CREATE TABLE polaris_data.slack_inbox (
    org_id bigint NOT NULL,
    event_id text NOT NULL,
    inbox_id bigint NOT NULL,
    kind text NOT NULL,
    lane text NOT NULL,
    channel_id text,
    ts text,
    thread_ts text,
    user_id text,
    sessions text[] DEFAULT '{}'::text[] NOT NULL,
    body text,
    payload jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    received_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    outcome text,
    CONSTRAINT inbox_kind_is_known CHECK ((kind = ANY (ARRAY['message'::text, 'edit'::text, 'verb'::text, 'hint'::text, 'person'::text, 'channel'::text])))
);

ALTER TABLE polaris_data.slack_inbox OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_inbox IS 'What Slack told, until it is done and a day longer; the text only of what is addressed to a session, and only until it is done.';

ALTER TABLE polaris_data.slack_inbox ALTER COLUMN inbox_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.slack_inbox_inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.slack_installs (
    state_hash bytea NOT NULL,
    org_id bigint NOT NULL,
    actor text NOT NULL,
    web_session_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE polaris_data.slack_installs OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_installs IS 'Global directory: installations that wait for Slack''s answer, bound to a browser. Each is good once, for ten minutes.';

CREATE TABLE polaris_data.slack_people (
    org_id bigint NOT NULL,
    user_id text NOT NULL,
    handle text NOT NULL,
    username text,
    name text NOT NULL,
    email text,
    picture text,
    standing text NOT NULL,
    member text,
    member_by text,
    looked_up_at timestamp with time zone NOT NULL,
    CONSTRAINT match_is_known CHECK (((member_by = ANY (ARRAY['email'::text, 'admin'::text])) AND ((member IS NULL) OR (member_by IS NOT NULL)))),
    CONSTRAINT standing_is_known CHECK ((standing = ANY (ARRAY['full'::text, 'guest'::text, 'stranger'::text, 'bot'::text, 'deleted'::text])))
);

ALTER TABLE polaris_data.slack_people OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_people IS 'People of a workspace; handle krishna is the participant slack:krishna and stays theirs whatever they call themselves.';

COMMENT ON COLUMN polaris_data.slack_people.member IS 'The member whom this person is; member_by admin: somebody said so (null then means nobody), and no e-mail changes it.';

CREATE TABLE polaris_data.slack_posts (
    org_id bigint NOT NULL,
    post_id bigint NOT NULL,
    project_id bigint NOT NULL,
    lane text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    session_id bigint,
    seq bigint,
    channel_id text,
    thread_key text,
    thread_ts text,
    recipient text,
    author text,
    picture text,
    emoji text,
    text text NOT NULL,
    calls integer DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    shown integer DEFAULT 0 NOT NULL,
    reaction text,
    reaction_shown text,
    extra_ts text,
    state text NOT NULL,
    ts text,
    attempts integer DEFAULT 0 NOT NULL,
    repeats integer DEFAULT 0 NOT NULL,
    doubles integer DEFAULT 0 NOT NULL,
    made_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone,
    reason text,
    CONSTRAINT lane_is_known CHECK ((lane = ANY (ARRAY['channel'::text, 'side'::text]))),
    CONSTRAINT post_kind_is_known CHECK ((kind = ANY (ARRAY['text'::text, 'tools'::text, 'seat'::text, 'advice'::text, 'theirs'::text, 'answer'::text, 'note'::text, 'digest'::text, 'hint'::text, 'invite'::text]))),
    CONSTRAINT post_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'posting'::text, 'unsure'::text, 'posted'::text, 'failed'::text, 'dropped'::text])))
);

ALTER TABLE polaris_data.slack_posts OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.slack_posts IS 'What goes to Slack and how it should look: made in order a channel, then changed until shown = version and the reaction is the one wanted.';

COMMENT ON COLUMN polaris_data.slack_posts.state IS 'posting: handed to Slack, no answer yet; unsure: the answer was cut, our own echo decides until due_at.';

COMMENT ON COLUMN polaris_data.slack_posts.repeats IS 'How often it was sent again because neither answer nor echo came; doubles: how many of those proved to be second copies.';

ALTER TABLE polaris_data.slack_posts ALTER COLUMN post_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.slack_posts_post_id_seq
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
    life interval,
    CONSTRAINT token_hash_is_sha256 CHECK ((octet_length(hash) = 32)),
    CONSTRAINT token_name_is_short CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

ALTER TABLE polaris_data.tokens OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.tokens IS 'Global directory: credentials, by the sha256 of the secret. The secret itself is nowhere.';

COMMENT ON COLUMN polaris_data.tokens.life IS 'Slides: each use puts the expiry so far ahead. null = the expiry is fixed.';

ALTER TABLE polaris_data.tokens ALTER COLUMN token_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.tokens_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.web_sessions (
    web_session_id bigint NOT NULL,
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    user_agent text,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT web_session_hash_is_sha256 CHECK ((octet_length(hash) = 32))
);

ALTER TABLE polaris_data.web_sessions OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.web_sessions IS 'Global directory: browsers that are signed in, by the sha256 of their cookie.';

ALTER TABLE polaris_data.web_sessions ALTER COLUMN web_session_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.web_sessions_web_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY polaris_data.audit_heads
    ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (org_id);

ALTER TABLE ONLY polaris_data.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (org_id, audit_id);

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (org_id, delivery_id);

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT delivery_has_one_advice UNIQUE (org_id, project_id, advice_seq);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT device_logins_pkey PRIMARY KEY (device_hash);

ALTER TABLE ONLY polaris_data.domains
    ADD CONSTRAINT domains_pkey PRIMARY KEY (org_id, domain);

ALTER TABLE ONLY polaris_data.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (org_id, project_id, seq);

ALTER TABLE ONLY polaris_data.invites
    ADD CONSTRAINT invite_exists UNIQUE (org_id, hash);

ALTER TABLE ONLY polaris_data.invites
    ADD CONSTRAINT invites_pkey PRIMARY KEY (org_id, invite_id);

ALTER TABLE ONLY polaris_data.login_codes
    ADD CONSTRAINT login_codes_pkey PRIMARY KEY (hash);

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

ALTER TABLE ONLY polaris_data.policies
    ADD CONSTRAINT policies_pkey PRIMARY KEY (org_id, project_id, session_id, sender_class);

ALTER TABLE ONLY polaris_data.projects
    ADD CONSTRAINT project_exists UNIQUE (org_id, name);

ALTER TABLE ONLY polaris_data.project_heads
    ADD CONSTRAINT project_heads_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.project_members
    ADD CONSTRAINT project_members_pkey PRIMARY KEY (org_id, project_id, actor);

ALTER TABLE ONLY polaris_data.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.read_marks
    ADD CONSTRAINT read_marks_pkey PRIMARY KEY (org_id, project_id, actor);

ALTER TABLE ONLY polaris_data.seats
    ADD CONSTRAINT seats_pkey PRIMARY KEY (org_id, session_id, epoch);

ALTER TABLE ONLY polaris_data.sessions
    ADD CONSTRAINT session_exists UNIQUE (org_id, project_id, name);

ALTER TABLE ONLY polaris_data.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (org_id, session_id);

ALTER TABLE ONLY polaris_data.sign_ins
    ADD CONSTRAINT sign_ins_pkey PRIMARY KEY (state_hash);

ALTER TABLE ONLY polaris_data.slack_advice
    ADD CONSTRAINT slack_advice_pkey PRIMARY KEY (org_id, delivery_id);

ALTER TABLE ONLY polaris_data.slack_channels
    ADD CONSTRAINT slack_channel_exists UNIQUE (org_id, channel_id);

ALTER TABLE ONLY polaris_data.slack_channels
    ADD CONSTRAINT slack_channels_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.slack_handles
    ADD CONSTRAINT slack_handle_has_one_person UNIQUE (org_id, who);

ALTER TABLE ONLY polaris_data.slack_handles
    ADD CONSTRAINT slack_handles_pkey PRIMARY KEY (org_id, handle);

ALTER TABLE ONLY polaris_data.slack_inbox
    ADD CONSTRAINT slack_inbox_pkey PRIMARY KEY (org_id, event_id);

ALTER TABLE ONLY polaris_data.slack_installs
    ADD CONSTRAINT slack_installs_pkey PRIMARY KEY (state_hash);

ALTER TABLE ONLY polaris_data.slack_people
    ADD CONSTRAINT slack_people_pkey PRIMARY KEY (org_id, user_id);

ALTER TABLE ONLY polaris_data.slack_posts
    ADD CONSTRAINT slack_post_exists UNIQUE (org_id, project_id, key);

ALTER TABLE ONLY polaris_data.slack_posts
    ADD CONSTRAINT slack_posts_pkey PRIMARY KEY (org_id, post_id);

ALTER TABLE ONLY polaris_data.slack_workspaces
    ADD CONSTRAINT slack_workspace_exists UNIQUE (org_id);

ALTER TABLE ONLY polaris_data.slack_workspaces
    ADD CONSTRAINT slack_workspaces_pkey PRIMARY KEY (team_id);

ALTER TABLE ONLY polaris_data.tokens
    ADD CONSTRAINT token_exists UNIQUE (hash);

ALTER TABLE ONLY polaris_data.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (token_id);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT user_code_is_taken UNIQUE (user_code);

ALTER TABLE ONLY polaris_data.web_sessions
    ADD CONSTRAINT web_session_exists UNIQUE (hash);

ALTER TABLE ONLY polaris_data.web_sessions
    ADD CONSTRAINT web_sessions_pkey PRIMARY KEY (web_session_id);

CREATE UNIQUE INDEX already_member ON polaris_data.members USING btree (org_id, person_id) WHERE (removed_at IS NULL);

CREATE UNIQUE INDEX client_id_is_taken ON polaris_data.events USING btree (org_id, project_id, session_id, client_id);

CREATE INDEX deliveries_by_expiry ON polaris_data.deliveries USING btree (org_id, expires_at) WHERE (state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text]));

CREATE INDEX deliveries_by_session ON polaris_data.deliveries USING btree (org_id, session_id, advice_seq);

CREATE INDEX deliveries_waiting ON polaris_data.deliveries USING btree (org_id, session_id, advice_seq) WHERE (state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text]));

CREATE INDEX device_logins_by_org ON polaris_data.device_logins USING btree (org_id);

CREATE INDEX device_logins_by_person ON polaris_data.device_logins USING btree (person_id);

CREATE UNIQUE INDEX domain_is_proven ON polaris_data.domains USING btree (domain) WHERE (proven_at IS NOT NULL);

CREATE INDEX events_by_session ON polaris_data.events USING btree (org_id, session_id, seq);

CREATE INDEX events_by_time ON polaris_data.events USING brin (recorded_at);

CREATE INDEX login_codes_by_org ON polaris_data.login_codes USING btree (org_id);

CREATE INDEX login_codes_by_person ON polaris_data.login_codes USING btree (person_id);

CREATE INDEX logins_by_org ON polaris_data.logins USING btree (org_id, login);

CREATE INDEX members_by_person ON polaris_data.members USING btree (person_id);

CREATE INDEX people_by_email ON polaris_data.people USING btree (lower(email)) WHERE (email IS NOT NULL);

CREATE INDEX project_members_by_actor ON polaris_data.project_members USING btree (org_id, actor);

CREATE UNIQUE INDEX session_has_one_driver ON polaris_data.seats USING btree (org_id, session_id) WHERE (ended_at IS NULL);

CREATE INDEX sessions_by_lease ON polaris_data.sessions USING btree (org_id, lease_until) WHERE (driver IS NOT NULL);

CREATE INDEX sign_ins_by_time ON polaris_data.sign_ins USING btree (created_at);

CREATE INDEX slack_advice_by_post ON polaris_data.slack_advice USING btree (org_id, post_id);

CREATE INDEX slack_advice_by_user ON polaris_data.slack_advice USING btree (org_id, user_id, at) WHERE (user_id IS NOT NULL);

CREATE INDEX slack_hints_by_user ON polaris_data.slack_inbox USING btree (org_id, user_id, received_at) WHERE (kind = 'hint'::text);

CREATE INDEX slack_inbox_undone ON polaris_data.slack_inbox USING btree (org_id, lane, inbox_id) WHERE (done_at IS NULL);

CREATE INDEX slack_installs_by_org ON polaris_data.slack_installs USING btree (org_id);

CREATE UNIQUE INDEX slack_message_exists ON polaris_data.slack_inbox USING btree (org_id, channel_id, ts) WHERE (kind = ANY (ARRAY['message'::text, 'verb'::text, 'hint'::text]));

CREATE INDEX slack_people_by_email ON polaris_data.slack_people USING btree (org_id, email) WHERE (email IS NOT NULL);

CREATE INDEX slack_people_by_member ON polaris_data.slack_people USING btree (org_id, member) WHERE (member IS NOT NULL);

CREATE INDEX slack_posts_by_ts ON polaris_data.slack_posts USING btree (org_id, channel_id, ts) WHERE (ts IS NOT NULL);

CREATE INDEX slack_posts_to_change ON polaris_data.slack_posts USING btree (org_id, channel_id, due_at) WHERE ((ts IS NOT NULL) AND ((version > shown) OR (reaction IS DISTINCT FROM reaction_shown) OR (extra_ts IS NOT NULL)));

CREATE INDEX slack_posts_to_make ON polaris_data.slack_posts USING btree (org_id, project_id, lane, post_id) WHERE (state = ANY (ARRAY['waiting'::text, 'posting'::text, 'unsure'::text]));

CREATE INDEX slack_posts_under_way ON polaris_data.slack_posts USING btree (org_id, channel_id) WHERE ((state = ANY (ARRAY['posting'::text, 'unsure'::text])) OR (repeats > 0));

CREATE INDEX tokens_by_org ON polaris_data.tokens USING btree (org_id, token_id);

CREATE INDEX web_sessions_by_person ON polaris_data.web_sessions USING btree (person_id);

CREATE TRIGGER _100_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON polaris_data.audit FOR EACH STATEMENT EXECUTE FUNCTION polaris_data.tg_audit__append_only();

CREATE TRIGGER _100_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON polaris_data.events FOR EACH STATEMENT EXECUTE FUNCTION polaris_data.tg_events__append_only();

CREATE TRIGGER _100_epoch BEFORE UPDATE ON polaris_data.sessions FOR EACH ROW WHEN (((old.epoch IS DISTINCT FROM new.epoch) OR (old.driver IS DISTINCT FROM new.driver))) EXECUTE FUNCTION polaris_data.tg_sessions__epoch();

CREATE TRIGGER _100_history BEFORE DELETE OR UPDATE ON polaris_data.seats FOR EACH ROW EXECUTE FUNCTION polaris_data.tg_seats__history();

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT deliveries_session_fkey FOREIGN KEY (org_id, session_id) REFERENCES polaris_data.sessions(org_id, session_id);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT device_logins_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT device_logins_person_fkey FOREIGN KEY (person_id) REFERENCES polaris_data.people(person_id);

ALTER TABLE ONLY polaris_data.domains
    ADD CONSTRAINT domains_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.invites
    ADD CONSTRAINT invites_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.login_codes
    ADD CONSTRAINT login_codes_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.login_codes
    ADD CONSTRAINT login_codes_person_fkey FOREIGN KEY (person_id) REFERENCES polaris_data.people(person_id);

ALTER TABLE ONLY polaris_data.logins
    ADD CONSTRAINT logins_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.members
    ADD CONSTRAINT members_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.members
    ADD CONSTRAINT members_person_fkey FOREIGN KEY (person_id) REFERENCES polaris_data.people(person_id);

ALTER TABLE ONLY polaris_data.policies
    ADD CONSTRAINT policies_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.project_heads
    ADD CONSTRAINT project_heads_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.project_members
    ADD CONSTRAINT project_members_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.projects
    ADD CONSTRAINT projects_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.read_marks
    ADD CONSTRAINT read_marks_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.seats
    ADD CONSTRAINT seats_session_fkey FOREIGN KEY (org_id, session_id) REFERENCES polaris_data.sessions(org_id, session_id);

ALTER TABLE ONLY polaris_data.sessions
    ADD CONSTRAINT sessions_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.slack_advice
    ADD CONSTRAINT slack_advice_post_fkey FOREIGN KEY (org_id, post_id) REFERENCES polaris_data.slack_posts(org_id, post_id) ON DELETE CASCADE;

ALTER TABLE ONLY polaris_data.slack_channels
    ADD CONSTRAINT slack_channels_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.slack_handles
    ADD CONSTRAINT slack_handles_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.slack_inbox
    ADD CONSTRAINT slack_inbox_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.slack_installs
    ADD CONSTRAINT slack_installs_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.slack_people
    ADD CONSTRAINT slack_people_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.slack_posts
    ADD CONSTRAINT slack_posts_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.slack_workspaces
    ADD CONSTRAINT slack_workspaces_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.tokens
    ADD CONSTRAINT tokens_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.web_sessions
    ADD CONSTRAINT web_sessions_person_fkey FOREIGN KEY (person_id) REFERENCES polaris_data.people(person_id);

GRANT USAGE ON SCHEMA polaris TO polaris_service;
GRANT USAGE ON SCHEMA polaris TO polaris_client;

GRANT USAGE ON SCHEMA polaris_history TO polaris_analyst;

REVOKE ALL ON FUNCTION polaris.accept_invite(p_person bigint, p_org_slug text, p_hash bytea, p_handle text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.accept_invite(p_person bigint, p_org_slug text, p_hash bytea, p_handle text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.add_domain(p_org bigint, p_actor text, p_domain text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.add_domain(p_org bigint, p_actor text, p_domain text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.add_member(p_org bigint, p_actor text, p_handle text, p_role text, p_email text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.add_project_member(p_org bigint, p_actor text, p_project text, p_member text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.add_project_member(p_org bigint, p_actor text, p_project text, p_member text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.add_project_member(p_org bigint, p_actor text, p_project text, p_member text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.advise_from_slack(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.advise_from_slack(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.authenticate(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.authenticate(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer, p_reaction text, p_deleted boolean, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer, p_reaction text, p_deleted boolean, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.close_web_session(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.close_web_session(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.close_web_sessions(p_person bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.close_web_sessions(p_person bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_org(p_slug text, p_name text, p_handle text, p_email text, p_issuer text, p_subject text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text, p_visibility text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text, p_visibility text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.create_project(p_org bigint, p_actor text, p_name text, p_visibility text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.create_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.decide_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.decide_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text, p_reason text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.decide_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid, p_decision text, p_body text, p_reason text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.digest_slack(p_org bigint, p_fence bigint, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.digest_slack(p_org bigint, p_fence bigint, p_now timestamp with time zone) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.disconnect_slack(p_org bigint, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.disconnect_slack(p_org bigint, p_actor text, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.echo_slack_post(p_team text, p_app text, p_channel text, p_ts text, p_post_id bigint, p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.echo_slack_post(p_team text, p_app text, p_channel text, p_ts text, p_post_id bigint, p_text text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.edit_slack_advice(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.edit_slack_advice(p_org bigint, p_fence bigint, p_event_id text, p_sessions text[], p_body text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.end_slack(p_team text, p_app text, p_at timestamp with time zone, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.end_slack(p_team text, p_app text, p_at timestamp with time zone, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.expire_leases(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_leases(p_org bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.expire_leases(p_org bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.finish_slack_event(p_org bigint, p_fence bigint, p_event_id text, p_outcome text, p_project_id bigint, p_posts jsonb, p_retry_in interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.finish_slack_event(p_org bigint, p_fence bigint, p_event_id text, p_outcome text, p_project_id bigint, p_posts jsonb, p_retry_in interval) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.found_org(p_person bigint, p_slug text, p_name text, p_handle text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.found_org(p_person bigint, p_slug text, p_name text, p_handle text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.get_audit_head(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_audit_head(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_delivery(p_org bigint, p_actor text, p_project text, p_delivery uuid) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_invite(p_org_slug text, p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_invite(p_org_slug text, p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.get_me(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_me(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_me(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_read_mark(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_read_mark(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_read_mark(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.get_slack(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_slack(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.get_slack_figures(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_slack_figures(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.inject(p_org bigint, p_actor text, p_project text, p_session text, p_body text, p_client_id text, p_expires_in interval, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.invite(p_org bigint, p_actor text, p_email text, p_role text, p_hash bytea, p_handle text, p_expires_in interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.invite(p_org bigint, p_actor text, p_email text, p_role text, p_hash bytea, p_handle text, p_expires_in interval) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval, p_sliding boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.issue_token(p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, p_project text, p_expires_in interval, p_sliding boolean) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.join_by_domain(p_person bigint, p_org_slug text, p_handle text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.join_by_domain(p_person bigint, p_org_slug text, p_handle text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.join_session(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_dashboard(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_dashboard(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_dashboard(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_dead_tokens(p_tokens bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_dead_web_sessions(p_sessions bigint[], p_orgs bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_dead_web_sessions(p_sessions bigint[], p_orgs bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_deliveries(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_domains(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_domains(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_invites(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_invites(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_local_people(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_local_people(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_logins(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_logins(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_members(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_members(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_members(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_memberships(p_person bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_memberships(p_person bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_orgs_to_join(p_person bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_orgs_to_join(p_person bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_orgs_with_lapses() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_orgs_with_lapses() TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_policies(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_policies(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_policies(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_project_members(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_project_members(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_project_members(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_projects(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_seats(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_seats(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_seats(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_sessions(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_slack_channels(p_org bigint, p_actor text, p_project_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_slack_channels(p_org bigint, p_actor text, p_project_id bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_slack_inbox(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_slack_inbox(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_slack_people(p_org bigint, p_actor text, p_users text[], p_members text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_slack_people(p_org bigint, p_actor text, p_users text[], p_members text[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_slack_posts(p_org bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_slack_posts(p_org bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_slack_workspaces(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_slack_workspaces(p_org bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_tokens(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_tokens(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.reap_blockers(p_older_than interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.reap_blockers(p_older_than interval) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.refuse_slack(p_org bigint, p_fence bigint, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.refuse_slack(p_org bigint, p_fence bigint, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.register_login(p_org bigint, p_actor text, p_login text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.rekey_slack(p_org bigint, p_old bytea, p_token bytea, p_token_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.rekey_slack(p_org bigint, p_old bytea, p_token bytea, p_token_key text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_to text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_to text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.release_driver(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_to text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.release_slack(p_org bigint, p_fence bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.release_slack(p_org bigint, p_fence bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.remove_domain(p_org bigint, p_actor text, p_domain text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.remove_domain(p_org bigint, p_actor text, p_domain text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.remove_member(p_org bigint, p_actor text, p_handle text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.remove_project_member(p_org bigint, p_actor text, p_project text, p_member text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.remove_project_member(p_org bigint, p_actor text, p_project text, p_member text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.remove_project_member(p_org bigint, p_actor text, p_project text, p_member text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.resume_web_session(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.resume_web_session(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.set_role(p_org bigint, p_actor text, p_handle text, p_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_role(p_org bigint, p_actor text, p_handle text, p_role text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.set_slack(p_org bigint, p_actor text, p_hears_everybody boolean, p_invites_drivers boolean, p_threads_turns boolean, p_digest_hour integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_slack(p_org bigint, p_actor text, p_hears_everybody boolean, p_invites_drivers boolean, p_threads_turns boolean, p_digest_hour integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.set_slack_channel(p_org bigint, p_actor text, p_project text, p_level text, p_hears boolean, p_again boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_slack_channel(p_org bigint, p_actor text, p_project text, p_level text, p_hears boolean, p_again boolean) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.set_visibility(p_org bigint, p_actor text, p_project text, p_visibility text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_visibility(p_org bigint, p_actor text, p_project text, p_visibility text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.set_visibility(p_org bigint, p_actor text, p_project text, p_visibility text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.settle_delivery(p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.settle_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_state text, p_ts text, p_version integer, p_reason text, p_retry_in interval) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.settle_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_state text, p_ts text, p_version integer, p_reason text, p_retry_in interval) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.sign_in(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text, p_hash bytea, p_user_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.sign_in(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text, p_hash bytea, p_user_agent text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.take_sign_in(p_state_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.take_sign_in(p_state_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.take_slack_event(p_team text, p_app text, p_event_id text, p_kind text, p_channel text, p_ts text, p_thread_ts text, p_user text, p_names text[], p_mentions text[], p_explicit boolean, p_rest text, p_text text, p_payload jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.take_slack_event(p_team text, p_app text, p_event_id text, p_kind text, p_channel text, p_ts text, p_thread_ts text, p_user text, p_names text[], p_mentions text[], p_explicit boolean, p_rest text, p_text text, p_payload jsonb) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.take_slack_install(p_state_hash bytea, p_web_session bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.take_slack_install(p_state_hash bytea, p_web_session bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.touch_tokens(p_tokens bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.touch_tokens(p_tokens bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.write_login_code(p_hash bytea, p_person bigint, p_org bigint, p_challenge text, p_redirect_uri text, p_machine text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.write_login_code(p_hash bytea, p_person bigint, p_org bigint, p_challenge text, p_redirect_uri text, p_machine text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.write_slack_channel(p_org bigint, p_fence bigint, p_project_id bigint, p_channel text, p_name text, p_state text, p_reason text, p_shared boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.write_slack_channel(p_org bigint, p_fence bigint, p_project_id bigint, p_channel text, p_name text, p_state text, p_reason text, p_shared boolean) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.write_slack_people(p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.write_slack_people(p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.write_slack_posts(p_org bigint, p_fence bigint, p_project_id bigint, p_from bigint, p_to bigint, p_posts jsonb, p_deliveries uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.write_slack_posts(p_org bigint, p_fence bigint, p_project_id bigint, p_from bigint, p_to bigint, p_posts jsonb, p_deliveries uuid[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris_data.acting(p_org bigint, p_actor text, OUT org_id bigint, OUT actor text, OUT direct boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.advice_text(p_delivery polaris_data.delivery_row) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.audit_text(p_org bigint, p_id bigint, p_at timestamp with time zone, p_actor text, p_action text, p_target text, p_detail jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.brief_lines(p_org bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.delivery_may_become(p_from text, p_to text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.drop_slack_posts(p_org bigint, p_project bigint, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.excerpt(p_text text, p_characters integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.fail(p_status integer, p_code text, p_message text, p_hint text, p_detail jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_invite(p_org_slug text, p_hash bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.forget_slack(p_org bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.hmac8(p_key bytea, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_slack(p_org bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.mark_slack_post(p_org bigint, p_post bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.match_member(p_org bigint, p_handle text, p_before text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.match_slack(p_org bigint, p_emails text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.may_see(p_org bigint, p_actor text, p_project bigint, p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.may_see_id(p_org bigint, p_actor text, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.member_of(p_org bigint, p_person bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.move_delivery(p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.neutralize(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.next_digest(p_org bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.place_slack_post(p_org bigint, p_post_id bigint, p_ts text, p_version integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.policy_of(p_org bigint, p_project bigint, p_session bigint, p_class text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.publish(p_project bigint, p_first bigint, p_last bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.publish_control(p_org bigint, p_kind text, p_id bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.put_slack_posts(p_org bigint, p_project_id bigint, p_posts jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.redact_prefixes(p_key bytea, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.requeue_deliveries(p_org bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_admin(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_auditor(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_body(p_body text, p_most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_client_id(p_client_id text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_fence(p_org bigint, p_fence bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_lease(p_actor text, p_lease_seconds integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_maker(p_org bigint, p_actor text, p_created_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_other_admin(p_org bigint, p_handle text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_participant(p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_role(p_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_service() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_slug(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_visibility(p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.rest_slack(p_org bigint, p_project bigint, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.role_of(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_deliveries(p_org bigint, p_project bigint, p_delivery uuid, p_session bigint, p_states text[], p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_domains(p_org bigint, p_domain text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_events(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_invites(p_org bigint, p_invite bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_members(p_org bigint, p_handle text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_projects(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_slack(p_org bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_slack_people(p_org bigint, p_users text[], p_members text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_slack_posts(p_org bigint, p_posts bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_web_sessions(p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.slack_actor(p_org bigint, p_user text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_audit__append_only() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_events__append_only() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_seats__history() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_sessions__epoch() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.was_removed(p_org bigint, p_person bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_audit(p_org bigint, p_actor text, p_action text, p_target text, p_detail jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_event(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text, p_payload jsonb, p_client_id text, p_agent text, OUT seq bigint, OUT created boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_member(p_org bigint, p_person bigint, p_handle text, p_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_org(p_slug text, p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_person(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_session(p_org bigint, p_actor text, p_project bigint, p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_token(p_org bigint, p_issued_by text, p_for text, p_name text, p_hash bytea, p_shown text, p_project bigint, p_expires_in interval, p_sliding boolean) FROM PUBLIC;
