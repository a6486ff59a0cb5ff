CREATE SCHEMA polaris;

ALTER SCHEMA polaris OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris IS 'The functions that may be called.';

CREATE SCHEMA polaris_data;

ALTER SCHEMA polaris_data OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris_data IS 'Tables and inner functions: for the owner alone.';

CREATE SCHEMA polaris_history;

ALTER SCHEMA polaris_history OWNER TO polaris_owner;

COMMENT ON SCHEMA polaris_history IS 'Read-only views for analysts.';

CREATE TYPE polaris_data.annotation_row AS (
	seq bigint,
	project text,
	session text,
	what text,
	body text,
	actor text,
	speaker text,
	at timestamp with time zone,
	about bigint,
	about_kind text,
	about_body text,
	closed_at timestamp with time zone,
	closed_by text,
	closed_seq bigint,
	closed_body text
);

ALTER TYPE polaris_data.annotation_row OWNER TO polaris_owner;

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

CREATE TYPE polaris_data.commit_row AS (
	commit text,
	made boolean,
	project text,
	session text,
	seq bigint,
	turn text,
	actor text,
	repository text,
	branch text,
	subject text,
	at timestamp with time zone,
	prompt_seq bigint,
	prompt text
);

ALTER TYPE polaris_data.commit_row OWNER TO polaris_owner;

COMMENT ON TYPE polaris_data.commit_row IS 'A commit that a session met, and the prompt under which it did.';

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

CREATE TYPE polaris_data.erasure_row AS (
	erasure_id bigint,
	project text,
	session text,
	participant text,
	reason text,
	asked_by text,
	asked_at timestamp with time zone,
	erased bigint,
	done_at timestamp with time zone,
	held boolean
);

ALTER TYPE polaris_data.erasure_row OWNER TO polaris_owner;

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
	recorded_at timestamp with time zone,
	facts text,
	erased_at timestamp with time zone
);

ALTER TYPE polaris_data.event_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.hold_row AS (
	hold_id bigint,
	project text,
	reason text,
	placed_by text,
	placed_at timestamp with time zone,
	lifted_by text,
	lifted_at timestamp with time zone
);

ALTER TYPE polaris_data.hold_row OWNER TO polaris_owner;

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

CREATE TYPE polaris_data.retention_row AS (
	project text,
	keep_days integer,
	set_by text,
	set_at timestamp with time zone,
	in_force integer,
	first_seq bigint
);

ALTER TYPE polaris_data.retention_row OWNER TO polaris_owner;

CREATE TYPE polaris_data.seat_request_row AS (
	seq bigint,
	project text,
	session text,
	actor text,
	note text,
	asked_at timestamp with time zone,
	expires_at timestamp with time zone,
	ended_at timestamp with time zone,
	ended_how text,
	ended_by text,
	delivery_id uuid,
	delivery_state text
);

ALTER TYPE polaris_data.seat_request_row OWNER TO polaris_owner;

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

CREATE TYPE polaris_data.usage_row AS (
	project text,
	session text,
	actor text,
	day date,
	model text,
	messages bigint,
	input_tokens bigint,
	output_tokens bigint,
	cache_read_tokens bigint,
	cache_write_tokens bigint,
	cost_usd numeric,
	priced bigint,
	first_at timestamp with time zone,
	last_at timestamp with time zone
);

ALTER TYPE polaris_data.usage_row OWNER TO polaris_owner;

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

CREATE FUNCTION polaris.annotate(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_what text DEFAULT NULL::text, p_body text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_about bigint DEFAULT NULL::bigint, p_client_id text DEFAULT NULL::text, p_agent text DEFAULT NULL::text) RETURNS TABLE(created boolean, seq bigint, project text, session text, what text, body text, actor text, speaker text, at timestamp with time zone, about bigint, about_kind text, about_body text, closed_at timestamp with time zone, closed_by text, closed_seq bigint, closed_body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_session polaris_data.sessions;
  v_about bigint;
  v_written record;
  v_created boolean := false;
  v_seq bigint;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_what is null or p_what not in ('decision', 'question', 'star') then
    perform polaris_data.fail(422, 'annotation_is_known', format('There is no annotation %s.', left(p_what, 40)),
      'Write decision, question or star.');
  elsif v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Its record stays as it is.');
  end if;
  if p_what <> 'star' or p_about is null or btrim(p_body, E' \t\r\n') <> '' then
    perform polaris_data.require_body(p_body, 8000);
  end if;
  perform polaris_data.require_client_id(p_client_id);
  if p_about is not null then
    v_about := polaris_data.find_event(v_me.org_id, v_project.project_id, p_about);
  end if;
  if p_session is not null then
    v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  elsif v_about > 0 then
    select s.* into v_session from polaris_data.sessions s where s.org_id = v_me.org_id and s.session_id = v_about;
  end if;
  -- Whoever stars the same event at the same moment waits here, and sees the star then.
  perform from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id for no key update;
  if p_what = 'star' and p_about is not null then
    select a.seq into v_seq from polaris_data.annotations a
    where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.about = p_about and a.actor = v_me.actor
      and a.what = 'star' and a.closed_at is null;
  end if;
  if v_seq is null then
    v_written := polaris_data.write_event(
      v_me.org_id, v_project.project_id, coalesce(v_session.session_id, 0), v_session.epoch, 'annotation', v_me.actor, null,
      btrim(coalesce(p_body, ''), E' \t\r\n'), jsonb_strip_nulls(jsonb_build_object('annotation', p_what, 'about', p_about)),
      coalesce(p_client_id, 'annotation:' || gen_random_uuid()), left(p_agent, 64));
    v_seq := v_written.seq;
    v_created := v_written.created;
    if v_created then
      v_now := clock_timestamp();
      insert into polaris_data.annotations (org_id, project_id, seq, session_id, what, about, actor, at)
      values (v_me.org_id, v_project.project_id, v_seq, coalesce(v_session.session_id, 0), p_what, p_about, v_me.actor, v_now);
    elsif not exists (
      select from polaris_data.annotations a where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.seq = v_seq) then
      perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
    end if;
  end if;
  return query
  select v_created, r.*
  from polaris_data.show_annotations(v_me.org_id, v_project.project_id, null, null, null, null, v_seq, null, 1) r;
end;
$$;

ALTER FUNCTION polaris.annotate(p_org bigint, p_actor text, p_project text, p_what text, p_body text, p_session text, p_about bigint, p_client_id text, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.annotate(p_org bigint, p_actor text, p_project text, p_what text, p_body text, p_session text, p_about bigint, p_client_id text, p_agent text) IS 'Marks something in the record: a decision, a question, or a star.';

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

CREATE FUNCTION polaris.answer_seat_request(p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text DEFAULT NULL::text) RETURNS SETOF polaris_data.seat_request_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_request polaris_data.seat_requests;
  v_how text;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  v_how := case p_answer when 'give' then 'given' when 'decline' then 'declined' when 'withdraw' then 'withdrawn' end;
  if v_how is null then
    perform polaris_data.fail(422, 'answer_is_known', 'The driver gives or declines; who asked withdraws.');
  end if;
  select r.* into v_request from polaris_data.seat_requests r
  where r.org_id = v_me.org_id and r.session_id = v_session.session_id and r.seq = p_request;
  if not found then
    perform polaris_data.fail(404, 'no_such_request', format('Nobody asked for the seat of %s in event %s.', p_session, p_request),
      format('See polaris seat list %s %s.', p_project, p_session));
  end if;
  if v_request.ended_how is distinct from v_how then
    if v_request.ended_at is not null then
      perform polaris_data.fail(409, 'request_has_ended', format('The request of %s has ended: %s.', v_request.actor, v_request.ended_how),
        null, jsonb_build_object('how', v_request.ended_how, 'by', v_request.ended_by));
    elsif v_how = 'withdrawn' and v_me.actor is distinct from v_request.actor then
      perform polaris_data.fail(403, 'not_allowed', format('Only %s withdraws this request.', v_request.actor), 'The driver declines.');
    elsif v_how <> 'withdrawn' and v_me.actor is distinct from v_session.driver then
      perform polaris_data.fail(403, 'not_driver', format('%s does not drive %s.', coalesce(v_me.actor, 'polaris'), p_session), null,
        jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
    elsif v_how = 'given' then
      perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'released', v_request.actor);
    else
      perform polaris_data.end_request(v_me.org_id, v_session.session_id, p_request, v_how, v_me.actor,
        left(polaris_data.clean_words(v_me.org_id, v_me.direct, nullif(btrim(p_reason, E' \t\r\n'), '')), 500));
    end if;
  end if;
  return query select * from polaris_data.show_seat_requests(v_me.org_id, v_session.project_id, v_session.session_id, p_request);
end;
$$;

ALTER FUNCTION polaris.answer_seat_request(p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.answer_seat_request(p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text) IS 'What becomes of a request for the seat.';

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

CREATE FUNCTION polaris.ask_seat(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_note text DEFAULT NULL::text, p_client_id text DEFAULT NULL::text, p_expires_in interval DEFAULT '00:30:00'::interval, p_agent text DEFAULT NULL::text) RETURNS TABLE(created boolean, seq bigint, project text, session text, actor text, note text, asked_at timestamp with time zone, expires_at timestamp with time zone, ended_at timestamp with time zone, ended_how text, ended_by text, delivery_id uuid, delivery_state text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_session polaris_data.sessions;
  v_note text := coalesce(btrim(p_note, E' \t\r\n'), '');
  v_open polaris_data.seat_requests;
  v_class text;
  v_policy text;
  v_delivery uuid := gen_random_uuid();
  v_asked record;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(v_me.actor);
  -- Who is being removed is not let in between: removal ends what is asked already, and waits for what is just being asked.
  perform from polaris_data.members m
  where m.org_id = v_me.org_id and m.handle = substr(v_me.actor, 6) and v_me.actor like 'user:%' and m.removed_at is null for share;
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  if v_me.actor like 'slack:%' then
    perform polaris_data.fail(403, 'seat_is_not_for_slack', format('%s is no member: only members and agents drive.', v_me.actor),
      'An administrator can invite this person, or say who it is: see Slack in the settings.');
  elsif polaris_data.role_of(v_me.org_id, v_me.actor) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', v_me.actor), 'See polaris member list.');
  elsif v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another one.');
  end if;
  perform polaris_data.require_client_id(p_client_id);
  if char_length(v_note) > 1000 then
    perform polaris_data.fail(422, 'note_is_short', format('The note has %s characters; 1000 are allowed.', char_length(v_note)),
      'Say it shorter.');
  elsif p_expires_in is null or p_expires_in not between interval '1 second' and interval '7 days' then
    perform polaris_data.fail(422, 'expiry_is_sane', 'A request for the seat expires after 1 second to 7 days.');
  end if;
  v_note := polaris_data.clean_words(v_me.org_id, v_me.direct, v_note);
  v_now := clock_timestamp();
  if v_session.driver = v_me.actor then
    perform polaris_data.fail(409, 'seat_is_yours', format('%s drives %s already.', v_me.actor, p_session), 'Join it from your agent.');
  elsif v_session.driver is null and v_session.reserved_for <> v_me.actor and v_session.reserved_until > v_now then
    perform polaris_data.fail(409, 'seat_is_reserved', format('The seat of %s was released to %s.', p_session, v_session.reserved_for),
      format('Wait until %s.', to_char(v_session.reserved_until at time zone 'UTC', 'HH24:MI:SS"Z"')),
      jsonb_build_object('reserved_for', v_session.reserved_for, 'reserved_until', v_session.reserved_until));
  elsif v_session.driver is null or v_session.lease_until <= v_now then
    perform polaris_data.fail(409, 'seat_is_open', format('Nobody drives %s.', p_session),
      format('Take the seat: polaris join %s %s.', p_project, p_session));
  end if;
  select r.* into v_open from polaris_data.seat_requests r
  where r.org_id = v_me.org_id and r.session_id = v_session.session_id and r.actor = v_me.actor and r.ended_at is null;
  if found and v_open.expires_at <= v_now then -- nobody has noticed yet
    perform polaris_data.end_request(v_me.org_id, v_session.session_id, v_open.seq, 'expired', v_me.actor);
  elsif found then
    return query
    select false, r.* from polaris_data.show_seat_requests(v_me.org_id, v_session.project_id, v_session.session_id, v_open.seq) r;
    return;
  end if;
  v_class := case when v_me.actor like 'agent:%' or p_agent is not null then 'agent' else 'human' end;
  v_policy := polaris_data.policy_of(v_me.org_id, v_session.project_id, v_session.session_id, v_class);
  v_asked := polaris_data.write_event(
    v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'seat.asked', v_me.actor, v_session.driver, v_note,
    jsonb_build_object('expires_at', v_now + p_expires_in) || case v_policy
      when 'mute' then '{}'
      when 'suggest' then jsonb_build_object('delivery', v_delivery, 'state', 'held')
      else jsonb_build_object('delivery', v_delivery) end,
    coalesce(p_client_id, 'seat:' || v_delivery), left(p_agent, 64));
  if v_asked.created then
    if v_policy <> 'mute' then
      insert into polaris_data.deliveries (
        org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
      values (
        v_me.org_id, v_delivery, v_session.project_id, v_session.session_id, v_asked.seq, v_me.actor, v_class,
        concat(nullif(v_note, '') || E'\n\n', format('%s asks for the seat of %s/%s. To give it: `polaris handoff %s`.',
          v_me.actor, p_project, p_session, v_me.actor)),
        case v_policy when 'suggest' then 'held' else 'queued' end, v_now, v_now + p_expires_in);
    end if;
    insert into polaris_data.seat_requests (org_id, session_id, seq, actor, delivery_id, asked_at, expires_at)
    values (v_me.org_id, v_session.session_id, v_asked.seq, v_me.actor, case when v_policy <> 'mute' then v_delivery end, v_now,
      v_now + p_expires_in);
  elsif not exists (
    select from polaris_data.seat_requests r
    where r.org_id = v_me.org_id and r.session_id = v_session.session_id and r.seq = v_asked.seq) then
    perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
  end if;
  return query
  select v_asked.created, r.* from polaris_data.show_seat_requests(
    v_me.org_id, v_session.project_id, v_session.session_id, v_asked.seq) r;
end;
$$;

ALTER FUNCTION polaris.ask_seat(p_org bigint, p_actor text, p_project text, p_session text, p_note text, p_client_id text, p_expires_in interval, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.ask_seat(p_org bigint, p_actor text, p_project text, p_session text, p_note text, p_client_id text, p_expires_in interval, p_agent text) IS 'Asks the driver of a session for the seat.';

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

CREATE FUNCTION polaris.begin_export(p_org bigint, p_actor text, p_project text, p_after bigint DEFAULT NULL::bigint, p_since timestamp with time zone DEFAULT NULL::timestamp with time zone, p_until timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS TABLE(first_seq bigint, last_seq bigint, head text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
declare
  v_project polaris_data.projects;
  v_first bigint;
  v_last bigint;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_maker(p_org, p_actor, v_project.created_by);
  select h.last_seq into strict v_last from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = v_project.project_id;
  v_first := greatest(v_project.first_seq, least(coalesce(p_after, 0), v_last) + 1);
  if p_since is not null then
    v_first := polaris_data.seq_at(p_org, v_project.project_id, v_first, v_last, p_since);
  end if;
  if p_until is not null then
    v_last := polaris_data.seq_at(p_org, v_project.project_id, v_first, v_last, p_until) - 1;
  end if;
  first_seq := v_first;
  last_seq := v_last;
  select row_to_json(x)::text into head
  from (
    select o.slug as org, v_project.name as project, v_project.visibility, v_project.created_by, v_project.created_at,
      v_project.archived_at, v_first as first_seq, v_last as last_seq, coalesce(p_actor, 'polaris') as exported_by, v_now as exported_at
    from polaris_data.orgs o where o.org_id = p_org) x;
  perform polaris_data.write_audit(p_org, p_actor, 'export', p_project,
    jsonb_build_object('first_seq', v_first, 'last_seq', v_last));
  return next;
end;
$$;

ALTER FUNCTION polaris.begin_export(p_org bigint, p_actor text, p_project text, p_after bigint, p_since timestamp with time zone, p_until timestamp with time zone) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.begin_export(p_org bigint, p_actor text, p_project text, p_after bigint, p_since timestamp with time zone, p_until timestamp with time zone) IS 'Says what an export of a project will hold, and notes it in the audit log.';

CREATE FUNCTION polaris.begin_import(p_org bigint, p_actor text, p_project text, p_digest bytea, p_source jsonb) RETURNS TABLE(last_seq bigint, done boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_first bigint := (p_source ->> 'first_seq')::bigint;
  v_project bigint;
  v_import polaris_data.imports;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  perform polaris_data.require_participant(p_actor);
  perform polaris_data.require_slug(p_project);
  if coalesce(v_first < 1 or (p_source ->> 'last_seq')::bigint < v_first - 1, true) then
    perform polaris_data.fail(422, 'import_not_valid', 'The export does not say which events it holds.', 'Make the export anew.');
  end if;
  v_project := polaris_data.write_project(p_org, p_actor, p_project, 'private', v_first);
  if v_project is not null then
    update polaris_data.projects set archived_at = v_now where org_id = p_org and project_id = v_project;
    insert into polaris_data.imports (org_id, project_id, digest, source, imported_by, last_seq, begun_at)
    values (p_org, v_project, p_digest, p_source, p_actor, v_first - 1, v_now);
  end if;
  select i.* into v_import from polaris_data.projects p
  join polaris_data.imports i on i.org_id = p.org_id and i.project_id = p.project_id
  where p.org_id = p_org and p.name = p_project;
  if not found then
    perform polaris_data.fail(409, 'project_exists', format('There is a project %s already.', p_project), 'Choose another name.');
  elsif v_import.digest <> p_digest then
    perform polaris_data.fail(409, 'import_is_another', format('Project %s was made from another export.', p_project),
      'Choose another name.');
  end if;
  return query
  select h.last_seq, v_import.done_at is not null from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = v_import.project_id;
end;
$$;

ALTER FUNCTION polaris.begin_import(p_org bigint, p_actor text, p_project text, p_digest bytea, p_source jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.begin_import(p_org bigint, p_actor text, p_project text, p_digest bytea, p_source jsonb) IS 'Begins to make a project from an export, or goes on with it.';

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

CREATE FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer DEFAULT 6000, p_since text DEFAULT NULL::text) RETURNS TABLE(text text, last_seq bigint, since bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_since bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  perform polaris_data.require_characters(p_characters);
  v_since := polaris_data.memory_since(v_me.org_id, v_me.actor, v_session.project_id, v_session.session_id, p_since);
  return query
  select polaris_data.memory_text(v_me.org_id, v_session.project_id, v_session.session_id, null, v_since,
      format('Session %s/%s', p_project, p_session), p_characters),
    coalesce((
      select e.seq from polaris_data.events e
      where e.org_id = v_me.org_id and e.session_id = v_session.session_id order by e.seq desc limit 1), 0),
    v_since;
end;
$$;

ALTER FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer, p_since text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer, p_since text) IS 'What a driver has to know who takes a session over.';

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

CREATE FUNCTION polaris.close_annotation(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_seq bigint DEFAULT NULL::bigint, p_body text DEFAULT NULL::text, p_client_id text DEFAULT NULL::text, p_agent text DEFAULT NULL::text) RETURNS TABLE(changed boolean, seq bigint, project text, session text, what text, body text, actor text, speaker text, at timestamp with time zone, about bigint, about_kind text, about_body text, closed_at timestamp with time zone, closed_by text, closed_seq bigint, closed_body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project polaris_data.projects;
  v_found polaris_data.annotations;
  v_epoch bigint;
  v_written record;
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  perform polaris_data.require_participant(v_me.actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if v_project.archived_at is not null then
    perform polaris_data.fail(409, 'project_is_archived', format('Project %s is archived.', p_project), 'Its record stays as it is.');
  elsif btrim(p_body, E' \t\r\n') <> '' then
    perform polaris_data.require_body(p_body, 8000);
  end if;
  perform polaris_data.require_client_id(p_client_id);
  perform from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id for no key update;
  select a.* into v_found from polaris_data.annotations a
  where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.seq = p_seq;
  if not found then
    perform polaris_data.fail(404, 'no_such_annotation', format('Event %s is no decision, question or star.', p_seq),
      'List them: polaris decisions PROJECT.');
  elsif v_found.what = 'star' and v_found.actor <> v_me.actor then
    perform polaris_data.fail(403, 'not_your_star', format('This star is of %s.', v_found.actor), 'Everybody takes back their own.');
  end if;
  select s.epoch into v_epoch from polaris_data.sessions s where s.org_id = v_me.org_id and s.session_id = v_found.session_id;
  if v_found.closed_at is null then
    v_written := polaris_data.write_event(
      v_me.org_id, v_project.project_id, v_found.session_id, v_epoch, 'annotation', v_me.actor, null,
      btrim(coalesce(p_body, ''), E' \t\r\n'), jsonb_build_object('annotation', 'closed', 'of', v_found.what, 'about', p_seq),
      coalesce(p_client_id, 'annotation:' || gen_random_uuid()), left(p_agent, 64));
    if not v_written.created then
      perform polaris_data.fail(409, 'client_id_taken', 'This client_id is of another event.', 'Make a new one for each message.');
    end if;
    v_now := clock_timestamp();
    update polaris_data.annotations a set closed_at = v_now, closed_by = v_me.actor, closed_seq = v_written.seq
    where a.org_id = v_me.org_id and a.project_id = v_project.project_id and a.seq = p_seq;
  elsif p_client_id is null or not exists (
    select from polaris_data.events e
    where e.org_id = v_me.org_id and e.project_id = v_project.project_id and e.seq = v_found.closed_seq
      and e.actor = v_me.actor and e.client_id = p_client_id) then
    perform polaris_data.fail(409, 'annotation_is_closed', format('%s has closed it with event %s.', v_found.closed_by, v_found.closed_seq),
      'Make a new one, if there is more to say.', jsonb_build_object('closed_by', v_found.closed_by, 'closed_seq', v_found.closed_seq));
  end if;
  return query
  select v_found.closed_at is null, r.*
  from polaris_data.show_annotations(v_me.org_id, v_project.project_id, null, null, null, null, p_seq, null, 1) r;
end;
$$;

ALTER FUNCTION polaris.close_annotation(p_org bigint, p_actor text, p_project text, p_seq bigint, p_body text, p_client_id text, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.close_annotation(p_org bigint, p_actor text, p_project text, p_seq bigint, p_body text, p_client_id text, p_agent text) IS 'Ends an annotation: answers a question, takes a decision or a star back.';

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

CREATE FUNCTION polaris.context(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_since text DEFAULT NULL::text, p_by text DEFAULT NULL::text, p_characters integer DEFAULT 6000) RETURNS TABLE(text text, last_seq bigint, since bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
  v_place text := p_project;
  v_since bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
    v_place := p_project || '/' || p_session;
  end if;
  perform polaris_data.require_characters(p_characters);
  if p_by is not null then
    perform polaris_data.require_participant(p_by);
  end if;
  v_since := polaris_data.memory_since(v_me.org_id, v_me.actor, v_project.project_id, v_session, p_since);
  return query
  select polaris_data.memory_text(v_me.org_id, v_project.project_id, v_session, p_by, v_since,
      case when p_by is not null then format('%s in %s', p_by, v_place)
        when p_session is not null then 'Session ' || v_place else 'Project ' || v_place end,
      p_characters),
    (select h.last_seq from polaris_data.project_heads h where h.org_id = v_me.org_id and h.project_id = v_project.project_id),
    v_since;
end;
$$;

ALTER FUNCTION polaris.context(p_org bigint, p_actor text, p_project text, p_session text, p_since text, p_by text, p_characters integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.context(p_org bigint, p_actor text, p_project text, p_session text, p_since text, p_by text, p_characters integer) IS 'What happened in a project, as text whose lines name their events.';

CREATE FUNCTION polaris.create_analyst(p_org bigint, p_actor text, p_for text, p_login text, p_sees_private boolean DEFAULT false) RETURNS TABLE(login text, actor text, sees_private boolean, created_by text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  perform polaris_data.require_participant(p_for);
  if polaris_data.role_of(p_org, p_for) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_for), 'Add it first: polaris member add.');
  end if;
  insert into polaris_data.logins (login, org_id, actor, created_by, kind, sees_private)
  values (p_login, p_org, p_for, coalesce(p_actor, p_for), 'analyst', coalesce(p_sees_private, false)) on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'login_exists', format('The login %s is registered already.', p_login), 'Choose another name.');
  end if;
  perform polaris_data.write_audit(p_org, p_actor, 'analyst.created', p_for,
    jsonb_build_object('login', p_login, 'sees_private', coalesce(p_sees_private, false)));
  return query select * from polaris.list_analysts(p_org, p_actor) l where l.login = p_login;
end;
$$;

ALTER FUNCTION polaris.create_analyst(p_org bigint, p_actor text, p_for text, p_login text, p_sees_private boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.create_analyst(p_org bigint, p_actor text, p_for text, p_login text, p_sees_private boolean) IS 'Lets a Postgres login read the history of one organization.';

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
    p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
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
    perform polaris_data.move_delivery(
      v_me.org_id, p_delivery, 'declined', left(polaris_data.clean_words(v_me.org_id, v_me.direct, p_reason), 500), null, null,
      coalesce(v_me.actor, 'polaris'));
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

CREATE FUNCTION polaris.erase_batch(p_org bigint, p_erasure bigint, p_limit integer DEFAULT 200) RETURNS TABLE(erased integer, done boolean, waits boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET lock_timeout TO '1s'
    AS $$
#variable_conflict use_column
declare
  v_erasure polaris_data.erasures;
  v_part polaris_data.erasure_parts;
  v_project bigint;
  v_seqs bigint[] := '{}';
  v_to bigint;
  v_left boolean;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  select x.* into v_erasure from polaris_data.erasures x where x.org_id = p_org and x.erasure_id = p_erasure;
  if not found then
    perform polaris_data.fail(404, 'no_such_erasure', format('There is no erasure %s.', p_erasure));
  end if;
  perform polaris_data.lock_slack(p_org);
  select t.project_id into v_project from polaris_data.erasure_parts t
  where t.org_id = p_org and t.erasure_id = p_erasure and t.seq < t.until_seq and not polaris_data.is_held(p_org, t.project_id)
  order by t.project_id limit 1;
  if found and polaris_data.lock_to_keep(p_org, v_project) then
    select t.* into v_part from polaris_data.erasure_parts t
    where t.org_id = p_org and t.erasure_id = p_erasure and t.project_id = v_project;
    if v_erasure.participant is null then
      select array_agg(e.seq order by e.seq) filter (where polaris_data.may_be_erased(e.kind)),
        case when count(*) < p_limit then v_part.until_seq else max(e.seq) end
      into v_seqs, v_to
      from (
        select e.seq, e.kind from polaris_data.events e
        where e.org_id = p_org and e.session_id = v_erasure.session_id and e.seq > v_part.seq and e.seq <= v_part.until_seq
        order by e.seq limit p_limit) e;
    else
      v_to := least(v_part.seq + 5 * p_limit, v_part.until_seq);
      select array_agg(e.seq order by e.seq) into v_seqs from polaris_data.events e
      where e.org_id = p_org and e.project_id = v_project and e.seq > v_part.seq and e.seq <= v_to
        and e.actor = v_erasure.participant and polaris_data.may_be_erased(e.kind);
    end if;
    perform polaris_data.erase_copies(
      p_org, v_project, v_erasure.session_id, v_erasure.participant, v_part.seq, v_to, coalesce(v_seqs, '{}'));
    perform polaris_data.lock_index(p_org, v_project);
    v_seqs := polaris_data.change_events(p_org, v_project, coalesce(v_seqs, '{}'), v_now);
    update polaris_data.erasure_parts set seq = v_to where org_id = p_org and erasure_id = p_erasure and project_id = v_project;
  end if;
  v_left := exists (
    select from polaris_data.erasure_parts t where t.org_id = p_org and t.erasure_id = p_erasure and t.seq < t.until_seq);
  update polaris_data.erasures x set erased = x.erased + cardinality(v_seqs), done_at = case when v_left then null else v_now end
  where x.org_id = p_org and x.erasure_id = p_erasure and x.done_at is null
  returning x.* into v_erasure;
  if found and not v_left then
    perform polaris_data.write_audit(p_org, null, 'erasure.done', (
        select coalesce(w.participant, w.project || '/' || w.session) from polaris_data.show_erasures(p_org, p_erasure) w),
      jsonb_build_object('erasure', p_erasure, 'erased', v_erasure.erased));
  end if;
  return query select cardinality(v_seqs), not v_left, v_left and v_part.org_id is null;
end;
$$;

ALTER FUNCTION polaris.erase_batch(p_org bigint, p_erasure bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.erase_batch(p_org bigint, p_erasure bigint, p_limit integer) IS 'Goes on with an erasure.';

CREATE FUNCTION polaris.erase_person(p_org bigint, p_actor text, p_participant text, p_reason text) RETURNS SETOF polaris_data.erasure_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_participant(p_participant);
  return query select * from polaris_data.begin_erasure(
    v_me.org_id, v_me.actor,
    array(select p.project_id from polaris_data.projects p where p.org_id = v_me.org_id order by p.project_id),
    0, p_participant, p_participant, p_reason);
end;
$$;

ALTER FUNCTION polaris.erase_person(p_org bigint, p_actor text, p_participant text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.erase_person(p_org bigint, p_actor text, p_participant text, p_reason text) IS 'Asks that what a participant said be taken away.';

CREATE FUNCTION polaris.erase_session(p_org bigint, p_actor text, p_project text, p_session text, p_reason text) RETURNS SETOF polaris_data.erasure_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_session := polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.begin_erasure(
    v_me.org_id, v_me.actor, array[v_session.project_id], v_session.session_id, null, p_project || '/' || p_session, p_reason);
end;
$$;

ALTER FUNCTION polaris.erase_session(p_org bigint, p_actor text, p_project text, p_session text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.erase_session(p_org bigint, p_actor text, p_project text, p_session text, p_reason text) IS 'Asks that the content of a session be taken away.';

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

CREATE FUNCTION polaris.expire_seat_requests(p_org bigint DEFAULT NULL::bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_request record;
  v_count integer := 0;
  v_org bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_org := (polaris_data.acting(p_org, null)).org_id;
  for v_request in
    select r.session_id, r.seq, r.actor from polaris_data.seat_requests r
    join polaris_data.sessions s on s.org_id = r.org_id and s.session_id = r.session_id
    where r.org_id = v_org and r.ended_at is null and r.expires_at <= v_now
    order by s.project_id, r.session_id, r.seq limit 100 for no key update of s, r skip locked
  loop
    perform polaris_data.end_request(v_org, v_request.session_id, v_request.seq, 'expired', v_request.actor);
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;

ALTER FUNCTION polaris.expire_seat_requests(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.expire_seat_requests(p_org bigint) IS 'Ends the requests for a seat that nobody answered in time.';

CREATE FUNCTION polaris.find_commit(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_commit text DEFAULT NULL::text) RETURNS SETOF polaris_data.commit_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  v_me record;
  v_name text := lower(p_commit);
  v_found record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if v_name is null or v_name !~ '^[0-9a-f]{4,64}$' then
    perform polaris_data.fail(422, 'commit_is_hex', 'The name of a commit has 4 to 64 digits 0-9 and a-f.', 'git rev-parse HEAD');
  end if;
  select array_agg(x.project_id) as projects, array_agg(x.session_id) as sessions, array_agg(x.commit) as commits into v_found
  from (
    select c.project_id, c.session_id, c.commit from polaris_data.commits c
    where c.org_id = v_me.org_id and polaris_data.may_see_id(v_me.org_id, v_me.actor, c.project_id)
      and (c.commit like v_name || '%'
        or c.commit = any (array(select left(v_name, n) from generate_series(7, char_length(v_name) - 1) n)))
    order by c.made desc, c.at desc, c.project_id, c.seq desc limit 50) x;
  if v_found.commits is null then
    perform polaris_data.fail(404, 'no_such_commit', format('No session that you may see met the commit %s.', v_name),
      'It is in the record a moment after a captured session had it checked out.');
  end if;
  return query select * from polaris_data.show_commits(v_me.org_id, v_found.projects, v_found.sessions, v_found.commits);
end;
$_$;

ALTER FUNCTION polaris.find_commit(p_org bigint, p_actor text, p_commit text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.find_commit(p_org bigint, p_actor text, p_commit text) IS 'Which sessions met a commit, those that made it first.';

CREATE FUNCTION polaris.find_events(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_query text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_after bigint DEFAULT NULL::bigint, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100, p_kind text[] DEFAULT NULL::text[], p_by text[] DEFAULT NULL::text[]) RETURNS SETOF polaris_data.event_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
  v_query tsquery;
  v_from bigint := coalesce(p_after, p_before);
  v_from_at timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 events.');
  end if;
  v_query := (polaris_data.search_query(p_query)).query
    && polaris_data.search_filter(v_me.org_id, null, v_project.project_id, v_session, p_kind, p_by);
  if v_query is null then
    return;
  end if;
  -- Time goes with the numbers of a project: where there is no event of the number, it is that of the next one.
  select e.recorded_at into v_from_at from polaris_data.events e
  where e.org_id = v_me.org_id and e.project_id = v_project.project_id and e.seq >= v_from order by e.seq limit 1;
  if not found and p_after is not null then
    v_from_at := 'infinity';
  end if;
  return query
  select w.*
  from (
    select x.seq from (
      select i.seq from polaris_data.search_places(
        v_me.org_id, v_query, null, null, v_from_at, v_project.project_id, v_from, p_limit, p_after is not null) i
      union
      select t.seq from polaris_data.search_tail(v_me.org_id, v_project.project_id, v_query) t (seq)
      where t.seq > coalesce(p_after, 0)) x
    where p_before is null or x.seq < p_before
    order by case when p_after is not null then x.seq end, x.seq desc limit p_limit) f
  cross join lateral polaris_data.show_events(v_me.org_id, v_project.project_id, null, f.seq - 1, null, 1, null, null) w
  where f.seq >= v_project.first_seq
  order by f.seq;
end;
$$;

ALTER FUNCTION polaris.find_events(p_org bigint, p_actor text, p_project text, p_query text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.find_events(p_org bigint, p_actor text, p_project text, p_query text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) IS 'A page of a project''s history of which each event holds what a query looks for.';

CREATE FUNCTION polaris.finish_import(p_org bigint, p_actor text, p_project text, p_digest bytea) RETURNS SETOF polaris_data.project_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_import polaris_data.imports := polaris_data.lock_import(p_org, p_actor, p_project, p_digest);
  v_source jsonb := v_import.source;
  v_last bigint;
  v_now timestamptz := clock_timestamp();
begin
  if v_import.done_at is null then
    select h.last_seq into strict v_last from polaris_data.project_heads h
    where h.org_id = p_org and h.project_id = v_import.project_id for no key update;
    if v_last <> v_import.last_seq or v_last <> (v_source ->> 'last_seq')::bigint then
      perform polaris_data.fail(409, 'import_is_not_whole', format('The export ends with #%s, project %s with #%s.',
        v_source ->> 'last_seq', p_project, v_last), 'Import it again: it goes on where it stopped.',
        jsonb_build_object('last_seq', v_last));
    end if;
    perform polaris_data.write_event(p_org, v_import.project_id, 0, null, 'notice', p_actor, null,
      format('%s imported #%s to #%s, as project %s of organization %s had them when %s exported it on %s', p_actor,
        v_source ->> 'first_seq', v_source ->> 'last_seq', v_source ->> 'project', v_source ->> 'org', v_source ->> 'exported_by',
        left(v_source ->> 'exported_at', 10)),
      jsonb_build_object('imported', v_source || jsonb_build_object('digest', encode(p_digest, 'hex'))), 'polaris:imported');
    update polaris_data.projects set visibility = coalesce(v_source ->> 'visibility', 'private'),
      archived_at = (v_source ->> 'archived_at')::timestamptz
    where org_id = p_org and project_id = v_import.project_id;
    update polaris_data.imports set done_at = v_now where org_id = p_org and project_id = v_import.project_id;
    perform polaris_data.publish_control(p_org, 'project', v_import.project_id);
    perform polaris_data.write_audit(p_org, p_actor, 'project.imported', p_project,
      v_source || jsonb_build_object('digest', encode(p_digest, 'hex')));
  end if;
  return query select * from polaris_data.show_projects(p_org, v_import.project_id);
end;
$$;

ALTER FUNCTION polaris.finish_import(p_org bigint, p_actor text, p_project text, p_digest bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.finish_import(p_org bigint, p_actor text, p_project text, p_digest bytea) IS 'Ends an import: all events of the export have to be there.';

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

CREATE FUNCTION polaris.get_slack_key(p_team text, p_app text) RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return (
    select o.redaction_key from polaris_data.slack_workspaces w join polaris_data.orgs o on o.org_id = w.org_id
    where w.team_id = p_team and w.app_id = p_app and w.state = 'connected');
end;
$$;

ALTER FUNCTION polaris.get_slack_key(p_team text, p_app text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_slack_key(p_team text, p_app text) IS 'Under which key what this workspace tells is redacted.';

CREATE FUNCTION polaris.get_usage(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_since timestamp with time zone DEFAULT NULL::timestamp with time zone, p_until timestamp with time zone DEFAULT NULL::timestamp with time zone, p_by text DEFAULT 'session'::text, p_limit integer DEFAULT 100) RETURNS SETOF polaris_data.usage_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  v_me record;
  v_projects bigint[];
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_by is null or p_by not in ('session', 'person', 'project', 'day', 'model') then
    perform polaris_data.fail(422, 'grouping_is_known', 'Usage is summed up by session, person, project, day or model.');
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'An answer has 1 to 1000 rows.');
  end if;
  if p_project is not null then
    v_projects := array[(polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id];
  elsif p_session is not null then
    perform polaris_data.fail(404, 'no_such_session', 'A session is named with its project.');
  else
    select coalesce(array_agg(p.project_id), '{}') into v_projects from polaris_data.projects p
    where p.org_id = v_me.org_id and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility);
  end if;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  return query
  select p.name, s.name, x.actor, x.day, x.model, x.messages, x.input, x.output, x.cache_read, x.cache_write, x.cost, x.priced, x.first_at,
    x.last_at
  from (
    select k.project_id, k.session_id, k.actor, k.day, k.model, count(*) as messages, sum(u.input_tokens)::bigint as input,
      sum(u.output_tokens)::bigint as output, sum(u.cache_read_tokens)::bigint as cache_read,
      sum(u.cache_write_tokens)::bigint as cache_write, sum(u.cost_usd) as cost, count(u.cost_usd) as priced, min(u.at) as first_at,
      max(u.at) as last_at
    from polaris_data.usage u
    cross join lateral (
      select case when p_by in ('session', 'project') then u.project_id end as project_id,
        case when p_by = 'session' then u.session_id end as session_id,
        case when p_by = 'person' then u.actor end as actor,
        case when p_by = 'day' then (u.at at time zone 'UTC')::date end as day,
        case when p_by = 'model' then u.model end as model) k
    where u.org_id = v_me.org_id and (v_session is not null or u.project_id = any (v_projects))
      and (v_session is null or u.session_id = v_session)
      and (p_since is null or u.at >= p_since) and (p_until is null or u.at < p_until)
    group by k.project_id, k.session_id, k.actor, k.day, k.model
    order by k.day desc, sum(u.input_tokens + u.output_tokens + u.cache_read_tokens + u.cache_write_tokens) desc,
      k.project_id, k.session_id, k.actor, k.model
    limit p_limit) x
  left join polaris_data.projects p on p.org_id = v_me.org_id and p.project_id = x.project_id
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.session_id = x.session_id
  order by x.day desc, x.input + x.output + x.cache_read + x.cache_write desc, p.name, s.name, x.actor, x.model;
end;
$$;

ALTER FUNCTION polaris.get_usage(p_org bigint, p_actor text, p_project text, p_session text, p_since timestamp with time zone, p_until timestamp with time zone, p_by text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.get_usage(p_org bigint, p_actor text, p_project text, p_session text, p_since timestamp with time zone, p_until timestamp with time zone, p_by text, p_limit integer) IS 'What models used: by session, person, project, day or model.';

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

CREATE FUNCTION polaris.import_rows(p_org bigint, p_actor text, p_project text, p_digest bytea, p_what text, p_rows text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_import polaris_data.imports := polaris_data.lock_import(p_org, p_actor, p_project, p_digest);
  v_project bigint := v_import.project_id;
  v_at timestamptz := (v_import.source ->> 'exported_at')::timestamptz;
  v_rows jsonb[] := p_rows::jsonb[];
  v_last bigint;
begin
  if v_import.done_at is not null then
    perform polaris_data.fail(409, 'import_is_done', format('The import of %s is complete.', p_project), 'It is not changed any more.');
  end if;
  if p_what = 'session' then
    insert into polaris_data.sessions (org_id, project_id, name, created_by, created_at, archived_at, epoch)
    select p_org, v_project, r.name, r.created_by, r.created_at, r.archived_at, r.epoch
    from unnest(v_rows) with ordinality as u (item, ord)
    cross join lateral jsonb_to_record(u.item) as r (
      name text, created_by text, created_at timestamptz, archived_at timestamptz, epoch bigint)
    order by u.ord
    on conflict do nothing;
  elsif p_what = 'seat' then
    insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at, ended_at, ended_how)
    select p_org, s.session_id, r.epoch, r.driver, r.claimed_at, coalesce(r.ended_at, v_at), coalesce(r.ended_how, 'released')
    from unnest(v_rows) as u (item)
    cross join lateral jsonb_to_record(u.item) as r (
      session text, epoch bigint, driver text, claimed_at timestamptz, ended_at timestamptz, ended_how text)
    join polaris_data.sessions s on s.org_id = p_org and s.project_id = v_project and s.name = r.session
    on conflict do nothing;
  elsif p_what = 'event' then
    v_last := polaris_data.import_events(p_org, v_project, v_import.last_seq, v_rows);
    update polaris_data.imports set last_seq = v_last where org_id = p_org and project_id = v_project;
  elsif p_what = 'delivery' then
    insert into polaris_data.deliveries (
      org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, reason, path, attempts, epoch, queued_at,
      sent_at, seen_at, answered_at, expires_at, edited_by)
    select p_org,
      case when exists (select from polaris_data.deliveries d
          where d.org_id = p_org and d.delivery_id = r.delivery_id and d.project_id <> v_project)
        then md5(v_project || ':' || r.delivery_id)::uuid else r.delivery_id end,
      v_project, s.session_id, r.advice_seq, r.sender, r.sender_class, r.body,
      case when r.state in ('held', 'queued', 'sent') then 'failed' else r.state end,
      case when r.state in ('held', 'queued', 'sent') then 'imported' else r.reason end,
      r.path, r.attempts, r.epoch, r.queued_at, r.sent_at, r.seen_at, r.answered_at, r.expires_at, r.edited_by
    from unnest(v_rows) as u (item)
    cross join lateral jsonb_to_record(u.item) as r (
      delivery_id uuid, session text, advice_seq bigint, sender text, sender_class text, body text, state text, reason text, path text,
      attempts integer, epoch bigint, queued_at timestamptz, sent_at timestamptz, seen_at timestamptz, answered_at timestamptz,
      expires_at timestamptz, edited_by text)
    join polaris_data.sessions s on s.org_id = p_org and s.project_id = v_project and s.name = r.session
    on conflict do nothing;
  elsif p_what = 'annotation' then
    insert into polaris_data.annotations (org_id, project_id, seq, session_id, what, about, actor, at, closed_at, closed_by, closed_seq)
    select p_org, v_project, r.seq, coalesce(s.session_id, 0), r.what, r.about, r.actor, r.at, r.closed_at, r.closed_by, r.closed_seq
    from unnest(v_rows) as u (item)
    cross join lateral jsonb_to_record(u.item) as r (
      seq bigint, session text, what text, about bigint, actor text, at timestamptz, closed_at timestamptz, closed_by text,
      closed_seq bigint)
    left join polaris_data.sessions s on s.org_id = p_org and s.project_id = v_project and s.name = r.session
    on conflict do nothing;
  else
    perform polaris_data.fail(422, 'import_not_valid', format('An export has no part %s.', coalesce(left(p_what, 80), 'of no name')));
  end if;
  select h.last_seq into strict v_last from polaris_data.project_heads h where h.org_id = p_org and h.project_id = v_project;
  return v_last;
end;
$$;

ALTER FUNCTION polaris.import_rows(p_org bigint, p_actor text, p_project text, p_digest bytea, p_what text, p_rows text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.import_rows(p_org bigint, p_actor text, p_project text, p_digest bytea, p_what text, p_rows text[]) IS 'Writes rows of one part of an import.';

CREATE FUNCTION polaris.index_events(p_org bigint, p_project_id bigint, p_limit integer DEFAULT 500) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_from bigint;
  v_last bigint;
  v_seqs bigint[];
begin
  perform polaris_data.require_service();
  insert into polaris_data.index_cursors (org_id, project_id) values (p_org, p_project_id) on conflict do nothing;
  select c.seq into v_from from polaris_data.index_cursors c
  where c.org_id = p_org and c.project_id = p_project_id for no key update skip locked;
  if not found then
    return 0;
  end if;
  -- Read before the events: up to here all of them can be seen, whatever is written meanwhile.
  select h.last_seq into v_last from polaris_data.project_heads h where h.org_id = p_org and h.project_id = p_project_id;
  select array_agg(e.seq order by e.seq) into v_seqs from (
    select e.seq from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project_id and e.seq > v_from order by e.seq limit p_limit) e;
  if v_seqs is null then -- nothing, or what retention has taken
    update polaris_data.index_cursors set seq = v_last where org_id = p_org and project_id = p_project_id and seq < v_last;
    return 0;
  end if;
  perform polaris_data.write_index(p_org, p_project_id, v_seqs);
  update polaris_data.index_cursors set seq = v_seqs[cardinality(v_seqs)] where org_id = p_org and project_id = p_project_id;
  return cardinality(v_seqs);
end;
$$;

ALTER FUNCTION polaris.index_events(p_org bigint, p_project_id bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.index_events(p_org bigint, p_project_id bigint, p_limit integer) IS 'Puts the next events of a project into the tables that are made from the record.';

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
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
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

CREATE FUNCTION polaris.lead_keeping() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_key bigint := 30229308860100199; -- the bytes of 'keeping'
begin
  perform polaris_data.require_service();
  if exists (
    select from pg_locks k
    where k.locktype = 'advisory' and k.pid = pg_backend_pid() and k.granted
      and k.database = (select d.oid from pg_database d where d.datname = current_database())
      and (k.classid::bigint << 32) + k.objid::bigint = v_key and k.objsubid = 1) then
    return true;
  end if;
  return pg_try_advisory_lock(v_key) or exists (
    select from pg_locks k
    join pg_stat_activity a on a.pid = k.pid
    join polaris_data.logins l on l.login = a.usename
    where k.locktype = 'advisory' and k.granted
      and k.database = (select d.oid from pg_database d where d.datname = current_database())
      and (k.classid::bigint << 32) + k.objid::bigint = v_key and k.objsubid = 1);
end;
$$;

ALTER FUNCTION polaris.lead_keeping() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.lead_keeping() IS 'Whether this connection is the one of the installation that prunes and erases.';

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

CREATE FUNCTION polaris.lift_hold(p_org bigint, p_actor text, p_hold bigint) RETURNS SETOF polaris_data.hold_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_hold polaris_data.legal_holds;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  select h.* into v_hold from polaris_data.legal_holds h where h.org_id = v_me.org_id and h.hold_id = p_hold for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_hold', format('There is no legal hold %s.', p_hold), 'See polaris hold list.');
  end if;
  if v_hold.lifted_at is null then
    update polaris_data.legal_holds set lifted_by = coalesce(v_me.actor, 'polaris'), lifted_at = v_now
    where org_id = v_me.org_id and hold_id = p_hold;
    perform polaris_data.publish_control(v_me.org_id, 'keeping', v_hold.project_id);
    perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'hold.lifted',
      (select p.name from polaris_data.projects p where p.org_id = v_me.org_id and p.project_id = v_hold.project_id),
      jsonb_build_object('hold', p_hold));
  end if;
  return query select * from polaris_data.show_holds(v_me.org_id, p_hold);
end;
$$;

ALTER FUNCTION polaris.lift_hold(p_org bigint, p_actor text, p_hold bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.lift_hold(p_org bigint, p_actor text, p_hold bigint) IS 'Lifts a legal hold.';

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

CREATE FUNCTION polaris.list_analysts(p_org bigint, p_actor text) RETURNS TABLE(login text, actor text, sees_private boolean, created_by text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  return query
  select l.login::text, l.actor, l.sees_private, l.created_by, l.created_at, l.revoked_at
  from polaris_data.logins l where l.org_id = p_org and l.kind = 'analyst' order by l.login;
end;
$$;

ALTER FUNCTION polaris.list_analysts(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_analysts(p_org bigint, p_actor text) IS 'The analysts'' logins of an organization.';

CREATE FUNCTION polaris.list_annotations(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_kind text[] DEFAULT NULL::text[], p_open boolean DEFAULT NULL::boolean, p_about bigint DEFAULT NULL::bigint, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100) RETURNS SETOF polaris_data.annotation_row
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
  if not p_kind <@ array['decision', 'question', 'star'] then
    perform polaris_data.fail(422, 'annotation_is_known', 'There are decisions, questions and stars.', 'Write decision, question or star.');
  elsif p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 annotations.');
  end if;
  return query select * from polaris_data.show_annotations(
    v_me.org_id, v_project.project_id, v_session, p_kind, p_open, p_about, null, p_before, p_limit);
end;
$$;

ALTER FUNCTION polaris.list_annotations(p_org bigint, p_actor text, p_project text, p_session text, p_kind text[], p_open boolean, p_about bigint, p_before bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_annotations(p_org bigint, p_actor text, p_project text, p_session text, p_kind text[], p_open boolean, p_about bigint, p_before bigint, p_limit integer) IS 'The decisions, questions and stars of a project.';

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

CREATE FUNCTION polaris.list_checkouts(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text) RETURNS TABLE(session text, repository text, branch text, commit text, seq bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  return query
  select s.name, polaris_data.excerpt(k.repository, 300), polaris_data.excerpt(k.branch, 300), k.commit, k.seq
  from polaris_data.sessions s
  join polaris_data.checkouts k on k.org_id = v_me.org_id and k.session_id = s.session_id
  where s.org_id = v_me.org_id and s.project_id = v_project order by s.name;
end;
$$;

ALTER FUNCTION polaris.list_checkouts(p_org bigint, p_actor text, p_project text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_checkouts(p_org bigint, p_actor text, p_project text) IS 'Where the work of each session of a project stands in git.';

CREATE FUNCTION polaris.list_commits(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100) RETURNS SETOF polaris_data.commit_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_me record;
  v_project bigint;
  v_session bigint;
  v_found record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 commits.');
  end if;
  select array_agg(x.project_id) as projects, array_agg(x.session_id) as sessions, array_agg(x.commit) as commits into v_found
  from (
    select c.project_id, c.session_id, c.commit from polaris_data.commits c
    where c.org_id = v_me.org_id and c.project_id = v_project and (v_session is null or c.session_id = v_session)
      and c.made and c.seq < coalesce(p_before, 9223372036854775807)
    order by c.seq desc fetch first p_limit rows with ties) x;
  return query select * from polaris_data.show_commits(v_me.org_id, v_found.projects, v_found.sessions, v_found.commits);
end;
$$;

ALTER FUNCTION polaris.list_commits(p_org bigint, p_actor text, p_project text, p_session text, p_before bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_commits(p_org bigint, p_actor text, p_project text, p_session text, p_before bigint, p_limit integer) IS 'The commits that the sessions of a project made.';

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

CREATE FUNCTION polaris.list_erasures(p_org bigint, p_actor text) RETURNS SETOF polaris_data.erasure_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_erasures(v_me.org_id);
end;
$$;

ALTER FUNCTION polaris.list_erasures(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_erasures(p_org bigint, p_actor text) IS 'The newest erasures, done and under way.';

CREATE FUNCTION polaris.list_file_changes(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_path text DEFAULT NULL::text, p_reads boolean DEFAULT false, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100) RETURNS TABLE(path text, written boolean, project text, session text, seq bigint, turn text, actor text, call text, repository text, branch text, commit text, at timestamp with time zone, prompt_seq bigint, prompt text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $_$
#variable_conflict use_column
declare
  v_me record;
  v_project bigint;
  v_path text := polaris_data.path_below(null, p_path);
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  if coalesce(btrim(p_path), '') !~ '[^/]$' then
    perform polaris_data.fail(422, 'path_is_missing', 'Say which file: its name or the end of its path.', 'src/auth.py');
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 changes.');
  end if;
  return query
  select polaris_data.excerpt(t.path, 1000), t.written, p.name, s.name, t.seq, t.turn, e.actor, polaris_data.excerpt(e.body, 200),
    polaris_data.excerpt(e.facts ->> 'repository', 300), polaris_data.excerpt(e.facts ->> 'branch', 300), left(e.facts ->> 'commit', 64),
    e.recorded_at, q.seq, polaris_data.excerpt(q.body, 300)
  from polaris_data.projects p
  cross join lateral (
    select t.* from polaris_data.touched_files t
    where t.org_id = v_me.org_id and t.name = regexp_replace(v_path, '^.*/', '') and t.project_id = p.project_id
      and t.seq < coalesce(p_before, 9223372036854775807)
      and (t.path = v_path or (left(v_path, 1) <> '/' and right(t.path, char_length(v_path) + 1) = '/' || v_path))
      and (t.written or p_reads)
    order by t.seq desc limit p_limit) t
  join polaris_data.sessions s on s.org_id = v_me.org_id and s.session_id = t.session_id
  cross join lateral (
    select e.actor, e.body, e.facts, e.recorded_at from polaris_data.events e
    where e.org_id = v_me.org_id and e.project_id = t.project_id and e.seq between t.seq and t.seq order by e.seq limit 1) e
  cross join lateral polaris_data.prompt_of(v_me.org_id, t.session_id, t.turn, t.seq) q
  where p.org_id = v_me.org_id and (v_project is null or p.project_id = v_project)
    and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility)
  order by e.recorded_at desc, p.name, t.seq desc limit p_limit;
end;
$_$;

ALTER FUNCTION polaris.list_file_changes(p_org bigint, p_actor text, p_project text, p_path text, p_reads boolean, p_before bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_file_changes(p_org bigint, p_actor text, p_project text, p_path text, p_reads boolean, p_before bigint, p_limit integer) IS 'The tool calls that named a file, and the prompts under which they happened.';

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

CREATE FUNCTION polaris.list_holds(p_org bigint, p_actor text) RETURNS SETOF polaris_data.hold_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  return query select * from polaris_data.show_holds(v_me.org_id);
end;
$$;

ALTER FUNCTION polaris.list_holds(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_holds(p_org bigint, p_actor text) IS 'Legal holds, the standing ones first.';

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

CREATE FUNCTION polaris.list_keeping_work(p_org bigint) RETURNS TABLE(kind text, id bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  return query
  select 'erase', x.erasure_id from polaris_data.erasures x
  where x.org_id = p_org and x.done_at is null and not exists (
    select from polaris_data.erasure_parts t
    where t.org_id = p_org and t.erasure_id = x.erasure_id and t.seq < t.until_seq and polaris_data.is_held(p_org, t.project_id))
  order by x.erasure_id;
  return query
  select 'prune', p.project_id from polaris_data.projects p
  left join polaris_data.retention t on t.org_id = p_org and t.project_id = p.project_id
  left join polaris_data.retention o on o.org_id = p_org and o.project_id = 0
  cross join lateral (
    select e.recorded_at from polaris_data.events e
    where e.org_id = p_org and e.project_id = p.project_id and e.seq >= p.first_seq order by e.seq limit 1) f
  where p.org_id = p_org and f.recorded_at < v_now - make_interval(days => coalesce(t.keep_days, o.keep_days))
    and not polaris_data.is_held(p_org, p.project_id)
  order by p.project_id;
end;
$$;

ALTER FUNCTION polaris.list_keeping_work(p_org bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_keeping_work(p_org bigint) IS 'What is to be pruned and erased in an organization now.';

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
  select l.login::text, l.actor, l.created_at, l.revoked_at from polaris_data.logins l
  where l.org_id = p_org and l.kind = 'client' order by l.login;
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

CREATE FUNCTION polaris.list_orgs_to_keep() RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_service();
  return query
  select t.org_id from polaris_data.retention t
  union
  select x.org_id from polaris_data.erasures x where x.done_at is null
  order by 1;
end;
$$;

ALTER FUNCTION polaris.list_orgs_to_keep() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_orgs_to_keep() IS 'The organizations in which something may have to be pruned or erased.';

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
    where d.org_id = o.org_id and d.state in ('held', 'queued', 'sent') and d.expires_at <= v_now)
  or exists (
    select from polaris_data.seat_requests r where r.org_id = o.org_id and r.ended_at is null and r.expires_at <= v_now);
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
        and e.kind in (
          'prompt', 'reply', 'advice', 'floor', 'seat.asked', 'driver.claimed', 'driver.released', 'driver.expired', 'driver.taken')
      order by e.seq desc limit p_limit) x
    where r.archived_at is null and polaris_data.may_see(v_me.org_id, v_me.actor, r.project_id, r.visibility)
    order by x.recorded_at desc, x.seq desc limit p_limit) n
  cross join lateral polaris_data.show_events(v_me.org_id, n.project_id, null, n.seq - 1, null, 1, null, null) w
  order by n.recorded_at desc, n.seq desc;
end;
$$;

ALTER FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_recent(p_org bigint, p_actor text, p_limit integer) IS 'The newest words over all projects that the caller may see.';

CREATE FUNCTION polaris.list_retention(p_org bigint, p_actor text) RETURNS SETOF polaris_data.retention_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query
  select x.name, t.keep_days, t.set_by, t.set_at, coalesce(t.keep_days, o.keep_days), x.first_seq
  from (
    select 0 as project_id, null as name, null as first_seq
    union all
    select p.project_id, p.name, p.first_seq from polaris_data.projects p
    where p.org_id = v_me.org_id and polaris_data.may_see(v_me.org_id, v_me.actor, p.project_id, p.visibility)) x
  left join polaris_data.retention t on t.org_id = v_me.org_id and t.project_id = x.project_id
  left join polaris_data.retention o on o.org_id = v_me.org_id and o.project_id = 0
  order by x.name nulls first;
end;
$$;

ALTER FUNCTION polaris.list_retention(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_retention(p_org bigint, p_actor text) IS 'How long events are kept.';

CREATE FUNCTION polaris.list_seat_requests(p_org bigint, p_actor text, p_project text, p_session text DEFAULT NULL::text, p_limit integer DEFAULT 100) RETURNS SETOF polaris_data.seat_request_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project bigint;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 requests.');
  end if;
  return query select * from polaris_data.show_seat_requests(v_me.org_id, v_project, v_session, null, p_limit);
end;
$$;

ALTER FUNCTION polaris.list_seat_requests(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_seat_requests(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) IS 'Who asked for the seat of a session, and what became of it.';

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

CREATE FUNCTION polaris.list_unindexed(p_limit integer DEFAULT 100) RETURNS TABLE(org_id bigint, project_id bigint, behind bigint, waits_since timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform polaris_data.require_service();
  return query
  select h.org_id, h.project_id, h.last_seq - greatest(coalesce(c.seq, 0), p.first_seq - 1), e.recorded_at
  from polaris_data.project_heads h
  join polaris_data.projects p on p.org_id = h.org_id and p.project_id = h.project_id
  left join polaris_data.index_cursors c on c.org_id = h.org_id and c.project_id = h.project_id
  left join lateral (
    select e.recorded_at from polaris_data.events e
    where e.org_id = h.org_id and e.project_id = h.project_id and e.seq > coalesce(c.seq, 0) order by e.seq limit 1) e on true
  where h.last_seq > greatest(coalesce(c.seq, 0), p.first_seq - 1)
  order by e.recorded_at limit p_limit;
end;
$$;

ALTER FUNCTION polaris.list_unindexed(p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.list_unindexed(p_limit integer) IS 'The projects whose newest events are not yet in the tables made from the record.';

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

CREATE FUNCTION polaris.place_hold(p_org bigint, p_actor text, p_project text, p_reason text) RETURNS SETOF polaris_data.hold_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project bigint := 0;
  v_hold bigint;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_reason(p_reason);
  perform from polaris_data.projects p
  where p.org_id = v_me.org_id and v_project in (0, p.project_id) order by p.project_id for no key update;
  insert into polaris_data.legal_holds (org_id, project_id, reason, placed_by, placed_at)
  values (v_me.org_id, v_project, p_reason, coalesce(v_me.actor, 'polaris'), v_now)
  on conflict (org_id, project_id) where lifted_at is null do nothing returning hold_id into v_hold;
  if v_hold is null then
    perform polaris_data.fail(409, 'hold_is_placed', format('A legal hold stands on %s already.', coalesce(p_project, 'the organization')),
      'Lift it first.');
  end if;
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'hold.placed', p_project,
    jsonb_build_object('hold', v_hold, 'reason', p_reason));
  return query select * from polaris_data.show_holds(v_me.org_id, v_hold);
end;
$$;

ALTER FUNCTION polaris.place_hold(p_org bigint, p_actor text, p_project text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.place_hold(p_org bigint, p_actor text, p_project text, p_reason text) IS 'Places a legal hold.';

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

CREATE FUNCTION polaris.prune_project(p_org bigint, p_project_id bigint, p_limit integer DEFAULT 500) RETURNS TABLE(pruned integer, first_seq bigint, more boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET lock_timeout TO '1s'
    AS $$
#variable_conflict use_column
declare
  v_days integer;
  v_before timestamptz;
  v_old bigint;
  v_first bigint;
  v_last bigint;
  v_young bigint;
  v_read bigint;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.lock_slack(p_org);
  if not polaris_data.lock_to_keep(p_org, p_project_id) then
    return query select 0, null::bigint, false;
    return;
  end if;
  select p.first_seq into v_old from polaris_data.projects p where p.org_id = p_org and p.project_id = p_project_id;
  select t.keep_days into v_days from polaris_data.retention t
  where t.org_id = p_org and t.project_id in (0, p_project_id) order by t.project_id desc limit 1;
  if v_days is null then
    return query select 0, v_old, false;
    return;
  end if;
  v_before := v_now - make_interval(days => v_days);
  select max(x.seq), min(x.seq) filter (where x.recorded_at >= v_before), count(*) into v_last, v_young, v_read
  from (
    select e.seq, e.recorded_at from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project_id and e.seq >= v_old order by e.seq limit p_limit) x;
  v_first := coalesce(v_young, v_last + 1, v_old);
  perform polaris_data.prune_copies(p_org, p_project_id, v_first);
  perform polaris_data.lock_index(p_org, p_project_id);
  v_count := polaris_data.drop_events(p_org, p_project_id, v_old, v_first);
  return query select v_count, v_first, v_young is null and v_read = p_limit;
end;
$$;

ALTER FUNCTION polaris.prune_project(p_org bigint, p_project_id bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.prune_project(p_org bigint, p_project_id bigint, p_limit integer) IS 'Deletes events from the front of a project.';

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

CREATE FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[], p_facts jsonb[] DEFAULT NULL::jsonb[]) RETURNS TABLE(ord integer, client_id text, seq bigint, created boolean, late boolean, code text, message text)
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
  v_facts jsonb[] := p_facts;
  v_client_id text[] := p_client_id;
  v_turn text[] := p_turn;
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
    or cardinality(p_payload) is distinct from v_count or cardinality(p_occurred_at) is distinct from v_count
    or cardinality(p_facts) <> v_count then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.', 'Use null where an event has nothing.');
  end if;

  if v_me.direct then
    select o.redaction_key into v_key from polaris_data.orgs o where o.org_id = v_me.org_id;
    select array_agg(polaris_data.redact_prefixes(v_key, u.body) order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.payload::text)::jsonb order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.facts::text)::jsonb order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.client_id) order by u.ord),
      array_agg(polaris_data.redact_prefixes(v_key, u.turn) order by u.ord)
    into v_body, v_payload, v_facts, v_client_id, v_turn
    from unnest(p_body, p_payload, p_facts, p_client_id, p_turn) with ordinality
      as u (body, payload, facts, client_id, turn, ord);
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
        when jsonb_typeof(u.facts) <> 'object' or pg_column_size(u.facts) > 16384 then 'facts_not_valid'
        when v_large and coalesce(pg_column_size(u.payload), 0) + coalesce(octet_length(u.body), 0) > 1048576 then 'event_too_large'
      end order by u.ord),
    array_agg(t.ended_at is not null order by u.ord)
  into v_code, v_late
  from unnest(v_project, v_session, p_epoch, p_kind, p_client_id, v_actor,
      case when v_large then p_body end, case when v_large then p_payload end, p_facts)
    with ordinality as u (project, session, epoch, kind, client_id, actor, body, payload, facts, ord)
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
      when 'facts_not_valid' then 'Facts are a JSON object of at most 16 KiB.'
      when 'event_too_large' then 'An event may take 1 MiB.'
      when 'client_id_taken' then 'Another participant used this client_id.'
    end
  from rows from (
    unnest(p_client_id, v_late, p_project, p_session, p_kind, v_actor, p_epoch, v_project),
    polaris_data.write_events(
      v_me.org_id, v_code, v_project, v_session, p_epoch, p_kind, v_actor, array_fill(null::text, array[v_count]), v_turn, p_agent,
      v_body, v_payload, v_client_id, v_late, p_occurred_at, v_facts)
  ) as x (client_id, late, project, session, kind, actor, epoch, project_id, ord, seq, created, code)
  left join lateral (
    select e.late from polaris_data.events e
    where not x.created and e.org_id = v_me.org_id and e.project_id = x.project_id and e.seq between x.seq and x.seq
    order by e.seq limit 1) r on true
  order by x.ord;
end;
$$;

ALTER FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[], p_facts jsonb[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[], p_facts jsonb[]) IS 'Keeps what drivers captured: one call for a whole batch of one organization.';

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

CREATE FUNCTION polaris.read_entries(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_after bigint DEFAULT NULL::bigint, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 100, p_kind text[] DEFAULT NULL::text[], p_by text[] DEFAULT NULL::text[], p_characters integer DEFAULT 4000, p_payload_bytes integer DEFAULT 65536) RETURNS TABLE(seq bigint, project text, session text, epoch bigint, kind text, actor text, speaker text, target text, turn text, agent text, body text, payload text, client_id text, late boolean, occurred_at timestamp with time zone, recorded_at timestamp with time zone, body_characters integer, facts text, erased_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  return query
  select r.seq, r.project, r.session, r.epoch, r.kind, r.actor, r.speaker, r.target, r.turn, r.agent, left(r.body, p_characters),
    case when octet_length(r.payload) <= p_payload_bytes and r.kind in (
      'tool.call', 'tool.result', 'delivery', 'advice', 'turn.interrupted', 'annotation', 'seat.asked', 'seat.settled', 'driver.taken')
      then r.payload end,
    r.client_id, r.late, r.occurred_at, r.recorded_at, char_length(r.body),
    r.facts, r.erased_at
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

CREATE FUNCTION polaris.read_export(p_org bigint, p_actor text, p_project text, p_what text, p_after bigint[], p_last bigint, p_limit integer DEFAULT 500) RETURNS TABLE(key bigint[], line text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_project polaris_data.projects;
  v_id bigint;
  v_after bigint := coalesce(p_after[1], 0);
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_maker(p_org, p_actor, v_project.created_by);
  v_id := v_project.project_id;
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 rows.');
  end if;
  if p_what = 'event' then
    return query
    with page as materialized (
      select x.seq from (
        select e.seq, sum(pg_column_size(e.body) + coalesce(pg_column_size(e.payload), 0)) over (order by e.seq) as size,
          row_number() over (order by e.seq) as n
        from (
          select e.* from polaris_data.events e
          where e.org_id = p_org and e.project_id = v_id and e.seq > v_after and e.seq <= p_last order by e.seq limit p_limit) e) x
      where x.n = 1 or x.size < 2097152
    )
    select array[e.seq], row_to_json(e)::text
    from (
      select e.seq, s.name as session, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent) as speaker, e.target,
        e.turn, e.agent, e.body, e.payload, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts, e.erased_at
      from page g
      join polaris_data.events e on e.org_id = p_org and e.project_id = v_id and e.seq = g.seq
      left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id) e
    order by e.seq;
  elsif p_what = 'session' then
    return query
    select array[s.session_id], row_to_json(x)::text
    from polaris_data.sessions s
    cross join lateral (select s.name, s.created_by, s.created_at, s.archived_at, s.epoch) x
    where s.org_id = p_org and s.project_id = v_id and s.session_id > v_after
    order by s.session_id limit p_limit;
  elsif p_what = 'seat' then
    return query
    select array[t.session_id, t.epoch], row_to_json(x)::text
    from polaris_data.sessions s
    join polaris_data.seats t on t.org_id = p_org and t.session_id = s.session_id
    cross join lateral (select s.name as session, t.epoch, t.driver, t.claimed_at, t.ended_at, t.ended_how) x
    where s.org_id = p_org and s.project_id = v_id and s.session_id >= v_after
      and (t.session_id, t.epoch) > (v_after, coalesce(p_after[2], 0))
    order by t.session_id, t.epoch limit p_limit;
  elsif p_what = 'delivery' then
    return query
    select array[d.advice_seq], row_to_json(x)::text
    from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = d.session_id
    cross join lateral (
      select d.delivery_id, s.name as session, d.advice_seq, d.sender, d.sender_class, d.body, d.state, d.reason, d.path, d.attempts,
        d.epoch, d.queued_at, d.sent_at, d.seen_at, d.answered_at, d.expires_at, d.edited_by) x
    where d.org_id = p_org and d.project_id = v_id and d.advice_seq > v_after and d.advice_seq <= p_last
    order by d.advice_seq limit p_limit;
  elsif p_what = 'annotation' then
    return query
    select array[a.seq], row_to_json(x)::text
    from polaris_data.annotations a
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = a.session_id
    cross join lateral (
      select a.seq, s.name as session, a.what, a.about, a.actor, a.at, a.closed_at, a.closed_by, a.closed_seq) x
    where a.org_id = p_org and a.project_id = v_id and a.seq > v_after and a.seq <= p_last
    order by a.seq limit p_limit;
  end if;
end;
$$;

ALTER FUNCTION polaris.read_export(p_org bigint, p_actor text, p_project text, p_what text, p_after bigint[], p_last bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_export(p_org bigint, p_actor text, p_project text, p_what text, p_after bigint[], p_last bigint, p_limit integer) IS 'A page of one part of an export.';

CREATE FUNCTION polaris.read_for_scrub(p_org bigint, p_actor text, p_project text, p_after bigint DEFAULT 0, p_limit integer DEFAULT 200) RETURNS TABLE(seq bigint, body text, payload text, facts text, hash bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_project polaris_data.projects;
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 events.');
  end if;
  return query
  select e.seq, e.body, e.payload::text, e.facts::text, polaris_data.text_hash(e.body, e.payload::text, e.facts::text)
  from polaris_data.events e
  where e.org_id = p_org and e.project_id = v_project.project_id and e.seq > p_after and e.erased_at is null
  order by e.seq limit p_limit;
end;
$$;

ALTER FUNCTION polaris.read_for_scrub(p_org bigint, p_actor text, p_project text, p_after bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_for_scrub(p_org bigint, p_actor text, p_project text, p_after bigint, p_limit integer) IS 'A page of a project''s contents, to be looked through with new rules of redaction.';

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

CREATE FUNCTION polaris.read_texts_for_scrub(p_org bigint, p_actor text, p_project text, p_after_place text DEFAULT ''::text, p_after_key text DEFAULT ''::text, p_limit integer DEFAULT 500) RETURNS TABLE(place text, key text, words text, hash bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_project polaris_data.projects;
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 texts.');
  end if;
  return query
  select x.place, x.key, x.words, polaris_data.text_hash(x.words) from (
    select 'advice' as place, d.delivery_id::text as key, d.body as words from polaris_data.deliveries d
    where d.org_id = p_org and d.project_id = v_project.project_id
    union all
    select 'reason', d.delivery_id::text, d.reason from polaris_data.deliveries d
    where d.org_id = p_org and d.project_id = v_project.project_id
    union all
    select 'post', o.post_id::text, o.text from polaris_data.slack_posts o
    where o.org_id = p_org and o.project_id = v_project.project_id) x
  where x.words <> '' and (x.place, x.key) > (p_after_place, p_after_key)
  order by x.place, x.key limit p_limit;
end;
$$;

ALTER FUNCTION polaris.read_texts_for_scrub(p_org bigint, p_actor text, p_project text, p_after_place text, p_after_key text, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.read_texts_for_scrub(p_org bigint, p_actor text, p_project text, p_after_place text, p_after_key text, p_limit integer) IS 'A page of the texts of a project that stand beside the record.';

CREATE FUNCTION polaris.reap_analysts(p_query interval DEFAULT '00:01:05'::interval, p_idle interval DEFAULT '00:01:05'::interval, p_transaction interval DEFAULT '00:10:00'::interval, p_connections integer DEFAULT 5) RETURNS TABLE(pid integer, login text, why text, seconds integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  if not exists (
    select from pg_stat_activity a join polaris_data.logins l on l.login = a.usename and l.kind = 'analyst') then
    return; -- as a rule; what follows looks at every lock
  end if;
  -- Found first, ended then: as a condition beside the others the planner would end whatever it looks at.
  return query
  with locking as materialized (
    select distinct k.pid from pg_locks k where k.locktype = 'advisory'
  ), owning as materialized (
    select distinct d.refobjid from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
  ), seen as materialized (
    select a.pid, l.login::text as login, a.state, l.revoked_at, a.query_start, a.state_change, a.xact_start, a.backend_start,
      a.pid in (select k.pid from locking k) as locks, a.usesysid in (select o.refobjid from owning o) as owns,
      row_number() over (partition by a.usesysid order by a.backend_start, a.pid) as number
    from pg_stat_activity a
    join polaris_data.logins l on l.login = a.usename and l.kind = 'analyst'
    where a.backend_type = 'client backend'
  ), wrong as materialized (
    select distinct on (s.pid) s.pid, s.login, w.why, w.since from seen s
    cross join lateral (
      values
        (1, 'revoked', s.revoked_at is not null, s.revoked_at),
        (2, 'connections', s.number > p_connections, s.backend_start),
        (3, 'query', s.state not like 'idle%' and s.query_start < v_now - p_query, s.query_start),
        (4, 'idle', s.state like 'idle in%' and s.state_change < v_now - p_idle, s.state_change),
        (5, 'transaction', s.xact_start < v_now - p_transaction, s.xact_start),
        (6, 'lock', s.locks, s.backend_start),
        (7, 'owns', s.owns, s.backend_start)) as w (rank, why, so, since)
    where w.so order by s.pid, w.rank
  )
  select w.pid, w.login, w.why, extract(epoch from v_now - w.since)::integer from wrong w where pg_terminate_backend(w.pid);
exception when insufficient_privilege then
  return;
end;
$$;

ALTER FUNCTION polaris.reap_analysts(p_query interval, p_idle interval, p_transaction interval, p_connections integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.reap_analysts(p_query interval, p_idle interval, p_transaction interval, p_connections integer) IS 'Ends connections of analysts that do what they may not.';

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

CREATE FUNCTION polaris.reset_index() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_events bigint;
begin
  perform polaris_data.require_service();
  perform from polaris_data.index_cursors c where c.org_id is not null order by c.org_id, c.project_id for no key update;
  update polaris_data.index_cursors c set seq = 0 where c.org_id is not null and c.seq > 0;
  select coalesce(sum(u.behind), 0) into v_events from polaris.list_unindexed(2147483647) u;
  return v_events;
end;
$$;

ALTER FUNCTION polaris.reset_index() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.reset_index() IS 'Lets the tables made from the record be made anew.';

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

CREATE FUNCTION polaris.revoke_analyst(p_org bigint, p_actor text, p_login text) RETURNS TABLE(login text, actor text, sees_private boolean, created_by text, created_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_login polaris_data.logins;
begin
  perform polaris_data.require_service();
  perform polaris_data.require_admin(p_org, p_actor);
  select l.* into v_login from polaris_data.logins l
  where l.org_id = p_org and l.login = p_login and l.kind = 'analyst' for no key update;
  if not found then
    perform polaris_data.fail(404, 'no_such_login', format('There is no login %s.', p_login), 'See polaris analyst list.');
  elsif v_login.revoked_at is null then
    update polaris_data.logins l set revoked_at = v_now where l.org_id = p_org and l.login = p_login;
    perform polaris_data.write_audit(p_org, p_actor, 'analyst.revoked', v_login.actor, jsonb_build_object('login', p_login));
  end if;
  return query select * from polaris.list_analysts(p_org, p_actor) l where l.login = p_login;
end;
$$;

ALTER FUNCTION polaris.revoke_analyst(p_org bigint, p_actor text, p_login text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.revoke_analyst(p_org bigint, p_actor text, p_login text) IS 'Ends what an analyst''s login may read.';

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
  select l.* into v_login from polaris_data.logins l
  where l.org_id = p_org and l.login = p_login and l.kind = 'client' for no key update;
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
  p_body := polaris_data.clean_words(v_me.org_id, v_me.direct, p_body);
  p_payload := polaris_data.clean_words(v_me.org_id, v_me.direct, p_payload::text)::jsonb;
  perform polaris_data.require_client_id(p_client_id);
  return query select w.seq, w.created from polaris_data.write_event(
    v_me.org_id, v_project.project_id, 0, null, 'floor', v_me.actor, null, p_body, p_payload,
    coalesce(p_client_id, 'floor:' || gen_random_uuid()), left(p_agent, 64)) w;
end;
$$;

ALTER FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) IS 'A person or an agent speaks to the project.';

CREATE FUNCTION polaris.scrub_events(p_org bigint, p_actor text, p_project text, p_seqs bigint[], p_hashes bytea[], p_bodies text[], p_payloads jsonb[], p_facts jsonb[]) RETURNS TABLE(changed bigint[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
  v_project polaris_data.projects;
  v_changed bigint[];
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if array[cardinality(p_hashes), cardinality(p_bodies), cardinality(p_payloads), cardinality(p_facts)]
    is distinct from array_fill(cardinality(p_seqs), array[4]) then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.', 'Use null where an event has nothing.');
  end if;
  perform polaris_data.require_no_hold(p_org, v_project.project_id);
  perform polaris_data.lock_index(p_org, v_project.project_id);
  v_changed := polaris_data.change_events(p_org, v_project.project_id, p_seqs, null, p_hashes, p_bodies, p_payloads, p_facts);
  if cardinality(v_changed) > 0 then
    perform polaris_data.write_audit(p_org, p_actor, 'scrub.events', p_project, jsonb_build_object(
      'events', cardinality(v_changed), 'first', v_changed[1], 'last', v_changed[cardinality(v_changed)]));
  end if;
  return query select v_changed;
end;
$$;

ALTER FUNCTION polaris.scrub_events(p_org bigint, p_actor text, p_project text, p_seqs bigint[], p_hashes bytea[], p_bodies text[], p_payloads jsonb[], p_facts jsonb[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.scrub_events(p_org bigint, p_actor text, p_project text, p_seqs bigint[], p_hashes bytea[], p_bodies text[], p_payloads jsonb[], p_facts jsonb[]) IS 'Gives events what new rules of redaction made of them.';

CREATE FUNCTION polaris.scrub_texts(p_org bigint, p_actor text, p_project text, p_places text[], p_keys text[], p_hashes bytea[], p_bodies text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
  v_project polaris_data.projects;
  v_count integer;
  v_all integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  v_project := polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  if array[cardinality(p_keys), cardinality(p_hashes), cardinality(p_bodies)]
    is distinct from array_fill(cardinality(p_places), array[3]) then
    perform polaris_data.fail(422, 'arrays_differ', 'The arrays of a batch must be equally long.');
  end if;
  perform polaris_data.lock_slack(p_org);
  perform polaris_data.require_no_hold(p_org, v_project.project_id);
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.project_id = v_project.project_id order by s.session_id for no key update;
  perform from polaris_data.deliveries d
  where d.org_id = p_org and d.project_id = v_project.project_id and d.delivery_id::text = any (p_keys)
  order by d.delivery_id for no key update;
  update polaris_data.deliveries d set body = u.body
  from unnest(p_places, p_keys, p_hashes, p_bodies) as u (place, key, hash, body)
  where d.org_id = p_org and d.project_id = v_project.project_id and u.place = 'advice' and d.delivery_id::text = u.key
    and polaris_data.text_hash(d.body) = u.hash;
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  update polaris_data.deliveries d set reason = u.body
  from unnest(p_places, p_keys, p_hashes, p_bodies) as u (place, key, hash, body)
  where d.org_id = p_org and d.project_id = v_project.project_id and u.place = 'reason' and d.delivery_id::text = u.key
    and polaris_data.text_hash(d.reason) = u.hash;
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  update polaris_data.slack_posts o set
    text = u.body, version = o.version + 1, due_at = case when o.ts is null then o.due_at else v_now end
  from unnest(p_places, p_keys, p_hashes, p_bodies) as u (place, key, hash, body)
  where o.org_id = p_org and o.project_id = v_project.project_id and u.place = 'post' and o.post_id::text = u.key
    and polaris_data.text_hash(o.text) = u.hash;
  get diagnostics v_count = row_count;
  v_all := v_all + v_count;
  if v_all > 0 then
    perform polaris_data.write_audit(p_org, p_actor, 'scrub.texts', p_project, jsonb_build_object('texts', v_all));
  end if;
  return v_all;
end;
$$;

ALTER FUNCTION polaris.scrub_texts(p_org bigint, p_actor text, p_project text, p_places text[], p_keys text[], p_hashes bytea[], p_bodies text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.scrub_texts(p_org bigint, p_actor text, p_project text, p_places text[], p_keys text[], p_hashes bytea[], p_bodies text[]) IS 'Gives texts beside the record what new rules of redaction made of them.';

CREATE FUNCTION polaris.search_events(p_org bigint DEFAULT NULL::bigint, p_actor text DEFAULT NULL::text, p_query text DEFAULT NULL::text, p_project text DEFAULT NULL::text, p_session text DEFAULT NULL::text, p_kind text[] DEFAULT NULL::text[], p_by text[] DEFAULT NULL::text[], p_since timestamp with time zone DEFAULT NULL::timestamp with time zone, p_until timestamp with time zone DEFAULT NULL::timestamp with time zone, p_file text DEFAULT NULL::text, p_before_at timestamp with time zone DEFAULT NULL::timestamp with time zone, p_before_project bigint DEFAULT NULL::bigint, p_before_seq bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 30) RETURNS TABLE(project_id bigint, project text, session text, seq bigint, kind text, actor text, speaker text, agent text, turn text, snippet text, recorded_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_me record;
  v_project bigint;
  v_session bigint;
  v_hidden bigint[];
  v_asked record;
  v_query tsquery;
  v_file text := regexp_replace(p_file, '^(\./)+', '');
  v_marks text[];
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_limit is null or p_limit not between 1 and 200 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 200 events.');
  end if;
  if p_session is not null and p_project is null then
    perform polaris_data.fail(422, 'session_needs_a_project', 'The name of a session says little without its project.', 'Name the project, too.');
  end if;
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  v_asked := polaris_data.search_query(p_query);
  if v_asked.query is null and btrim(p_query) <> '' then
    return; -- signs only: no text has them as a word
  end if;
  v_hidden := polaris_data.hidden_projects(v_me.org_id, v_me.actor);
  v_query := polaris_data.search_filter(v_me.org_id, v_hidden, v_project, v_session, p_kind, p_by);
  if v_asked.query is not null then
    v_query := v_asked.query && v_query;
  end if;
  if p_file is not null then
    -- The index knows the last two parts of a path: it says what may be it.
    v_marks := polaris_data.file_marks(v_file);
    if octet_length(v_file) > 2000 then
      return; -- no event names one
    end if;
    v_query := v_query && polaris_data.search_mark(v_marks[cardinality(v_marks)]);
  end if;
  return query
  select f.project_id, p.name, s.name, e.seq, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.agent, e.turn,
    polaris_data.search_snippet(polaris_data.search_text(e.kind, e.body, e.payload), v_asked.pattern), e.recorded_at
  from (
    select * from polaris_data.search_places(
      v_me.org_id, v_query, p_since, p_until, p_before_at, p_before_project, p_before_seq, p_limit, false, v_file)) f
  join polaris_data.events e on e.org_id = v_me.org_id and e.project_id = f.project_id and e.seq = f.seq
  join polaris_data.projects p on p.org_id = v_me.org_id and p.project_id = f.project_id
  left join polaris_data.sessions s on s.org_id = v_me.org_id and s.session_id = e.session_id
  where e.erased_at is null and e.seq >= p.first_seq and f.project_id <> all (v_hidden)
  order by f.at desc, f.project_id desc, f.seq desc;
end;
$$;

ALTER FUNCTION polaris.search_events(p_org bigint, p_actor text, p_query text, p_project text, p_session text, p_kind text[], p_by text[], p_since timestamp with time zone, p_until timestamp with time zone, p_file text, p_before_at timestamp with time zone, p_before_project bigint, p_before_seq bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.search_events(p_org bigint, p_actor text, p_query text, p_project text, p_session text, p_kind text[], p_by text[], p_since timestamp with time zone, p_until timestamp with time zone, p_file text, p_before_at timestamp with time zone, p_before_project bigint, p_before_seq bigint, p_limit integer) IS 'What the caller may see and a query finds, newest first.';

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

CREATE FUNCTION polaris.set_retention(p_org bigint, p_actor text, p_project text, p_keep_days integer) RETURNS SETOF polaris_data.retention_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_project bigint := 0;
  v_now timestamptz := clock_timestamp();
begin
  v_me := polaris_data.acting(p_org, p_actor);
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  if p_keep_days not between 1 and 36500 then
    perform polaris_data.fail(422, 'retention_is_sane', 'Events are kept for 1 to 36500 days.',
      'Take the word back to keep them for ever.');
  end if;
  if p_keep_days is null then
    delete from polaris_data.retention t where t.org_id = v_me.org_id and t.project_id = v_project;
  else
    insert into polaris_data.retention as t (org_id, project_id, keep_days, set_by, set_at)
    values (v_me.org_id, v_project, p_keep_days, coalesce(v_me.actor, 'polaris'), v_now)
    on conflict (org_id, project_id) do update set keep_days = excluded.keep_days, set_by = excluded.set_by, set_at = excluded.set_at;
  end if;
  perform polaris_data.publish_control(v_me.org_id, 'keeping', v_project);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'retention.set', p_project, jsonb_build_object('keep_days', p_keep_days));
  return query
  select r.* from polaris.list_retention(v_me.org_id, v_me.actor) r where r.project is not distinct from p_project;
end;
$$;

ALTER FUNCTION polaris.set_retention(p_org bigint, p_actor text, p_project text, p_keep_days integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.set_retention(p_org bigint, p_actor text, p_project text, p_keep_days integer) IS 'Says how many days of events are kept.';

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
  v_changed := polaris_data.move_delivery(
    v_me.org_id, p_delivery, p_state, left(polaris_data.clean_words(v_me.org_id, v_me.direct, p_reason), 500),
    left(polaris_data.clean_words(v_me.org_id, v_me.direct, p_path), 50), p_epoch, v_me.actor);
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

CREATE FUNCTION polaris.take_over_seat(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text, p_lease_seconds integer DEFAULT 60) RETURNS SETOF polaris_data.session_row
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_me record;
  v_session polaris_data.sessions;
  v_former text;
  v_reason text := btrim(p_reason, E' \t\r\n');
  v_now timestamptz;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_lease(v_me.actor, p_lease_seconds);
  v_session := polaris_data.lock_session(v_me.org_id, v_me.actor, p_project, p_session);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  v_now := clock_timestamp();
  v_former := coalesce(v_session.driver, case when v_session.reserved_until > v_now then v_session.reserved_for end);
  if coalesce(v_reason, '') = '' then
    perform polaris_data.fail(422, 'reason_is_there', 'Taking a seat over needs a reason.', 'The driver and the audit log are told.');
  elsif char_length(v_reason) > 500 then
    perform polaris_data.fail(422, 'reason_is_short', format('The reason has %s characters; 500 are allowed.', char_length(v_reason)));
  elsif v_session.archived_at is not null then
    perform polaris_data.fail(409, 'session_is_archived', format('Session %s is archived.', p_session), 'Choose another one.');
  elsif p_epoch is distinct from v_session.epoch then
    perform polaris_data.fail(409, 'seat_has_changed', format('The seat of %s has changed: %s.', p_session,
        coalesce(v_session.driver || ' drives', 'nobody drives')), 'Look who drives now.',
      jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch));
  elsif v_former = v_me.actor then
    perform polaris_data.fail(409, 'seat_is_yours', format('The seat of %s is yours.', p_session), 'Join it from your agent.');
  elsif v_former is null then
    perform polaris_data.fail(409, 'seat_is_open', format('Nobody drives %s.', p_session),
      format('Take the seat: polaris join %s %s.', p_project, p_session));
  end if;
  v_reason := polaris_data.clean_words(v_me.org_id, v_me.direct, v_reason);
  if v_session.driver is not null then
    perform polaris_data.end_seat(v_me.org_id, v_session.session_id, 'taken', null, v_me.actor, v_reason);
  else
    update polaris_data.sessions set reserved_for = null, reserved_until = null
    where org_id = v_me.org_id and session_id = v_session.session_id;
    perform polaris_data.write_event(v_me.org_id, v_session.project_id, v_session.session_id, v_session.epoch, 'driver.taken', v_me.actor,
      v_former, format('%s took the seat of %s, which was kept for %s: %s', v_me.actor, p_session, v_former, v_reason),
      jsonb_build_object('epoch', v_session.epoch, 'how', 'taken', 'reason', v_reason), format('polaris:seat:%s:taken', v_session.epoch));
  end if;
  perform polaris_data.take_seat(v_me.org_id, v_session.session_id, v_me.actor, p_lease_seconds);
  perform polaris_data.write_audit(v_me.org_id, v_me.actor, 'seat.taken_over', v_former,
    jsonb_build_object('project', p_project, 'session', p_session, 'epoch', v_session.epoch + 1, 'reason', v_reason));
  return query select * from polaris_data.show_sessions(v_me.org_id, v_session.project_id, v_session.session_id);
end;
$$;

ALTER FUNCTION polaris.take_over_seat(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text, p_lease_seconds integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris.take_over_seat(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text, p_lease_seconds integer) IS 'An administrator takes the seat from whoever holds it, and says why.';

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
  select h.last_seq,
    case when p.created_at > v_workspace.connected_at and not exists (
      select from polaris_data.imports i where i.org_id = p_org and i.project_id = p.project_id) then 0 else h.last_seq end
  into strict v_head, v_cursor
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
    if v_login.kind <> 'client' then
      perform polaris_data.fail(403, 'analysts_only_read', format('The login %s is an analyst''s: it reads polaris_history and does nothing else.', session_user),
        'Ask an administrator for a login of a participant: polaris login-role create.');
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

CREATE FUNCTION polaris_data.begin_erasure(p_org bigint, p_actor text, p_projects bigint[], p_session bigint, p_participant text, p_target text, p_reason text) RETURNS SETOF polaris_data.erasure_row
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project bigint;
  v_held text[];
  v_erasure bigint;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_reason(p_reason);
  perform polaris_data.lock_slack(p_org);
  foreach v_project in array (select coalesce(array_agg(u.id order by u.id), '{}') from unnest(p_projects) as u (id)) loop
    if not polaris_data.lock_to_keep(p_org, v_project) then
      v_held := v_held || (select p.name from polaris_data.projects p where p.org_id = p_org and p.project_id = v_project);
    end if;
  end loop;
  if v_held is not null then
    perform polaris_data.fail(409, 'legal_hold', format('A legal hold stands on %s.', array_to_string(v_held[1:10], ', ')),
      'Nothing is erased there until it is lifted.');
  end if;
  insert into polaris_data.erasures (org_id, project_id, session_id, participant, reason, asked_by, asked_at)
  values (p_org, case when p_participant is null then p_projects[1] else 0 end, p_session, p_participant, p_reason,
    coalesce(p_actor, 'polaris'), v_now)
  returning erasure_id into v_erasure;
  insert into polaris_data.erasure_parts (org_id, erasure_id, project_id, seq, until_seq)
  select p_org, v_erasure, p.project_id, p.first_seq - 1, h.last_seq
  from polaris_data.projects p
  join polaris_data.project_heads h on h.org_id = p.org_id and h.project_id = p.project_id
  where p.org_id = p_org and p.project_id = any (p_projects);
  update polaris_data.slack_inbox i set done_at = v_now, outcome = 'erased', body = null, payload = null
  where i.org_id = p_org and i.done_at is null and i.kind in ('message', 'edit', 'verb') and case when p_participant is null
    then exists (
      select from polaris_data.slack_channels c
      join polaris_data.sessions s on s.org_id = c.org_id and s.project_id = c.project_id
      where c.org_id = p_org and c.channel_id = i.channel_id and s.session_id = p_session and s.name = any (i.sessions))
    else polaris_data.slack_actor(p_org, i.user_id) = p_participant end;
  perform polaris_data.publish_control(p_org, 'keeping', 0);
  perform polaris_data.write_audit(p_org, p_actor, 'erasure.begun', p_target,
    jsonb_build_object('erasure', v_erasure, 'reason', p_reason));
  return query select * from polaris_data.show_erasures(p_org, v_erasure);
end;
$$;

ALTER FUNCTION polaris_data.begin_erasure(p_org bigint, p_actor text, p_projects bigint[], p_session bigint, p_participant text, p_target text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.begin_erasure(p_org bigint, p_actor text, p_projects bigint[], p_session bigint, p_participant text, p_target text, p_reason text) IS 'Writes the request to erase a session or what a participant said.';

CREATE FUNCTION polaris_data.change_events(p_org bigint, p_project bigint, p_seqs bigint[], p_erased_at timestamp with time zone, p_hashes bytea[] DEFAULT NULL::bytea[], p_body text[] DEFAULT NULL::text[], p_payload jsonb[] DEFAULT NULL::jsonb[], p_facts jsonb[] DEFAULT NULL::jsonb[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  v_changed bigint[];
begin
  if p_erased_at is not null then
    with changed as (
      update polaris_data.events e set body = '', payload = null, facts = null, erased_at = p_erased_at
      where e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs) and e.erased_at is null
      returning e.seq)
    select array_agg(c.seq order by c.seq) into v_changed from changed c;
  else
    with changed as (
      update polaris_data.events e set body = u.body, payload = u.payload, facts = u.facts
      from unnest(p_seqs, p_hashes, p_body, p_payload, p_facts) as u (seq, hash, body, payload, facts)
      where e.org_id = p_org and e.project_id = p_project and e.seq = u.seq and e.erased_at is null
        and polaris_data.text_hash(e.body, e.payload::text, e.facts::text) = u.hash
      returning e.seq)
    select array_agg(c.seq order by c.seq) into v_changed from changed c;
  end if;
  if v_changed is not null then
    perform polaris_data.write_index(p_org, p_project, v_changed);
  end if;
  return coalesce(v_changed, '{}');
end;
$$;

ALTER FUNCTION polaris_data.change_events(p_org bigint, p_project bigint, p_seqs bigint[], p_erased_at timestamp with time zone, p_hashes bytea[], p_body text[], p_payload jsonb[], p_facts jsonb[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.change_events(p_org bigint, p_project bigint, p_seqs bigint[], p_erased_at timestamp with time zone, p_hashes bytea[], p_body text[], p_payload jsonb[], p_facts jsonb[]) IS 'Gives events other contents.';

CREATE FUNCTION polaris_data.clean_words(p_org bigint, p_direct boolean, p_text text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case when p_direct
    then polaris_data.redact_prefixes((select o.redaction_key from polaris_data.orgs o where o.org_id = p_org), p_text) else p_text end;
$$;

ALTER FUNCTION polaris_data.clean_words(p_org bigint, p_direct boolean, p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.clean_words(p_org bigint, p_direct boolean, p_text text) IS 'A text that somebody writes, as it may be kept.';

CREATE FUNCTION polaris_data.commits_of(p_org bigint, p_session bigint, p_seq bigint, p_body text, p_payload jsonb, p_head text) RETURNS TABLE(commit text, subject text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $_$
declare
  v_printed boolean := p_body ~ '\[[^][\n]+ [0-9a-f]{7,40}\] ';
  v_trailer boolean := strpos(p_body, 'Polaris-Session: ') > 0;
  v_command text;
  v_before text;
begin
  if v_trailer then
    return query
    select left(part, 40), polaris_data.excerpt((regexp_match(part, '\n\n\s*([^\n]+)'))[1], 200)
    from regexp_split_to_table(left(p_body, 200000), '^commit (?=[0-9a-f]{40})', 'n') part
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = p_session
    join polaris_data.projects p on p.org_id = p_org and p.project_id = s.project_id
    where part ~ '^[0-9a-f]{40}' and part ~ format('\n\s*Polaris-Session: %s/%s\s*(\n|$)', p.name, s.name);
  end if;
  if not v_printed and p_head is null then
    return;
  end if;
  v_command := coalesce(
    p_payload #>> '{tool_input,command}', p_payload #>> '{input,args,command}', p_payload #>> '{tool_info,command_line}',
    p_payload #>> '{tool_calls,0,tool_input,command}', p_payload #>> '{input,event,properties,part,state,input,command}');
  if v_printed then
    return query
    select case when p_head like m[1] || '%' then p_head else m[1] end, nullif(polaris_data.excerpt(m[2], 200), '')
    from regexp_matches(left(p_body, 200000), '^\s*(?:Output: )?\[[^][\n]+ ([0-9a-f]{7,40})\] ([^\r\n]*)', 'gn') m
    where p_head like m[1] || '%' or v_command ~ '\mgit\M.*\m(commit|merge|cherry-pick|revert|rebase|am)\M'
    limit 100;
    if found then
      return;
    end if;
  end if;
  if p_head is not null and v_command ~ '\mgit\M[^|;&\n]*\mcommit\M' then
    select e.facts ->> 'commit' into v_before from (
      select e.facts from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session and e.seq < p_seq order by e.seq desc limit 200) e
    where e.facts ? 'commit' limit 1;
    if v_before <> p_head then
      commit := p_head;
      subject := null;
      return next;
    end if;
  end if;
end;
$_$;

ALTER FUNCTION polaris_data.commits_of(p_org bigint, p_session bigint, p_seq bigint, p_body text, p_payload jsonb, p_head text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.commits_of(p_org bigint, p_session bigint, p_seq bigint, p_body text, p_payload jsonb, p_head text) IS 'The commits that the answer of a tool proves to be made.';

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

CREATE FUNCTION polaris_data.drop_events(p_org bigint, p_project bigint, p_from bigint, p_below bigint) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  v_count integer;
begin
  update polaris_data.projects set first_seq = p_below where org_id = p_org and project_id = p_project and first_seq < p_below;
  update polaris_data.index_cursors set seq = p_below - 1 where org_id = p_org and project_id = p_project and seq < p_below - 1;
  delete from polaris_data.search_entries n where n.org_id = p_org and n.project_id = p_project and n.seq >= p_from and n.seq < p_below;
  delete from polaris_data.touched_files f where f.org_id = p_org and f.project_id = p_project and f.seq >= p_from and f.seq < p_below;
  delete from polaris_data.commits c where c.org_id = p_org and c.project_id = p_project and c.seq >= p_from and c.seq < p_below;
  delete from polaris_data.annotations a where a.org_id = p_org and a.project_id = p_project and a.seq >= p_from and a.seq < p_below;
  delete from polaris_data.events e where e.org_id = p_org and e.project_id = p_project and e.seq >= p_from and e.seq < p_below;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

ALTER FUNCTION polaris_data.drop_events(p_org bigint, p_project bigint, p_from bigint, p_below bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.drop_events(p_org bigint, p_project bigint, p_from bigint, p_below bigint) IS 'Deletes the first events of a project, for retention.';

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
    select x.driver from (
      select s.driver from polaris_data.sessions s
      where s.org_id = p_org and s.project_id = p_project
      union
      select r.actor from polaris_data.seat_requests r
      join polaris_data.sessions s on s.org_id = r.org_id and s.session_id = r.session_id
      where r.org_id = p_org and s.project_id = p_project and r.ended_at is null) x
    where not polaris_data.may_see(p_org, x.driver, p_project, p_visibility)
    order by x.driver
  loop
    perform polaris_data.end_seats(p_org, v_driver, p_project);
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) IS 'Opens the seats of those who may not see a project any more.';

CREATE FUNCTION polaris_data.end_request(p_org bigint, p_session bigint, p_seq bigint, p_how text, p_by text, p_reason text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_request polaris_data.seat_requests;
  v_session polaris_data.sessions;
  v_state text;
  v_now timestamptz := clock_timestamp();
begin
  update polaris_data.seat_requests r set ended_at = v_now, ended_how = p_how, ended_by = p_by
  where r.org_id = p_org and r.session_id = p_session and r.seq = p_seq and r.ended_at is null
  returning r.* into v_request;
  if not found then
    return;
  end if;
  select d.state into v_state from polaris_data.deliveries d
  where d.org_id = p_org and d.delivery_id = v_request.delivery_id for no key update;
  if v_state in ('held', 'queued') then
    perform polaris_data.move_delivery(p_org, v_request.delivery_id,
      case when p_how in ('declined', 'withdrawn') then 'declined' when p_how = 'archived' then 'failed' else 'expired' end,
      case p_how
        when 'declined' then p_reason
        when 'withdrawn' then 'withdrawn'
        when 'given' then 'the seat was given'
        when 'opened' then 'the seat is open'
        when 'taken' then 'somebody else has the seat'
        when 'archived' then 'session archived' end,
      null, null, p_by);
  end if;
  if p_how in ('declined', 'withdrawn', 'expired') then
    select s.* into strict v_session from polaris_data.sessions s where s.org_id = p_org and s.session_id = p_session;
    perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch, 'seat.settled', p_by, v_request.actor,
      case p_how
        when 'declined' then concat_ws(': ',
          format('%s keeps the seat of %s, which %s asked for', p_by, v_session.name, v_request.actor), p_reason)
        when 'withdrawn' then format('%s does not ask for the seat of %s any more', v_request.actor, v_session.name)
        else format('%s asked for the seat of %s, and nobody answered in time', v_request.actor, v_session.name) end,
      jsonb_build_object('request', p_seq, 'how', p_how, 'reason', p_reason), format('polaris:seat:asked:%s:ended', p_seq));
  end if;
end;
$$;

ALTER FUNCTION polaris_data.end_request(p_org bigint, p_session bigint, p_seq bigint, p_how text, p_by text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_request(p_org bigint, p_session bigint, p_seq bigint, p_how text, p_by text, p_reason text) IS 'Ends one open request for the seat of a session.';

CREATE FUNCTION polaris_data.end_requests(p_org bigint, p_session bigint, p_how text, p_to text, p_by text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION polaris_data.end_requests(p_org bigint, p_session bigint, p_how text, p_to text, p_by text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_requests(p_org bigint, p_session bigint, p_how text, p_to text, p_by text) IS 'Ends every open request for a seat that ends.';

CREATE FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text DEFAULT NULL::text, p_by text DEFAULT NULL::text, p_reason text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session polaris_data.sessions;
  v_requests jsonb;
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
  v_requests := polaris_data.end_requests(p_org, p_session, p_how, p_to, coalesce(p_by, v_session.driver));
  perform polaris_data.write_event(p_org, v_session.project_id, p_session, v_session.epoch,
    case p_how when 'expired' then 'driver.expired' when 'taken' then 'driver.taken' else 'driver.released' end,
    case p_how when 'taken' then p_by else v_session.driver end, case p_how when 'taken' then v_session.driver else p_to end,
    case p_how
      when 'taken' then format('%s took the seat of %s from %s: %s', p_by, v_session.name, v_session.driver, p_reason)
      when 'expired' then format('the lease of %s on %s ran out', v_session.driver, v_session.name)
      else format('%s released %s', v_session.driver, v_session.name) || coalesce(' to ' || p_to, '') end,
    jsonb_build_object('driver', v_session.driver, 'epoch', v_session.epoch, 'how', p_how)
      || case when p_to is null then '{}' else jsonb_build_object('reserved_for', p_to, 'reserved_until', v_until) end
      || case when p_reason is null then '{}' else jsonb_build_object('reason', p_reason) end
      || case when v_requests is null then '{}' else jsonb_build_object('requests', v_requests) end,
    format('polaris:seat:%s:ended', v_session.epoch));
end;
$$;

ALTER FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text, p_by text, p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text, p_by text, p_reason text) IS 'Ends the held seat of a session.';

CREATE FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint DEFAULT NULL::bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
  v_request record;
begin
  perform from polaris_data.sessions s
  where s.org_id = p_org and (p_project is null or s.project_id = p_project)
    and (s.driver = p_actor or s.session_id in (
      select r.session_id from polaris_data.seat_requests r where r.org_id = p_org and r.actor = p_actor and r.ended_at is null))
  order by s.project_id, s.session_id for no key update;
  for v_session in
    select s.session_id from polaris_data.sessions s
    where s.org_id = p_org and s.driver = p_actor and (p_project is null or s.project_id = p_project)
    order by s.project_id, s.session_id
  loop
    perform polaris_data.end_seat(p_org, v_session, 'released');
  end loop;
  for v_request in
    select r.session_id, r.seq from polaris_data.seat_requests r
    join polaris_data.sessions s on s.org_id = r.org_id and s.session_id = r.session_id
    where r.org_id = p_org and r.actor = p_actor and r.ended_at is null and (p_project is null or s.project_id = p_project)
    order by s.project_id, r.session_id
  loop
    perform polaris_data.end_request(p_org, v_request.session_id, v_request.seq, 'withdrawn', p_actor);
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint) IS 'Opens the seats that a participant holds, and takes back what it asks for.';

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
    where s.org_id = p_org and not polaris_data.may_see_id(p_org, p_actor, s.project_id)
      and (s.driver = p_actor or s.session_id in (
        select r.session_id from polaris_data.seat_requests r where r.org_id = p_org and r.actor = p_actor and r.ended_at is null))
    order by s.project_id
  loop
    perform polaris_data.end_seats(p_org, p_actor, v_project);
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) IS 'Opens the seats that a participant holds in projects that it may not see any more.';

CREATE FUNCTION polaris_data.erase_copies(p_org bigint, p_project bigint, p_session bigint, p_participant text, p_after bigint, p_to bigint, p_seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  v_deliveries uuid[];
  v_delivery uuid;
  v_now timestamptz := clock_timestamp();
begin
  select array_agg(d.delivery_id order by d.delivery_id) into v_deliveries from polaris_data.deliveries d
  where d.org_id = p_org and d.project_id = p_project and d.advice_seq > p_after and d.advice_seq <= p_to
    and (d.session_id = p_session or d.sender = p_participant or d.edited_by = p_participant);
  perform from polaris_data.sessions s
  where s.org_id = p_org and s.session_id in (
    select d.session_id from polaris_data.deliveries d where d.org_id = p_org and d.delivery_id = any (v_deliveries))
  order by s.session_id for no key update;
  perform from polaris_data.deliveries d
  where d.org_id = p_org and d.delivery_id = any (v_deliveries) order by d.delivery_id for no key update;
  update polaris_data.deliveries set body = '' where org_id = p_org and delivery_id = any (v_deliveries);
  -- Why somebody declined stands in the event that says so, too.
  update polaris_data.deliveries d set reason = null
  from polaris_data.events e
  where d.org_id = p_org and d.state = 'declined' and e.org_id = p_org and e.project_id = p_project and e.seq = any (p_seqs)
    and e.kind = 'delivery' and d.delivery_id::text = e.payload ->> 'delivery';
  update polaris_data.slack_posts set
    text = case when state in ('waiting', 'failed', 'dropped') then '' else '_(erased)_' end,
    state = case state when 'waiting' then 'dropped' else state end,
    reason = case state when 'waiting' then 'erased' else reason end,
    version = version + 1, due_at = case when ts is null then due_at else v_now end
  where org_id = p_org and project_id = p_project and kind not in ('theirs', 'seat', 'digest', 'invite', 'hint')
    and text not in ('', '_(erased)_')
    and (seq = any (p_seqs) or (session_id = p_session and (seq is null or (seq > p_after and seq <= p_to))));
  -- Answers in the channel may quote it; what Slack shows of them is Slack's, this copy is of no use any more.
  update polaris_data.slack_posts set text = ''
  where org_id = p_org and project_id = p_project and seq is null and text not in ('', '_(erased)_') and shown = version
    and state in ('posted', 'failed', 'dropped');
  delete from polaris_data.annotations a where a.org_id = p_org and a.project_id = p_project and a.seq = any (p_seqs);
  for v_delivery in
    select d.delivery_id from polaris_data.deliveries d
    where d.org_id = p_org and d.delivery_id = any (v_deliveries) and d.state in ('held', 'queued', 'sent')
    order by d.delivery_id
  loop
    perform polaris_data.move_delivery(p_org, v_delivery, 'failed', 'erased', null, null, 'polaris');
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.erase_copies(p_org bigint, p_project bigint, p_session bigint, p_participant text, p_after bigint, p_to bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.erase_copies(p_org bigint, p_project bigint, p_session bigint, p_participant text, p_after bigint, p_to bigint, p_seqs bigint[]) IS 'Takes away what stands of erased events in other tables.';

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

CREATE FUNCTION polaris_data.file_marks(p_path text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  select array_remove(array['=f' || regexp_replace(p_path, '^.*/', ''), '=g' || substring(p_path from '[^/]+/[^/]+$')], null);
$_$;

ALTER FUNCTION polaris_data.file_marks(p_path text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.file_marks(p_path text) IS 'The marks by which search finds an event that names a file.';

CREATE FUNCTION polaris_data.files_of(p_payload jsonb) RETURNS TABLE(path text, written boolean)
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_call jsonb := coalesce(p_payload #> '{tool_calls,0}', p_payload #> '{input,event,properties,part}');
  v_given jsonb := coalesce(
    p_payload -> 'tool_input', p_payload #> '{output,args}', p_payload -> 'tool_info', v_call -> 'tool_input', v_call #> '{state,input}');
  v_tool text := lower(coalesce(
    p_payload ->> 'tool_name', p_payload #>> '{input,tool}', p_payload ->> 'agent_action_name',
    v_call ->> 'tool_name', v_call ->> 'tool', ''));
  v_folder text := rtrim(
    coalesce(p_payload ->> 'cwd', p_payload ->> 'directory', v_given ->> 'cwd', p_payload #>> '{workspace_roots,0}'), '/');
  v_patch text;
begin
  -- A server's tool by its last part: mcp__files__write_file, MCP:files:write_file.
  v_tool := regexp_replace(v_tool, '^(.*(__|:|/)|pre_|post_)', '');
  if v_given is null or v_tool ~ '^(glob|grep|ls|list|search|find|webfetch)' then
    return;
  end if;
  if jsonb_typeof(v_given) = 'string' then
    v_patch := v_given #>> '{}';
  elsif jsonb_typeof(v_given -> 'command') = 'array' then
    v_patch := v_given #>> '{command,-1}';
  else
    v_patch := coalesce(v_given ->> 'command', v_given ->> 'patchText', v_given ->> 'patch', v_given ->> 'input');
  end if;
  -- A shell gets a patch only behind the name of the tool.
  if v_patch like '%*** Begin Patch%' and (v_tool in ('apply_patch', 'patch') or v_patch like '%apply_patch%') then
    return query
    select polaris_data.path_below(v_folder, m[1]), true
    from regexp_matches(left(v_patch, 1000000), '^\*\*\* (?:Add File|Update File|Delete File|Move to): ([^\r\n]+)', 'gn') m
    limit 100;
    return;
  end if;
  return query
  select polaris_data.path_below(v_folder, x.path), v_tool ~
    '^(write|edit|multi_?edit|notebook_?edit|replace|str_replace|search_replace|apply_?patch|patch|create_?file|delete|move_?file)'
  from (
    select coalesce(
      v_given ->> 'file_path', v_given ->> 'filePath', v_given ->> 'notebook_path', v_given ->> 'absolute_path', v_given ->> 'target_file',
      case when v_tool ~ 'file|^(read|write|edit|create|view|str_replace)' then v_given ->> 'path' end) as path) x
  where octet_length(x.path) between 1 and 2000;
end;
$$;

ALTER FUNCTION polaris_data.files_of(p_payload jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.files_of(p_payload jsonb) IS 'The files that the payload of a tool call names.';

CREATE FUNCTION polaris_data.find_event(p_org bigint, p_project bigint, p_seq bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_session bigint;
begin
  select e.session_id into v_session from polaris_data.peek_event(p_org, p_project, p_seq) e;
  if not found then
    perform polaris_data.fail(404, 'no_such_event', format('There is no event %s in this project.', p_seq),
      'Its number stands behind a # on the floor.');
  end if;
  return v_session;
end;
$$;

ALTER FUNCTION polaris_data.find_event(p_org bigint, p_project bigint, p_seq bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.find_event(p_org bigint, p_project bigint, p_seq bigint) IS 'The session of an event.';

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
ALTER TABLE ONLY polaris_data.projects ALTER COLUMN name SET STATISTICS 0;

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
ALTER TABLE ONLY polaris_data.sessions ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.sessions ALTER COLUMN created_by SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.sessions ALTER COLUMN driver SET STATISTICS 0;

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

CREATE FUNCTION polaris_data.hidden_projects(p_org bigint, p_actor text) RETURNS bigint[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(array_agg(p.project_id), '{}') from polaris_data.projects p
  where p.org_id = p_org and p.visibility <> 'org' and not polaris_data.may_see(p_org, p_actor, p.project_id, p.visibility);
$$;

ALTER FUNCTION polaris_data.hidden_projects(p_org bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.hidden_projects(p_org bigint, p_actor text) IS 'The private projects that a participant may not see.';

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

CREATE FUNCTION polaris_data.import_events(p_org bigint, p_project bigint, p_last bigint, p_rows jsonb[]) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  v_last bigint;
  v_rows jsonb[];
  v_wrong bigint;
begin
  select h.last_seq into strict v_last from polaris_data.project_heads h
  where h.org_id = p_org and h.project_id = p_project for no key update;
  if v_last <> p_last then
    perform polaris_data.fail(409, 'import_out_of_order', format('Somebody else wrote #%s.', v_last), 'Begin anew, in another project.');
  end if;
  select array_agg(u.item order by u.ord), min(u.seq) filter (where u.seq <> v_last + u.n)
  into v_rows, v_wrong
  from (
    select u.item, u.ord, (u.item ->> 'seq')::bigint as seq, row_number() over (order by u.ord) as n
    from unnest(p_rows) with ordinality as u (item, ord) where (u.item ->> 'seq')::bigint > v_last) u;
  if v_wrong is not null then
    perform polaris_data.fail(409, 'import_out_of_order', format('Event #%s does not come after #%s.', v_wrong, v_last),
      'Send the events in their order; nothing else may write to the project meanwhile.', jsonb_build_object('last_seq', v_last));
  elsif v_rows is null then
    return v_last;
  end if;
  select min((e.item ->> 'seq')::bigint) into v_wrong
  from unnest(v_rows) as e (item)
  left join polaris_data.sessions s on s.org_id = p_org and s.project_id = p_project and s.name = e.item ->> 'session'
  where (e.item ->> 'session' is not null and s.session_id is null)
    or coalesce(e.item ->> 'actor' !~ '^((user|agent|slack):[a-z0-9][a-z0-9-]{0,62}|polaris)$', true);
  if v_wrong is not null then
    perform polaris_data.fail(422, 'import_not_valid', format('Event #%s names a session or a participant that cannot be.', v_wrong),
      'The export is damaged, or its sessions were left out.');
  end if;
  with given as (
    select coalesce(s.session_id, 0) as session_id, u.ord, r.*, nullif(u.item -> 'payload', 'null') as payload,
      nullif(u.item -> 'facts', 'null') as facts
    from unnest(v_rows) with ordinality as u (item, ord)
    cross join lateral jsonb_to_record(u.item) as r (
      seq bigint, session text, epoch bigint, kind text, actor text, target text, turn text, agent text, body text, client_id text,
      late boolean, occurred_at timestamptz, recorded_at timestamptz, erased_at timestamptz)
    left join polaris_data.sessions s on s.org_id = p_org and s.project_id = p_project and s.name = r.session
  ), columns as (
    select array_agg(g.session_id order by g.ord) as session_id, array_agg(g.epoch order by g.ord) as epoch,
      array_agg(g.kind order by g.ord) as kind, array_agg(g.actor order by g.ord) as actor, array_agg(g.target order by g.ord) as target,
      array_agg(g.turn order by g.ord) as turn, array_agg(g.agent order by g.ord) as agent, array_agg(g.body order by g.ord) as body,
      array_agg(g.payload order by g.ord) as payload, array_agg(g.client_id order by g.ord) as client_id,
      array_agg(g.late order by g.ord) as late, array_agg(g.occurred_at order by g.ord) as occurred_at,
      array_agg(g.facts order by g.ord) as facts, array_agg(g.recorded_at order by g.ord) as recorded_at,
      array_agg(g.erased_at order by g.ord) as erased_at, count(*)::integer as n
    from given g
  )
  select count(*) into v_wrong from columns c
  cross join lateral polaris_data.write_events(
    p_org, array_fill(null::text, array[c.n]), array_fill(p_project, array[c.n]), c.session_id, c.epoch, c.kind, c.actor, c.target, c.turn,
    c.agent, c.body, c.payload, c.client_id, c.late, c.occurred_at, c.facts, c.recorded_at, c.erased_at) w
  where not w.created;
  if v_wrong > 0 then
    perform polaris_data.fail(422, 'import_not_valid', 'Two events of one session have the same client_id.', 'The export is damaged.');
  end if;
  return v_last + cardinality(v_rows);
end;
$_$;

ALTER FUNCTION polaris_data.import_events(p_org bigint, p_project bigint, p_last bigint, p_rows jsonb[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.import_events(p_org bigint, p_project bigint, p_last bigint, p_rows jsonb[]) IS 'Writes the next events of an import.';

CREATE FUNCTION polaris_data.index_commits(p_org bigint, p_project bigint, p_seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
begin
  delete from polaris_data.commits c where c.org_id = p_org and c.project_id = p_project and c.seq = any (p_seqs);

  -- Looked at closely are only results that print something like it, and those before which HEAD was another one.
  insert into polaris_data.commits as c (org_id, project_id, commit, session_id, seq, turn, repository, branch, subject, made, at)
  with told as materialized (
    select e.session_id, e.seq, e.turn, e.recorded_at, e.kind = 'tool.result' as is_result,
      left(e.facts ->> 'repository', 300) as repository, left(e.facts ->> 'branch', 300) as branch,
      case when e.facts ->> 'commit' ~ '^[0-9a-f]{7,64}$' then e.facts ->> 'commit' end as head,
      e.kind = 'tool.result' and (e.body like '%[%] %' or e.body like '%Polaris-Session: %') as prints
    from unnest(p_seqs) u (seq)
    cross join lateral (
      select e.* from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
    where e.session_id is not null and e.erased_at is null and (e.kind = 'tool.result' or e.facts ? 'commit')
  ), moved as (
    select t.*, t.head is not null and t.head is distinct from lag(t.head) over (partition by t.session_id order by t.seq) as is_new
    from told t
  )
  select distinct on (x.session_id, x.commit)
    p_org, p_project, x.commit, x.session_id, x.seq, x.turn, x.repository, x.branch, x.subject, x.made, x.recorded_at
  from (
    select m.*, m.head as commit, null as subject, false as made from moved m where m.is_new
    union all
    select m.*, f.commit, f.subject, true
    from moved m
    cross join lateral (
      select e.body, e.payload from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between m.seq and m.seq order by e.seq limit 1) e
    cross join lateral polaris_data.commits_of(p_org, m.session_id, m.seq, e.body, e.payload, m.head) f
    where m.is_result and (m.prints or m.is_new)) x
  order by x.session_id, x.commit, x.made desc, x.seq
  on conflict (org_id, project_id, commit, session_id) do update
    set made = true, seq = excluded.seq, turn = excluded.turn, at = excluded.at, branch = coalesce(excluded.branch, c.branch),
      repository = coalesce(excluded.repository, c.repository), subject = coalesce(excluded.subject, c.subject)
    where excluded.made and not c.made;

  -- A newer word of the session stays; what was taken from an event that says nothing any more goes.
  delete from polaris_data.checkouts k
  where k.org_id = p_org and k.seq = any (p_seqs)
    and k.session_id in (
      select e.session_id from unnest(p_seqs) u (seq)
      cross join lateral (
        select e.* from polaris_data.events e
        where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e);
  insert into polaris_data.checkouts as k (org_id, session_id, seq, repository, branch, commit)
  select distinct on (e.session_id)
    p_org, e.session_id, e.seq, left(e.facts ->> 'repository', 300), left(e.facts ->> 'branch', 300), left(e.facts ->> 'commit', 64)
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.* from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  where e.session_id is not null and e.erased_at is null and e.facts ?| array['repository', 'branch', 'commit']
  order by e.session_id, e.seq desc
  on conflict (org_id, session_id) do update
    set seq = excluded.seq, repository = excluded.repository, branch = excluded.branch, commit = excluded.commit
    where excluded.seq >= k.seq;
end;
$_$;

ALTER FUNCTION polaris_data.index_commits(p_org bigint, p_project bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.index_commits(p_org bigint, p_project bigint, p_seqs bigint[]) IS 'What these events tell of git, made anew.';

CREATE FUNCTION polaris_data.index_files(p_org bigint, p_project bigint, p_seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  delete from polaris_data.touched_files t where t.org_id = p_org and t.project_id = p_project and t.seq = any (p_seqs);
  insert into polaris_data.touched_files (org_id, project_id, seq, path, name, session_id, turn, written)
  select p_org, p_project, e.seq, f.path, regexp_replace(f.path, '^.*/', ''), e.session_id, e.turn, bool_or(f.written)
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.* from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  cross join lateral polaris_data.files_of(e.payload) f
  where e.kind = 'tool.call' and e.erased_at is null and e.session_id is not null
    and octet_length(f.path) between 1 and 2000
  group by e.seq, f.path, e.session_id, e.turn;
end;
$$;

ALTER FUNCTION polaris_data.index_files(p_org bigint, p_project bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.index_files(p_org bigint, p_project bigint, p_seqs bigint[]) IS 'Which files the tool calls among these events name, made anew.';

CREATE FUNCTION polaris_data.index_usage(p_org bigint, p_project bigint, p_seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  v_telling bigint[];
begin
  select array_agg(u.seq) into v_telling
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.facts from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  where e.facts ? 'usage';

  -- Of new events there is nothing to delete.
  perform from polaris_data.usage u
  where u.org_id = p_org and u.project_id = p_project and u.seq between p_seqs[1] and p_seqs[cardinality(p_seqs)] order by u.seq limit 1;
  if found then
    delete from polaris_data.usage u
    where u.org_id = p_org and u.project_id = p_project and u.seq = any (p_seqs) and (
      select not coalesce(e.facts -> 'usage' @> jsonb_build_array(jsonb_build_object('message', u.message)), false)
      from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1);
  end if;
  if v_telling is null then
    return;
  end if;
  insert into polaris_data.usage as u (
    org_id, agent, message, project_id, session_id, seq, turn, actor, model, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cost_usd, at)
  select p_org, t.agent, t.message, p_project, (array_agg(t.session_id order by t.seq))[1], min(t.seq), (array_agg(t.turn order by t.seq))[1],
    (array_agg(t.actor order by t.seq))[1], (array_agg(t.model order by t.seq) filter (where t.model is not null))[1], max(t.input),
    max(t.output), max(t.cache_read), max(t.cache_write), max(t.cost), (array_agg(t.at order by t.seq))[1]
  from (
    select e.seq, e.session_id, e.turn, e.actor, coalesce(e.agent, '') as agent, least(e.occurred_at, e.recorded_at) as at,
      m ->> 'message' as message, left(m ->> 'model', 200) as model, polaris_data.tokens_of(m -> 'input') as input,
      polaris_data.tokens_of(m -> 'output') as output, polaris_data.tokens_of(m -> 'cache_read') as cache_read,
      polaris_data.tokens_of(m -> 'cache_write') as cache_write,
      case when jsonb_typeof(m -> 'cost_usd') = 'number' then least(greatest((m -> 'cost_usd')::numeric, 0), 1000000) end as cost
    from unnest(v_telling) n (seq)
    cross join lateral (
      select e.* from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between n.seq and n.seq order by e.seq limit 1) e
    cross join lateral jsonb_array_elements(case when jsonb_typeof(e.facts -> 'usage') = 'array' then e.facts -> 'usage' end) m
    where jsonb_typeof(m -> 'message') = 'string' and length(m ->> 'message') between 1 and 200) t
  group by t.agent, t.message
  order by t.agent, t.message
  on conflict (org_id, agent, message) do update set
    model = coalesce(u.model, excluded.model),
    input_tokens = greatest(u.input_tokens, excluded.input_tokens),
    output_tokens = greatest(u.output_tokens, excluded.output_tokens),
    cache_read_tokens = greatest(u.cache_read_tokens, excluded.cache_read_tokens),
    cache_write_tokens = greatest(u.cache_write_tokens, excluded.cache_write_tokens),
    cost_usd = greatest(u.cost_usd, excluded.cost_usd)
  where (excluded.input_tokens, excluded.output_tokens, excluded.cache_read_tokens, excluded.cache_write_tokens)
      is distinct from (u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens)
    or excluded.cost_usd is distinct from u.cost_usd or (u.model is null and excluded.model is not null);
end;
$$;

ALTER FUNCTION polaris_data.index_usage(p_org bigint, p_project bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.index_usage(p_org bigint, p_project bigint, p_seqs bigint[]) IS 'What models used, as these events tell it.';

CREATE FUNCTION polaris_data.index_words(p_org bigint, p_project bigint, p_seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  -- Of new events there is nothing to delete.
  perform from polaris_data.search_entries n
  where n.org_id = p_org and n.project_id = p_project and n.seq between p_seqs[1] and p_seqs[cardinality(p_seqs)] order by n.seq limit 1;
  if found then
    delete from polaris_data.search_entries n where n.org_id = p_org and n.project_id = p_project and n.seq = any (p_seqs);
  end if;
  insert into polaris_data.search_entries (org_id, project_id, seq, at, words)
  select p_org, p_project, e.seq, e.recorded_at,
    polaris_data.search_entry(p_org, p_project, e.session_id, e.kind, e.actor, e.recorded_at, e.body, e.payload)
  from unnest(p_seqs) u (seq)
  cross join lateral (
    select e.* from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq order by e.seq limit 1) e
  where e.erased_at is null and e.kind not in ('delivery', 'driver.claimed', 'driver.released', 'driver.expired');
end;
$$;

ALTER FUNCTION polaris_data.index_words(p_org bigint, p_project bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.index_words(p_org bigint, p_project bigint, p_seqs bigint[]) IS 'What search knows of these events, made anew.';

CREATE FUNCTION polaris_data.is_held(p_org bigint, p_project bigint) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (
    select from polaris_data.legal_holds h
    where h.org_id = p_org and h.project_id in (0, p_project) and h.lifted_at is null);
$$;

ALTER FUNCTION polaris_data.is_held(p_org bigint, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.is_held(p_org bigint, p_project bigint) IS 'Whether a legal hold stands on a project.';

CREATE TABLE polaris_data.imports (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    digest bytea NOT NULL,
    source jsonb NOT NULL,
    imported_by text NOT NULL,
    last_seq bigint NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT import_digest_is_sha256 CHECK ((octet_length(digest) = 32))
);

ALTER TABLE polaris_data.imports OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.imports IS 'Projects that were made from an export. done_at null: it is not complete yet.';

COMMENT ON COLUMN polaris_data.imports.digest IS 'The sha256 of the export''s manifest.';

COMMENT ON COLUMN polaris_data.imports.source IS 'What the export says of the project it was made of: org, project, first_seq …';

COMMENT ON COLUMN polaris_data.imports.last_seq IS 'The last number that the import wrote: if the counter is elsewhere, others moved it.';

CREATE FUNCTION polaris_data.lock_import(p_org bigint, p_actor text, p_project text, p_digest bytea) RETURNS polaris_data.imports
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project polaris_data.projects;
  v_import polaris_data.imports;
begin
  perform polaris_data.require_service();
  perform polaris_data.find_project(p_org, p_actor, p_project);
  perform polaris_data.require_admin(p_org, p_actor);
  v_project := polaris_data.lock_project(p_org, p_actor, p_project);
  -- A statement of its own: it sees what somebody wrote for whom the lock was waited.
  select i.* into v_import from polaris_data.imports i where i.org_id = p_org and i.project_id = v_project.project_id;
  if not found or v_import.digest <> p_digest then
    perform polaris_data.fail(409, 'import_is_another', format('Project %s is not being made from this export.', p_project),
      'Begin with the head of the export, in a new project.');
  end if;
  return v_import;
end;
$$;

ALTER FUNCTION polaris_data.lock_import(p_org bigint, p_actor text, p_project text, p_digest bytea) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_import(p_org bigint, p_actor text, p_project text, p_digest bytea) IS 'The import that a project is being made by, locked until commit.';

CREATE FUNCTION polaris_data.lock_index(p_org bigint, p_project bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into polaris_data.index_cursors (org_id, project_id) values (p_org, p_project) on conflict do nothing;
  perform from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project for no key update;
end;
$$;

ALTER FUNCTION polaris_data.lock_index(p_org bigint, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_index(p_org bigint, p_project bigint) IS 'Keeps the pass that fills the tables made from the record out of a project until commit.';

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

CREATE FUNCTION polaris_data.lock_to_keep(p_org bigint, p_project bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform from polaris_data.projects p where p.org_id = p_org and p.project_id = p_project for no key update;
  return found and not polaris_data.is_held(p_org, p_project);
end;
$$;

ALTER FUNCTION polaris_data.lock_to_keep(p_org bigint, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.lock_to_keep(p_org bigint, p_project bigint) IS 'Locks a project whose record is to be made less; answers whether that is allowed.';

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

CREATE FUNCTION polaris_data.may_be_erased(p_kind text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select p_kind not in ('session.created', 'session.archived', 'driver.claimed', 'driver.released', 'driver.expired');
$$;

ALTER FUNCTION polaris_data.may_be_erased(p_kind text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.may_be_erased(p_kind text) IS 'Whether an event of this kind says anything that somebody wrote.';

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

CREATE FUNCTION polaris_data.memory_beside(p_org bigint, p_project bigint, p_session bigint, p_after bigint) RETURNS TABLE(pick bigint, at bigint, line text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
  select row_number() over (order by e.seq desc), -e.seq, format('#%s %s in %s, %s%s', e.seq, e.kind, o.name,
    coalesce('driven by ' || o.driver, 'which nobody drives'),
    case when a.body <> '' then format('; last asked: %s', polaris_data.excerpt(a.body, 120)) else '' end)
  from polaris_data.sessions o
  cross join lateral (
    select x.seq, x.kind from polaris_data.events x
    where x.org_id = p_org and x.session_id = o.session_id and x.seq > coalesce(p_after, 0) order by x.seq desc limit 1) e
  left join lateral (
    select x.body from (
      select y.kind, left(y.body, 600) as body, y.seq from polaris_data.events y
      where y.org_id = p_org and y.session_id = o.session_id and y.seq > coalesce(p_after, 0) order by y.seq desc limit 100) x
    where x.kind = 'prompt' order by x.seq desc limit 1) a on true
  where o.org_id = p_org and o.project_id = p_project and o.archived_at is null and o.session_id is distinct from p_session
  order by e.seq desc limit 20;
$$;

ALTER FUNCTION polaris_data.memory_beside(p_org bigint, p_project bigint, p_session bigint, p_after bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_beside(p_org bigint, p_project bigint, p_session bigint, p_after bigint) IS 'The other sessions of a project, as lines of a brief.';

CREATE FUNCTION polaris_data.memory_events(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_limit integer DEFAULT 2000) RETURNS TABLE(seq bigint, session_id bigint, kind text, actor text, agent text, body text, failed boolean, client_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
declare
  v_seat record;
  v_from bigint;
  v_left integer := p_limit;
  v_found integer;
begin
  if p_by is null then
    -- One of the two is empty.
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where p_session is not null and e.org_id = p_org and e.session_id = p_session and e.seq > coalesce(p_after, 0) and e.erased_at is null
    order by e.seq desc limit p_limit;
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where p_session is null and e.org_id = p_org and e.project_id = p_project and e.seq > coalesce(p_after, 0) and e.erased_at is null
    order by e.seq desc limit p_limit;
    return;
  end if;
  for v_seat in select * from polaris_data.memory_seats(p_org, p_project, p_session, p_by) loop
    exit when v_left <= 0;
    v_from := greatest(v_seat.last_seq, p_after, 0);
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where e.late and v_seat.last_seq is not null and e.org_id = p_org and e.session_id = v_seat.session_id and e.epoch = v_seat.epoch
      and e.seq > v_from and e.erased_at is null
    order by e.seq desc limit v_left;
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
    v_from := greatest(v_seat.first_seq, p_after, 0);
    return query
    select e.seq, e.session_id, e.kind, e.actor, e.agent, m.body, m.failed, e.client_id
    from polaris_data.events e, lateral polaris_data.memory_words(e.kind, e.agent, e.body, e.payload) m
    where e.org_id = p_org and e.session_id = v_seat.session_id and e.seq > v_from
      and e.seq < coalesce(v_seat.last_seq, 9223372036854775807) and e.epoch = v_seat.epoch and e.erased_at is null
    order by e.seq desc limit v_left;
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.memory_events(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_events(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_limit integer) IS 'The newest events that a brief is made of.';

CREATE FUNCTION polaris_data.memory_files(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_seqs bigint[]) RETURNS TABLE(path text, seq bigint, times bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_known bigint := coalesce((select c.seq from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project), 0);
  v_new bigint[] := array(select u.seq from unnest(p_seqs) as u (seq) where u.seq > v_known order by u.seq desc limit 500);
begin
  return query
  select x.path, max(x.seq), count(*) from (
    select t.path, t.seq from (
      select t.path, t.seq, t.written from polaris_data.touched_files t
      where p_session is not null and t.org_id = p_org and t.session_id = p_session and t.seq > coalesce(p_after, 0) and t.seq <= v_known
      order by t.seq desc limit 3000) t
    where t.written
    union all
    select t.path, t.seq from unnest(p_seqs) as u (seq)
    cross join lateral (
      select t.path, t.seq, t.written from polaris_data.touched_files t
      where t.org_id = p_org and t.project_id = p_project and t.seq between u.seq and u.seq order by t.seq, t.path limit 100) t
    where p_session is null and u.seq <= v_known and t.written
    union all
    select f.path, u.seq from unnest(v_new) as u (seq)
    cross join lateral (
      select e.payload from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project and e.seq between u.seq and u.seq and e.erased_at is null
      order by e.seq limit 1) e
    cross join lateral polaris_data.files_of(e.payload) f
    where f.written) x
  group by x.path order by max(x.seq) desc, x.path limit 30;
end;
$$;

ALTER FUNCTION polaris_data.memory_files(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_files(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_seqs bigint[]) IS 'The files that were changed by the newest tool calls.';

CREATE FUNCTION polaris_data.memory_heads(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) RETURNS TABLE(pick bigint, at bigint, line text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
  select 1::bigint, -3::bigint, case
    when s.driver is not null then format('#%s %s drives it (epoch %s).',
      coalesce(polaris_data.seat_seq(p_org, p_project, p_session, s.epoch, 'claimed'), 0), s.driver, s.epoch)
    when s.epoch > 0 then format('#%s Nobody drives it; %s did (epoch %s).',
      coalesce(polaris_data.seat_seq(p_org, p_project, p_session, s.epoch, 'ended'), 0), (
        select t.driver from polaris_data.seats t where t.org_id = p_org and t.session_id = p_session and t.epoch = s.epoch), s.epoch)
    else format('#%s Nobody has driven it yet.', coalesce((
      select e.seq from polaris_data.events e where e.org_id = p_org and e.session_id = p_session order by e.seq limit 1), 0)) end
  from polaris_data.sessions s
  where s.org_id = p_org and s.session_id = p_session and p_by is null
  union all
  select 2, -2, format('#%s works %s', c.seq, concat_ws(' ', 'on ' || polaris_data.excerpt(c.branch, 100),
    'of ' || polaris_data.excerpt(c.repository, 100), 'at ' || left(c.commit, 10)))
  from polaris_data.checkouts c
  where c.org_id = p_org and c.session_id = p_session and p_by is null and coalesce(c.branch, c.repository, c.commit) is not null
  union all
  select row_number() over (order by t.claimed_at desc), t.first_seq, case when t.ended_at is null
    then format('#%s drives %s since %s (epoch %s)', t.first_seq, t.session, to_char(t.claimed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), t.epoch)
    else format('#%s–#%s drove %s from %s to %s (epoch %s), %s', t.first_seq, t.last_seq, t.session,
      to_char(t.claimed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), to_char(t.ended_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'),
      t.epoch, t.ended_how) end
  from (
    select * from polaris_data.memory_seats(p_org, p_project, p_session, p_by) limit 10) t
  where p_by is not null and (p_after is null or t.last_seq is null or t.last_seq > p_after)
  union all
  select 3, -1, case when h.last_seq > p_after then format('#%s–#%s are new and told here.', p_after + 1, h.last_seq)
    else format('#%s was the last event: nothing has happened since.', h.last_seq) end
  from polaris_data.project_heads h
  where p_after is not null and h.org_id = p_org and h.project_id = p_project;
$$;

ALTER FUNCTION polaris_data.memory_heads(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_heads(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) IS 'The first lines of a brief.';

CREATE FUNCTION polaris_data.memory_notes(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) RETURNS TABLE(rank integer, part text, pick bigint, at bigint, line text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  with marks as materialized (
    select a.seq, a.what, a.about, a.actor, a.closed_by, a.closed_seq, a.n, s.name as session,
      polaris_data.excerpt(coalesce(nullif(e.body, ''), o.body), 300) as words,
      polaris_data.excerpt(c.body, 300) as answer
    from (
      select a.*, row_number() over (partition by a.what, a.closed_at is null order by a.seq desc) as n
      from polaris_data.annotations a
      where a.org_id = p_org and a.project_id = p_project
        and (p_session is null or a.session_id in (p_session, 0))
        and (p_by is null or p_by in (a.actor, a.closed_by))
        and (p_after is null or a.seq > p_after or a.closed_seq > p_after)) a
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = a.session_id
    left join lateral polaris_data.peek_event(p_org, p_project, a.seq) e on true
    left join lateral polaris_data.peek_event(p_org, p_project, a.about) o on true
    left join lateral polaris_data.peek_event(p_org, p_project, a.closed_seq) c on true
    where a.n <= 20
  ), advice as (
    select d.*, s.name as session, row_number() over (order by d.advice_seq desc) as n from polaris_data.deliveries d
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = d.session_id
    where d.org_id = p_org and s.project_id = p_project
      and d.session_id = any (case when p_session is not null then array[p_session] else array(
        select x.session_id from polaris_data.sessions x where x.org_id = p_org and x.project_id = p_project) end)
      and (p_by is null and d.state in ('held', 'queued', 'sent') or p_by = d.sender and (p_after is null or d.advice_seq > p_after))
  )
  select 3, 'Decisions', m.n, m.seq, format('#%s %s%s: %s', m.seq, m.actor, coalesce(' on ' || m.session, ''), coalesce(m.words, ''))
  from marks m where m.what = 'decision' and m.closed_seq is null and m.n <= 20
  union all
  select 3, 'Decisions', m.n + 20, m.closed_seq, format('#%s %s took #%s back: %s', m.closed_seq, m.closed_by, m.seq,
    coalesce(nullif(m.answer, ''), m.words, ''))
  from marks m where m.what = 'decision' and m.closed_seq is not null and (p_after is not null or p_by is not null) and m.n <= 5
  union all
  select 4, 'Open', m.n, m.seq, format('#%s %s asks%s: %s', m.seq, m.actor, coalesce(' on ' || m.session, ''), coalesce(m.words, ''))
  from marks m where m.what = 'question' and m.closed_seq is null and m.n <= 10
  union all
  select 4, case when p_by is null then 'Open' else 'Advised' end, d.n + 2, d.advice_seq,
    format('#%s advice of %s%s is %s: %s', d.advice_seq, d.sender, case when p_session is null then ' for ' || d.session else '' end, d.state,
      polaris_data.excerpt(d.body, 200))
  from advice d where d.n <= 10
  union all
  select 5, 'Questions answered', m.n, m.closed_seq, format('#%s %s answered #%s (%s): %s', m.closed_seq, m.closed_by, m.seq,
    coalesce(m.words, ''), coalesce(nullif(m.answer, ''), 'no words'))
  from marks m where m.what = 'question' and m.closed_seq is not null and m.n <= 8
  union all
  select 7, 'Commits', row_number() over (order by c.seq desc), c.seq, format('#%s %s%s%s', c.seq, left(c.commit, 10),
    coalesce(' on ' || polaris_data.excerpt(c.branch, 80), ''), coalesce(': ' || polaris_data.excerpt(c.subject, 160), ''))
  from (
    select c.* from polaris_data.commits c
    where c.org_id = p_org and c.made and c.session_id = any (case when p_session is not null then array[p_session] else array(
        select x.session_id from polaris_data.sessions x where x.org_id = p_org and x.project_id = p_project) end)
      and c.project_id = p_project and (p_after is null or c.seq > p_after)
      and (p_by is null or exists (
        select from polaris_data.peek_event(p_org, p_project, c.seq) e where e.actor = p_by))
    order by c.seq desc limit 10) c
  union all
  select 9, 'Starred', m.n, m.seq, format('#%s %s starred%s: %s', coalesce(m.about, m.seq), m.actor,
    case when m.about is null then '' else format(' it (#%s)', m.seq) end, coalesce(m.words, ''))
  from marks m where m.what = 'star' and m.closed_seq is null and m.n <= 6;
$$;

ALTER FUNCTION polaris_data.memory_notes(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_notes(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) IS 'What was marked, advised, committed and is open, as lines of a brief.';

CREATE FUNCTION polaris_data.memory_seats(p_org bigint, p_project bigint, p_session bigint, p_actor text) RETURNS TABLE(session_id bigint, session text, epoch bigint, claimed_at timestamp with time zone, ended_at timestamp with time zone, ended_how text, first_seq bigint, last_seq bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select t.session_id, t.name, t.epoch, t.claimed_at, t.ended_at, t.ended_how,
    coalesce(polaris_data.seat_seq(p_org, p_project, t.session_id, t.epoch, 'claimed'), 0),
    case when t.ended_at is not null then coalesce(polaris_data.seat_seq(p_org, p_project, t.session_id, t.epoch, 'ended'), 0) end
  from (
    select x.*, s.name from polaris_data.sessions s
    join polaris_data.seats x on x.org_id = p_org and x.session_id = s.session_id
    where s.org_id = p_org and s.project_id = p_project and (p_session is null or s.session_id = p_session) and x.driver = p_actor
    order by x.claimed_at desc, x.session_id, x.epoch desc limit 50) t
  order by t.claimed_at desc, t.session_id, t.epoch desc;
$$;

ALTER FUNCTION polaris_data.memory_seats(p_org bigint, p_project bigint, p_session bigint, p_actor text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_seats(p_org bigint, p_project bigint, p_session bigint, p_actor text) IS 'The seats that a participant has held in a project.';

CREATE FUNCTION polaris_data.memory_since(p_org bigint, p_actor text, p_project bigint, p_session bigint, p_since text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if p_since is null then
    return null;
  elsif p_since ~ '^[0-9]{1,18}$' then
    return p_since::bigint;
  elsif p_since = 'drove' then
    return coalesce((
      select max(t.last_seq) from polaris_data.memory_seats(p_org, p_project, p_session, p_actor) t), 0);
  elsif p_since = 'looked' then
    return coalesce((
      select m.seq from polaris_data.read_marks m where m.org_id = p_org and m.project_id = p_project and m.actor = p_actor), 0);
  end if;
  perform polaris_data.fail(422, 'since_is_known', 'Since when is the number of an event, drove or looked.',
    'drove: since you last drove; looked: since what you have read of the floor.');
end;
$_$;

ALTER FUNCTION polaris_data.memory_since(p_org bigint, p_actor text, p_project bigint, p_session bigint, p_since text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_since(p_org bigint, p_actor text, p_project bigint, p_session bigint, p_since text) IS 'After which event somebody wants to know what happened.';

CREATE FUNCTION polaris_data.memory_text(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_title text, p_characters integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_line record;
  v_ranks integer[] := array[0];
  v_parts text[] := array[p_title];
  v_ats bigint[] := array[null::bigint];
  v_lines text[] := array[null::text];
  v_left integer := p_characters - char_length(p_title) - 1;
  v_costs integer;
begin
  for v_line in
    select x.* from (
      select 0 as rank, p_title as part, h.pick, h.at, h.line from polaris_data.memory_heads(p_org, p_project, p_session, p_by, p_after) h
      union all
      select w.* from polaris_data.memory_work(p_org, p_project, p_session, p_by, p_after) w
      union all
      select n.* from polaris_data.memory_notes(p_org, p_project, p_session, p_by, p_after) n
      union all
      select case when p_session is null then 0 else 11 end, case when p_session is null then 'Sessions' else 'Beside it' end, b.pick, b.at, b.line
      from polaris_data.memory_beside(p_org, p_project, p_session, p_after) b
      where p_by is null) x
    order by x.pick > 3, x.rank, x.part <> p_title, x.pick, x.at, x.line
  loop
    v_costs := char_length(v_line.line) + 1 + case when v_line.part = any (v_parts) then 0 else char_length(v_line.part) + 1 end;
    continue when v_costs > v_left;
    v_left := v_left - v_costs;
    v_ranks := v_ranks || v_line.rank;
    v_parts := v_parts || v_line.part;
    v_ats := v_ats || v_line.at;
    v_lines := v_lines || v_line.line;
  end loop;
  return (
    select string_agg(concat_ws(E'\n', case when x.is_first then x.part end, x.line), E'\n' order by x.rank, x.part <> p_title, x.at nulls first, x.line)
    from (
      select u.*, row_number() over (partition by u.part order by u.rank, u.at nulls first, u.line) = 1 as is_first
      from unnest(v_ranks, v_parts, v_ats, v_lines) as u (rank, part, at, line)) x);
end;
$$;

ALTER FUNCTION polaris_data.memory_text(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_title text, p_characters integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_text(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_title text, p_characters integer) IS 'A brief as text of at most so many characters.';

CREATE FUNCTION polaris_data.memory_words(p_kind text, p_agent text, p_body text, p_payload jsonb, OUT body text, OUT failed boolean) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  failed := p_kind = 'tool.result' and polaris_data.tool_failed(p_agent, p_payload);
  body := case when p_kind in ('prompt', 'reply', 'floor') then left(p_body, 3000)
    when p_kind = 'tool.call' or failed then left(p_body, 640) else '' end;
end;
$$;

ALTER FUNCTION polaris_data.memory_words(p_kind text, p_agent text, p_body text, p_payload jsonb, OUT body text, OUT failed boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_words(p_kind text, p_agent text, p_body text, p_payload jsonb, OUT body text, OUT failed boolean) IS 'What a brief needs of one event.';

CREATE FUNCTION polaris_data.memory_work(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) RETURNS TABLE(rank integer, part text, pick bigint, at bigint, line text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $_$
  with recent as materialized (
    select r.*, r.actor || case when p_session is null then coalesce('/' || s.name, '') else '' end as who
    from polaris_data.memory_events(p_org, p_project, p_session, p_by, p_after) r
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = r.session_id
  ), first_prompt as (
    select e.seq, e.actor, e.body from (
      select e.seq, e.kind, e.actor, left(e.body, 3000) as body from polaris_data.events e
      where p_by is null and p_after is null and e.org_id = p_org and e.session_id = p_session and e.erased_at is null
      order by e.seq limit 200) e
    where e.kind = 'prompt' order by e.seq limit 1
  ), prompts as (
    select r.*, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'prompt'
  ), replies as (
    select r.*, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'reply'
  ), calls as (
    select r.*, substring(r.client_id from ':tool\.call:([^:]+)$') as call, row_number() over (order by r.seq desc) as n from recent r
    where r.kind = 'tool.call' and r.body ~* '^(bash|shell|local_shell|exec_command|run_shell_command|run_command)\M'
  ), failures as (
    select r.*, substring(r.client_id from ':tool\.result:([^:]+)$') as call, row_number() over (order by r.seq desc) as n
    from recent r where r.failed
  )
  select 1, case when p_session is not null and p_by is null and p_after is null then 'Goal' else 'Asked' end, 1::bigint, f.seq,
    format('#%s %s first asked: %s', f.seq, f.actor, polaris_data.excerpt(f.body, 400)) from first_prompt f
  union all
  select 1, case when p_session is not null and p_by is null and p_after is null then 'Goal' else 'Asked' end,
    p.n + (select count(*) from first_prompt), p.seq,
    format('#%s %s asked: %s', p.seq, p.who, polaris_data.excerpt(p.body, case when p.n <= 3 then 300 else 160 end))
  from prompts p
  where p.n <= case when exists (select from first_prompt) then 3 else 12 end and p.seq not in (select f.seq from first_prompt f)
  union all
  select 2, case when p_session is not null and p_by is null and p_after is null then 'Last answer' else 'Answered' end, r.n, r.seq,
    format('#%s %s: %s', r.seq, case when r.actor like 'agent:%' then r.who else 'agent of ' || r.who end,
      polaris_data.excerpt(r.body, case when r.n = 1 then 700 else 250 end))
  from replies r
  where r.n <= case when p_session is not null and p_by is null and p_after is null then 1 else 6 end
  union all
  select 4, 'Open', 2, p.seq, format('#%s has no answer yet: %s', p.seq, polaris_data.excerpt(p.body, 200))
  from prompts p
  where p_by is null and p_session is not null and p.n = 1
    and not exists (select from recent r where r.kind in ('reply', 'turn.interrupted') and r.seq > p.seq)
  union all
  select 5, 'Failed', f.n, f.seq, format('#%s %s%s', f.seq,
    coalesce((select polaris_data.excerpt(c.body, 120) || ': ' from recent c
      where c.kind = 'tool.call' and c.session_id = f.session_id and c.seq < f.seq and c.client_id like '%:tool.call:' || f.call
      order by c.seq desc limit 1), ''),
    polaris_data.excerpt(f.body, 160))
  from failures f where f.n <= 6
  union all
  select 6, 'Files changed', row_number() over (order by f.seq desc), -f.seq, format('#%s %s%s', f.seq, polaris_data.excerpt(f.path, 200),
    case when f.times > 1 then format(' (%s times)', f.times) else '' end)
  from polaris_data.memory_files(p_org, p_project, case when p_by is null then p_session end, p_after,
    (select array_agg(r.seq) from recent r where r.kind = 'tool.call')) f
  union all
  select 8, 'Last commands', c.n, c.seq, format('#%s %s', c.seq, polaris_data.excerpt(c.body, 160)) from calls c where c.n <= 10
  union all
  select 10, 'Said to the project', x.n, x.seq, format('#%s %s: %s', x.seq,
    case when x.agent is not null and x.actor like 'user:%' then 'agent of ' || x.actor else x.actor end, polaris_data.excerpt(x.body, 200))
  from (select r.*, row_number() over (order by r.seq desc) as n from recent r where r.kind = 'floor') x
  where x.n <= 6;
$_$;

ALTER FUNCTION polaris_data.memory_work(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.memory_work(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) IS 'What was asked, answered and done, as lines of a brief.';

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

CREATE FUNCTION polaris_data.names_file(p_org bigint, p_project bigint, p_seq bigint, p_file text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  perform from polaris_data.touched_files t
  where t.org_id = p_org and t.project_id = p_project and t.seq between p_seq and p_seq
    and (t.path = p_file or right(t.path, char_length(p_file) + 1) = '/' || ltrim(p_file, '/')
      or (p_file like '/%' and right(t.path, char_length(p_file)) = p_file))
  order by t.seq, t.path limit 1;
  return found;
end;
$$;

ALTER FUNCTION polaris_data.names_file(p_org bigint, p_project bigint, p_seq bigint, p_file text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.names_file(p_org bigint, p_project bigint, p_seq bigint, p_file text) IS 'Whether an event names this file: the path that it names, or the end of one.';

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

CREATE FUNCTION polaris_data.path_below(p_folder text, p_path text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  v_path text := case when p_path ~ '^([A-Za-z]:)?\\|^[A-Za-z]:/' then replace(p_path, '\', '/') else p_path end;
  v_part text;
  v_parts text[] := '{}';
begin
  v_path := regexp_replace(btrim(v_path, E' \t\r\n'), '^file://', '');
  if v_path !~ '^(/|~|[A-Za-z]:/)' and p_folder <> '' then
    v_path := replace(p_folder, '\', '/') || '/' || v_path;
  end if;
  if v_path is null or v_path !~ '(^|/)\.{0,2}(/|$)' then
    return v_path;
  end if;
  foreach v_part in array string_to_array(v_path, '/') loop
    if v_part = '..' and cardinality(v_parts) > 0 and v_parts[cardinality(v_parts)] not in ('..', '') then
      v_parts := v_parts[:cardinality(v_parts) - 1];
    elsif v_part not in ('', '.') or (v_part = '' and cardinality(v_parts) = 0) then
      v_parts := v_parts || v_part;
    end if;
  end loop;
  return array_to_string(v_parts, '/');
end;
$_$;

ALTER FUNCTION polaris_data.path_below(p_folder text, p_path text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.path_below(p_folder text, p_path text) IS 'A path as one writes it below a folder.';

CREATE FUNCTION polaris_data.peek_event(p_org bigint, p_project bigint, p_seq bigint) RETURNS TABLE(session_id bigint, kind text, actor text, agent text, body text)
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
#variable_conflict use_column
begin
  return query
  select e.session_id, e.kind, e.actor, e.agent, left(e.body, 8000) from polaris_data.events e
  where e.org_id = p_org and e.project_id = p_project and e.seq between p_seq and p_seq order by e.seq limit 1;
end;
$$;

ALTER FUNCTION polaris_data.peek_event(p_org bigint, p_project bigint, p_seq bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.peek_event(p_org bigint, p_project bigint, p_seq bigint) IS 'One event of a project by its number.';

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

CREATE FUNCTION polaris_data.prompt_of(p_org bigint, p_session bigint, p_turn text, p_seq bigint, OUT seq bigint, OUT body text) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_seq bigint;
  v_body text;
  v_turn text;
begin
  select x.seq, x.body, x.turn into v_seq, v_body, v_turn from (
    select e.seq, e.kind, e.body, e.turn from polaris_data.events e
    where e.org_id = p_org and e.session_id = p_session and e.seq <= p_seq order by e.seq desc limit 2000) x
  where x.kind = 'prompt' limit 1;
  if v_turn <> p_turn then
    select x.seq, x.body into seq, body from (
      select e.seq, e.kind, e.body, e.turn from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session and e.seq <= p_seq order by e.seq desc limit 2000) x
    where x.kind = 'prompt' and x.turn = p_turn limit 1;
  end if;
  if seq is null then
    seq := v_seq;
    body := v_body;
  end if;
end;
$$;

ALTER FUNCTION polaris_data.prompt_of(p_org bigint, p_session bigint, p_turn text, p_seq bigint, OUT seq bigint, OUT body text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.prompt_of(p_org bigint, p_session bigint, p_turn text, p_seq bigint, OUT seq bigint, OUT body text) IS 'The prompt under which an event of a session happened.';

CREATE FUNCTION polaris_data.prune_copies(p_org bigint, p_project bigint, p_below bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  with gone as (
    delete from polaris_data.deliveries d
    where d.org_id = p_org and d.project_id = p_project and d.advice_seq < p_below and d.state not in ('held', 'queued', 'sent')
    returning d.delivery_id)
  delete from polaris_data.slack_advice a using gone g where a.org_id = p_org and a.delivery_id = g.delivery_id;
  update polaris_data.slack_posts set
    text = '', state = case state when 'waiting' then 'dropped' else state end, reason = coalesce(reason, 'pruned')
  where org_id = p_org and project_id = p_project and seq < p_below and text <> '' and state in ('waiting', 'posted', 'failed', 'dropped');
  delete from polaris_data.checkouts k using polaris_data.sessions s
  where k.org_id = p_org and s.org_id = p_org and s.session_id = k.session_id and s.project_id = p_project and k.seq < p_below;
end;
$$;

ALTER FUNCTION polaris_data.prune_copies(p_org bigint, p_project bigint, p_below bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.prune_copies(p_org bigint, p_project bigint, p_below bigint) IS 'Takes away what stands of pruned events in other tables.';

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
    -- A bridge may have read an event before it was erased.
    continue when exists (
      select from polaris_data.events e
      where e.org_id = p_org and e.project_id = p_project_id and e.seq = v_post.seq and e.erased_at is not null);
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

CREATE FUNCTION polaris_data.require_characters(p_characters integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if p_characters is null or p_characters not between 500 and 100000 then
    perform polaris_data.fail(422, 'characters_are_sane', 'A brief has 500 to 100000 characters.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_characters(p_characters integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_characters(p_characters integer) IS 'Checks how long a brief may be.';

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

CREATE FUNCTION polaris_data.require_no_hold(p_org bigint, p_project bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not polaris_data.lock_to_keep(p_org, p_project) then
    perform polaris_data.fail(409, 'legal_hold', format('A legal hold stands on %s.', (
      select p.name from polaris_data.projects p where p.org_id = p_org and p.project_id = p_project)),
      'Nothing is changed there until it is lifted.');
  end if;
end;
$$;

ALTER FUNCTION polaris_data.require_no_hold(p_org bigint, p_project bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_no_hold(p_org bigint, p_project bigint) IS 'Locks a project whose record is to be changed.';

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

CREATE FUNCTION polaris_data.require_reason(p_reason text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform polaris_data.require_body(p_reason, 500);
end;
$$;

ALTER FUNCTION polaris_data.require_reason(p_reason text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.require_reason(p_reason text) IS 'Checks why something is held or erased.';

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

CREATE FUNCTION polaris_data.search_entry(p_org bigint, p_project bigint, p_session bigint, p_kind text, p_actor text, p_at timestamp with time zone, p_body text, p_payload jsonb) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_second bigint := floor(date_part('epoch', p_at))::bigint;
  v_files text[] := '{}';
begin
  if p_kind = 'tool.call' then
    select coalesce(array_agg(m.mark), '{}') into v_files
    from polaris_data.files_of(p_payload) f
    cross join lateral unnest(polaris_data.file_marks(f.path)) m (mark)
    where octet_length(f.path) between 1 and 2000;
  end if;
  return polaris_data.search_words(polaris_data.search_text(p_kind, p_body, p_payload))
    || array_to_tsvector(array[
      '=o' || p_org, '=p' || p_project, '=s' || p_session, '=k' || p_kind, '=a' || p_actor,
      -- as in search_span
      '=t0.' || v_second / 300, '=t1.' || v_second / 19200, '=t2.' || v_second / 1228800, '=t3.' || v_second / 19660800])
    || array_to_tsvector(v_files);
end;
$$;

ALTER FUNCTION polaris_data.search_entry(p_org bigint, p_project bigint, p_session bigint, p_kind text, p_actor text, p_at timestamp with time zone, p_body text, p_payload jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_entry(p_org bigint, p_project bigint, p_session bigint, p_kind text, p_actor text, p_at timestamp with time zone, p_body text, p_payload jsonb) IS 'What search knows of one event.';

CREATE FUNCTION polaris_data.search_filter(p_org bigint, p_hidden bigint[], p_project bigint, p_session bigint, p_kind text[], p_by text[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select string_agg(x.part, ' & ')::tsquery
  from (
    select quote_literal(coalesce('=s' || p_session, '=p' || p_project, '=o' || p_org)) as part
    union all
    select '!' || quote_literal('=p' || h.project) from unnest(p_hidden) as h (project)
    union all
    select '(' || string_agg(quote_literal('=k' || replace(k.kind, '\', '\\')), ' | ') || ')' from unnest(p_kind) as k (kind) having count(*) > 0
    union all
    select '(' || string_agg(quote_literal('=a' || replace(b.actor, '\', '\\')), ' | ') || ')' from unnest(p_by) as b (actor) having count(*) > 0) x;
$$;

ALTER FUNCTION polaris_data.search_filter(p_org bigint, p_hidden bigint[], p_project bigint, p_session bigint, p_kind text[], p_by text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_filter(p_org bigint, p_hidden bigint[], p_project bigint, p_session bigint, p_kind text[], p_by text[]) IS 'What the caller may see of an organization and wants to see, as marks for the index.';

CREATE FUNCTION polaris_data.search_mark(p_mark text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select ('''' || replace(replace(p_mark, '\', '\\'), '''', '''''') || '''')::tsquery;
$$;

ALTER FUNCTION polaris_data.search_mark(p_mark text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_mark(p_mark text) IS 'A mark of the index as a query for it, whatever signs it holds.';

CREATE FUNCTION polaris_data.search_next(p_org bigint, p_since timestamp with time zone, p_until timestamp with time zone, p_oldest boolean, p_offset integer DEFAULT 0) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
begin
  if p_oldest then
    return (
      select n.at from polaris_data.search_entries n
      where n.org_id = p_org and n.at >= p_since and n.at < p_until order by n.at offset p_offset limit 1);
  end if;
  return (
    select n.at from polaris_data.search_entries n
    where n.org_id = p_org and n.at >= p_since and n.at < p_until order by n.at desc offset p_offset limit 1);
end;
$$;

ALTER FUNCTION polaris_data.search_next(p_org bigint, p_since timestamp with time zone, p_until timestamp with time zone, p_oldest boolean, p_offset integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_next(p_org bigint, p_since timestamp with time zone, p_until timestamp with time zone, p_oldest boolean, p_offset integer) IS 'The time of the newest (or oldest) event in the index between two moments.';

CREATE FUNCTION polaris_data.search_pattern(p_words text[], p_prefix boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select '(?:(?<![[:alnum:]])|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]))'
    || string_agg((
      select string_agg(
        case when upper(c.letter) <> c.letter and char_length(upper(c.letter)) = 1 then '[' || c.letter || upper(c.letter) || ']'
          else c.letter end, '' order by c.ord)
      from regexp_split_to_table(w.word, '') with ordinality as c (letter, ord)), '[^[:alnum:]]{0,8}' order by w.ord)
    || case when p_prefix then '[[:alnum:]]*' else '(?![a-z0-9])' end
  from unnest(p_words) with ordinality as w (word, ord);
$$;

ALTER FUNCTION polaris_data.search_pattern(p_words text[], p_prefix boolean) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_pattern(p_words text[], p_prefix boolean) IS 'A regular expression that finds these words in a text.';

CREATE FUNCTION polaris_data.search_places(p_org bigint, p_query tsquery, p_since timestamp with time zone, p_until timestamp with time zone, p_from_at timestamp with time zone, p_from_project bigint, p_from_seq bigint, p_limit integer, p_oldest boolean DEFAULT false, p_file text DEFAULT NULL::text) RETURNS TABLE(project_id bigint, seq bigint, at timestamp with time zone)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET enable_indexscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
  v_since timestamptz := coalesce(p_since, '-infinity');
  v_until timestamptz := coalesce(p_until, 'infinity');
  v_place record;
  v_left integer := p_limit;
  -- A prefix costs the index the same in each span, short or long. So the next thousand events are read without it: what is common fills
  -- a page there. What is not is gathered from the longest spans at once.
  v_prefix boolean := p_query::text like '%:*%';
  v_walk boolean := v_prefix;
  v_spans integer := 0;
  v_next timestamptz;
  v_level integer;
  v_span record;
  v_asked tsquery := p_query;
  v_from timestamptz;
  v_to timestamptz;
begin
  if p_oldest then
    v_since := greatest(v_since, coalesce(p_from_at, '-infinity'));
  else
    v_until := least(v_until, coalesce(p_from_at, 'infinity') + interval '1 microsecond');
  end if;
  while v_left > 0 loop
    v_next := polaris_data.search_next(p_org, v_since, v_until, p_oldest);
    exit when v_next is null;
    if v_walk then
      v_next := polaris_data.search_next(p_org, v_since, v_until, p_oldest, 1000);
      v_from := case when p_oldest then v_since else coalesce(v_next, v_since) end;
      v_to := case when p_oldest then coalesce(v_next, v_until) else v_until end;
    else
      v_level := case when v_prefix then 3 when v_spans < 2 then 0 when v_spans < 5 then 1 when v_spans < 9 then 2 else 3 end;
      v_spans := v_spans + 1;
      v_span := polaris_data.search_span(v_next, v_level);
      v_asked := p_query && quote_literal(v_span.mark)::tsquery;
      v_from := greatest(v_since, v_span.begins);
      v_to := least(v_until, v_span.ends);
    end if;
    for v_place in
      with found as materialized (
        select n.project_id, n.seq, n.at from polaris_data.search_entries n
        where not v_walk and n.org_id = p_org and n.words @@ v_asked and n.at >= v_from and n.at < v_to
        union all
        select n.project_id, n.seq, n.at from polaris_data.search_entries n -- @@ as a function uses no index of words
        where v_walk and n.org_id = p_org and ts_match_vq(n.words, v_asked) and n.at >= v_from and n.at < v_to
      ), in_order as (
        select f.* from found f
        where case
          when p_from_at is null then true
          when p_oldest then (f.at, f.project_id, f.seq) > (p_from_at, p_from_project, p_from_seq)
          else (f.at, f.project_id, f.seq) < (p_from_at, p_from_project, p_from_seq) end
        order by
          case when p_oldest then f.at end, case when p_oldest then f.project_id end, case when p_oldest then f.seq end,
          f.at desc, f.project_id desc, f.seq desc
        offset 0
      )
      select f.project_id, f.seq, f.at from in_order f
      where p_file is null or polaris_data.names_file(p_org, f.project_id, f.seq, p_file)
      limit v_left
    loop
      project_id := v_place.project_id;
      seq := v_place.seq;
      at := v_place.at;
      v_left := v_left - 1;
      return next;
    end loop;
    if p_oldest then
      v_since := v_to;
    else
      v_until := v_from;
    end if;
    v_walk := false;
  end loop;
end;
$$;

ALTER FUNCTION polaris_data.search_places(p_org bigint, p_query tsquery, p_since timestamp with time zone, p_until timestamp with time zone, p_from_at timestamp with time zone, p_from_project bigint, p_from_seq bigint, p_limit integer, p_oldest boolean, p_file text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_places(p_org bigint, p_query tsquery, p_since timestamp with time zone, p_until timestamp with time zone, p_from_at timestamp with time zone, p_from_project bigint, p_from_seq bigint, p_limit integer, p_oldest boolean, p_file text) IS 'Where a query for the index finds something, in order of time.';

CREATE FUNCTION polaris_data.search_plain(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_line text := replace(replace(replace(replace(replace(replace(replace(replace(p_text, '_', ' '), '-', ' '), '/', ' '), '.', ' '), '@', ' '),
    '<', ' '), '&', ' '), '+', ' ');
begin
  if v_line ~ '[a-z0-9][A-Z]' then
    v_line := regexp_replace(v_line, '([a-z0-9])([A-Z])', '\1 \2', 'g');
  end if;
  if v_line ~ '[A-Z][A-Z][a-z][a-z]' then
    v_line := regexp_replace(v_line, '([A-Z])([A-Z][a-z][a-z])', '\1 \2', 'g');
  end if;
  return v_line;
end;
$$;

ALTER FUNCTION polaris_data.search_plain(p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_plain(p_text text) IS 'A text as search cuts it into words.';

CREATE FUNCTION polaris_data.search_query(p_text text, OUT query tsquery, OUT pattern text) RETURNS record
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'error'
    AS $$
declare
  v_part text[];
  v_said text;
  v_words text[];
  v_prefix boolean;
  v_one tsquery;
  v_all tsquery;
  v_patterns text[] := '{}';
  v_in text[] := '{}'; -- what is asked for and kept out in one breath is nowhere, and costs the most to look for
  v_out text[] := '{}';
begin
  -- Each part is [minus, quoted text, its star, bare text]: what stands between blanks, or between double quotes.
  for v_part in
    select regexp_matches(translate(left(p_text, 1000), E'\u201c\u201d\u201e', '"""'), '(-?)(?:"([^"]*)"?(\*?)|([^\s"]+))', 'g')
  loop
    if lower(v_part[4]) = 'or' and v_part[1] = '' then
      v_all := case when v_in && v_out then null else v_all end;
      query := case when query is null then v_all when v_all is null then query else query || v_all end;
      v_all := null;
      v_in := '{}';
      v_out := '{}';
      continue;
    end if;
    v_said := coalesce(v_part[4], v_part[2]);
    v_prefix := v_part[3] = '*' or v_part[4] like '%_*';
    select array_agg((ts_lexize('pg_catalog.simple', t.token))[1]) into v_words
    from ts_parse('default', polaris_data.search_plain(v_said)) t
    where t.tokid <> 12 and octet_length(t.token) < 1000; -- 12: what lies between the words
    continue when v_words is null;
    v_prefix := v_prefix and char_length(v_words[cardinality(v_words)]) > 1;
    select (string_agg(quote_literal(replace(w.word, '\', '\\')), ' <-> ' order by w.ord) || case when v_prefix then ':*' else '' end)::tsquery
    into v_one
    from unnest(v_words) with ordinality as w (word, ord);
    if v_part[1] = '-' and coalesce(v_part[4], '') not like '-%' then -- --flag is a word
      v_all := case when v_all is null then !! v_one else v_all && !! v_one end;
      v_out := v_out || v_one::text;
    else
      v_all := case when v_all is null then v_one else v_all && v_one end;
      v_in := v_in || v_one::text;
      v_patterns := v_patterns || polaris_data.search_pattern(v_words, v_prefix);
    end if;
  end loop;
  v_all := case when v_in && v_out then null else v_all end;
  query := case when query is null then v_all when v_all is null then query else query || v_all end;
  pattern := nullif(array_to_string(v_patterns, '|'), '');
end;
$$;

ALTER FUNCTION polaris_data.search_query(p_text text, OUT query tsquery, OUT pattern text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_query(p_text text, OUT query tsquery, OUT pattern text) IS 'A query in people''s words as one for the index.';

CREATE FUNCTION polaris_data.search_snippet(p_text text, p_pattern text, p_characters integer DEFAULT 240) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_at integer := case when p_pattern is null then 1 else greatest(regexp_instr(left(p_text, 100000), p_pattern), 1) end;
  v_from integer := case when v_at <= p_characters / 2 then 1 else v_at - p_characters / 4 end;
  v_line text;
begin
  v_line := substr(p_text, v_from, p_characters);
  v_line := substr(polaris_data.neutralize(btrim(regexp_replace(translate(v_line, E'\ue000\ue001', ''), '\s+', ' ', 'g'))), 3);
  if p_pattern is not null then
    v_line := regexp_replace(v_line, p_pattern, E'\ue000\\&\ue001', 'g');
  end if;
  return case when v_from > 1 then '…' else '' end || v_line || case when char_length(p_text) >= v_from + p_characters then '…' else '' end;
end;
$$;

ALTER FUNCTION polaris_data.search_snippet(p_text text, p_pattern text, p_characters integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_snippet(p_text text, p_pattern text, p_characters integer) IS 'The place of a text where a pattern is found first, on one line.';

CREATE FUNCTION polaris_data.search_span(p_at timestamp with time zone, p_level integer, OUT mark text, OUT begins timestamp with time zone, OUT ends timestamp with time zone) RETURNS record
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_seconds bigint := (array[300, 19200, 1228800, 19660800])[p_level + 1];
  v_number bigint := floor(date_part('epoch', p_at))::bigint / v_seconds;
begin
  mark := '=t' || p_level || '.' || v_number;
  begins := to_timestamp(v_number * v_seconds);
  ends := to_timestamp((v_number + 1) * v_seconds);
end;
$$;

ALTER FUNCTION polaris_data.search_span(p_at timestamp with time zone, p_level integer, OUT mark text, OUT begins timestamp with time zone, OUT ends timestamp with time zone) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_span(p_at timestamp with time zone, p_level integer, OUT mark text, OUT begins timestamp with time zone, OUT ends timestamp with time zone) IS 'The mark of the span of time that a moment lies in.';

CREATE FUNCTION polaris_data.search_tail(p_org bigint, p_project bigint, p_query tsquery) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_from bigint;
begin
  select c.seq into v_from from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project;
  return query
  select e.seq from (
    select * from polaris_data.events n
    where n.org_id = p_org and n.project_id = p_project and n.seq > coalesce(v_from, 0) order by n.seq desc limit 300) e
  where e.erased_at is null and e.kind not in ('delivery', 'driver.claimed', 'driver.released', 'driver.expired')
    and polaris_data.search_entry(p_org, p_project, e.session_id, e.kind, e.actor, e.recorded_at, e.body, e.payload) @@ p_query;
end;
$$;

ALTER FUNCTION polaris_data.search_tail(p_org bigint, p_project bigint, p_query tsquery) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_tail(p_org bigint, p_project bigint, p_query tsquery) IS 'What a query finds among a project''s newest events that are not in the index yet.';

CREATE FUNCTION polaris_data.search_text(p_kind text, p_body text, p_payload jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_text text := p_body;
  v_part text;
begin
  if p_kind = 'tool.call' and p_payload is not null then
    foreach v_part in array array[
      p_payload #>> '{tool_input,file_path}', p_payload #>> '{tool_input,notebook_path}', p_payload #>> '{tool_input,path}',
      p_payload #>> '{tool_input,command}', p_payload #>> '{tool_input,pattern}', p_payload #>> '{tool_input,description}',
      p_payload #>> '{output,args,filePath}', p_payload #>> '{output,args,command}',
      p_payload #>> '{tool_info,file_path}', p_payload #>> '{tool_info,command_line}']
    loop
      if strpos(p_body, left(v_part, 4000)) = 0 then
        v_text := v_text || E'\n' || left(v_part, 4000);
      end if;
    end loop;
  end if;
  return v_text;
end;
$$;

ALTER FUNCTION polaris_data.search_text(p_kind text, p_body text, p_payload jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_text(p_kind text, p_body text, p_payload jsonb) IS 'What of an event is searched.';

CREATE FUNCTION polaris_data.search_words(p_text text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'error'
    AS $$
declare
  v_text text := left(p_text, 100000);
  v_words tsvector := to_tsvector('pg_catalog.simple', polaris_data.search_plain(v_text));
begin
  if v_text ~ '[a-z0-9][A-Z]|[A-Z][A-Z][a-z][a-z]' then
    v_words := v_words || array_to_tsvector((
      select coalesce(array_agg(distinct lower(m[1])), '{}')
      from regexp_matches(
        replace(v_text, '_', ' '), '\m([A-Za-z0-9]*(?:[a-z0-9][A-Z]|[A-Z][A-Z][a-z][a-z])[A-Za-z0-9]*)', 'g') m
      where octet_length(m[1]) <= 200));
  end if;
  return v_words;
end;
$$;

ALTER FUNCTION polaris_data.search_words(p_text text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.search_words(p_text text) IS 'The words of a text for the index.';

CREATE FUNCTION polaris_data.seat_seq(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_which text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
declare
  v_id text := format('polaris:seat:%s:%s', p_epoch, p_which);
begin
  return (
    select e.seq from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.session_id = p_session and e.client_id between v_id and v_id
    order by e.client_id limit 1);
end;
$$;

ALTER FUNCTION polaris_data.seat_seq(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_which text) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.seat_seq(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_which text) IS 'The number of the event that says that a seat was claimed, or how it ended.';

CREATE FUNCTION polaris_data.seq_at(p_org bigint, p_project bigint, p_first bigint, p_last bigint, p_at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
  v_low bigint := p_first;
  v_high bigint := p_last + 1;
  v_middle bigint;
  v_before boolean;
begin
  while v_low < v_high loop
    v_middle := (v_low + v_high) / 2;
    select e.recorded_at < p_at into v_before from polaris_data.events e
    where e.org_id = p_org and e.project_id = p_project and e.seq = v_middle;
    if v_before then
      v_low := v_middle + 1;
    else
      v_high := v_middle;
    end if;
  end loop;
  return v_low;
end;
$$;

ALTER FUNCTION polaris_data.seq_at(p_org bigint, p_project bigint, p_first bigint, p_last bigint, p_at timestamp with time zone) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.seq_at(p_org bigint, p_project bigint, p_first bigint, p_last bigint, p_at timestamp with time zone) IS 'The first number of a project that was recorded at a time or later.';

CREATE FUNCTION polaris_data.show_annotations(p_org bigint, p_project bigint, p_session bigint, p_what text[], p_open boolean, p_about bigint, p_seq bigint, p_before bigint, p_limit integer) RETURNS SETOF polaris_data.annotation_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  select a.seq, p.name, s.name, a.what, coalesce(e.body, ''), a.actor, coalesce(polaris_data.speaker_of('annotation', a.actor, e.agent), 'person'),
    a.at, a.about, o.kind, polaris_data.excerpt(o.body, 200), a.closed_at, a.closed_by, a.closed_seq, nullif(c.body, '')
  from (
    select n.* from polaris_data.annotations n
    where n.org_id = p_org and n.project_id = p_project
      and (p_session is null or n.session_id = p_session)
      and (p_what is null or n.what = any (p_what))
      and (p_open is null or (n.closed_at is null) = p_open)
      and (p_about is null or n.about = p_about)
      and (p_seq is null or n.seq = p_seq)
      and (p_before is null or n.seq < p_before)
    order by n.seq desc limit p_limit) a
  join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
  left join polaris_data.sessions s on s.org_id = p_org and s.session_id = a.session_id
  left join lateral polaris_data.peek_event(p_org, p_project, a.seq) e on true
  left join lateral polaris_data.peek_event(p_org, p_project, a.about) o on true
  left join lateral polaris_data.peek_event(p_org, p_project, a.closed_seq) c on true
  order by a.seq desc;
$$;

ALTER FUNCTION polaris_data.show_annotations(p_org bigint, p_project bigint, p_session bigint, p_what text[], p_open boolean, p_about bigint, p_seq bigint, p_before bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_annotations(p_org bigint, p_project bigint, p_session bigint, p_what text[], p_open boolean, p_about bigint, p_seq bigint, p_before bigint, p_limit integer) IS 'Annotations of a project as everybody is shown them.';

CREATE FUNCTION polaris_data.show_commits(p_org bigint, p_project bigint[], p_session bigint[], p_commit text[]) RETURNS SETOF polaris_data.commit_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
  select c.commit, c.made, p.name, s.name, c.seq, c.turn, e.actor,
    polaris_data.excerpt(c.repository, 300), polaris_data.excerpt(c.branch, 300),
    c.subject, c.at, q.seq, polaris_data.excerpt(q.body, 300)
  from unnest(p_project, p_session, p_commit) with ordinality as u (project, session, commit, ord)
  join polaris_data.commits c
    on c.org_id = p_org and c.project_id = u.project and c.commit = u.commit and c.session_id = u.session
  join polaris_data.projects p on p.org_id = p_org and p.project_id = c.project_id
  join polaris_data.sessions s on s.org_id = p_org and s.session_id = c.session_id
  cross join lateral (
    select e.actor from polaris_data.events e
    where e.org_id = p_org and e.project_id = c.project_id and e.seq between c.seq and c.seq order by e.seq limit 1) e
  cross join lateral polaris_data.prompt_of(p_org, c.session_id, c.turn, c.seq) q
  order by u.ord;
$$;

ALTER FUNCTION polaris_data.show_commits(p_org bigint, p_project bigint[], p_session bigint[], p_commit text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_commits(p_org bigint, p_project bigint[], p_session bigint[], p_commit text[]) IS 'Commits as readers get them.';

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

CREATE FUNCTION polaris_data.show_erasures(p_org bigint, p_erasure bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.erasure_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select x.erasure_id, p.name, s.name, x.participant, x.reason, x.asked_by, x.asked_at, x.erased, x.done_at,
    x.done_at is null and exists (
      select from polaris_data.erasure_parts t
      where t.org_id = p_org and t.erasure_id = x.erasure_id and t.seq < t.until_seq and polaris_data.is_held(p_org, t.project_id))
  from polaris_data.erasures x
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = x.project_id
  left join polaris_data.sessions s on s.org_id = p_org and s.session_id = x.session_id
  where x.org_id = p_org and (p_erasure is null or x.erasure_id = p_erasure)
  order by x.erasure_id desc limit 200;
$$;

ALTER FUNCTION polaris_data.show_erasures(p_org bigint, p_erasure bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_erasures(p_org bigint, p_erasure bigint) IS 'Erasures as administrators are shown them.';

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
      e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
    from polaris_data.events e
    join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
    left join polaris_data.sessions s on s.org_id = p_org and s.session_id = e.session_id
    where e.org_id = p_org and e.project_id = p_project and e.seq > p_after and (p_before is null or e.seq < p_before)
      and (p_kind is null or e.kind = any (p_kind)) and (p_by is null or e.actor = any (p_by))
    order by e.seq limit p_limit;
  elsif p_after is not null then
    return query
    select e.seq, p.name, s.name, e.epoch, e.kind, e.actor, polaris_data.speaker_of(e.kind, e.actor, e.agent), e.target, e.turn, e.agent, e.body,
      e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
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
        e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
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
        e.payload::text, e.client_id, e.late, e.occurred_at, e.recorded_at, e.facts::text, e.erased_at
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

CREATE FUNCTION polaris_data.show_holds(p_org bigint, p_hold bigint DEFAULT NULL::bigint) RETURNS SETOF polaris_data.hold_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select h.hold_id, p.name, h.reason, h.placed_by, h.placed_at, h.lifted_by, h.lifted_at
  from polaris_data.legal_holds h
  left join polaris_data.projects p on p.org_id = p_org and p.project_id = h.project_id
  where h.org_id = p_org and (p_hold is null or h.hold_id = p_hold)
  order by h.lifted_at is not null, h.hold_id desc;
$$;

ALTER FUNCTION polaris_data.show_holds(p_org bigint, p_hold bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_holds(p_org bigint, p_hold bigint) IS 'Legal holds as administrators are shown them.';

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

CREATE FUNCTION polaris_data.show_seat_requests(p_org bigint, p_project bigint, p_session bigint DEFAULT NULL::bigint, p_seq bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 1000) RETURNS SETOF polaris_data.seat_request_row
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select x.* from (
    select r.seq, p.name, s.name as session, r.actor, coalesce(e.body, '') as note, r.asked_at, r.expires_at, r.ended_at, r.ended_how,
      r.ended_by, r.delivery_id, d.state
    from polaris_data.sessions s
    join polaris_data.projects p on p.org_id = s.org_id and p.project_id = s.project_id
    join polaris_data.seat_requests r on r.org_id = s.org_id and r.session_id = s.session_id
    left join polaris_data.events e on e.org_id = s.org_id and e.project_id = s.project_id and e.seq = r.seq
    left join polaris_data.deliveries d on d.org_id = r.org_id and d.delivery_id = r.delivery_id
    where s.org_id = p_org and s.project_id = p_project
      and (p_session is null or s.session_id = p_session)
      and (p_seq is null or r.seq = p_seq)
    order by r.seq desc limit p_limit) x
  order by x.seq;
$$;

ALTER FUNCTION polaris_data.show_seat_requests(p_org bigint, p_project bigint, p_session bigint, p_seq bigint, p_limit integer) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.show_seat_requests(p_org bigint, p_project bigint, p_session bigint, p_seq bigint, p_limit integer) IS 'Requests for the seats of a project''s sessions as everybody is shown them.';

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
    when p_kind not in ('prompt', 'advice', 'floor', 'annotation', 'seat.asked') then 'polaris'
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

CREATE FUNCTION polaris_data.text_hash(VARIADIC p_parts text[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select sha256(convert_to(string_agg(coalesce(octet_length(p.part)::text || ':' || p.part, '-'), E'\n' order by p.ord), 'UTF8'))
  from unnest(p_parts) with ordinality as p (part, ord);
$$;

ALTER FUNCTION polaris_data.text_hash(VARIADIC p_parts text[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.text_hash(VARIADIC p_parts text[]) IS 'By what a text is known again that was read to be changed.';

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
declare
  v_stack text;
  v_door text := case tg_op when 'UPDATE' then 'change_events' when 'DELETE' then 'drop_events' end;
begin
  if tg_level = 'STATEMENT' and v_door is not null then
    get diagnostics v_stack = pg_context;
    -- The nearest function that is not this one; a statement between them may have many lines.
    if (regexp_match(v_stack, '\nPL/pgSQL function ([a-z_]+\.[a-z_]+)\('))[1] = 'polaris_data.' || v_door then
      return null;
    end if;
  end if;
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

CREATE FUNCTION polaris_data.tokens_of(p_value jsonb) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case when jsonb_typeof(p_value) = 'number' then least(greatest(p_value::numeric, 0), 1000000000000)::bigint else 0 end;
$$;

ALTER FUNCTION polaris_data.tokens_of(p_value jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.tokens_of(p_value jsonb) IS 'A number of tokens as a fact tells it; 0 for what is none.';

CREATE FUNCTION polaris_data.tool_failed(p_agent text, p_payload jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  select not (p_agent is not distinct from 'claude-code' and p_payload ->> 'hook_event_name' is not distinct from 'PostToolUse')
    and coalesce(p_payload @? '$ ? (
    @.hook_event_name == "PostToolUseFailure" || @.hook_event_name == "postToolUseFailure" || @.hook_event_name == "PermissionDenied"
    || (@.error != "" && @.error != null && @.error != false)
    || (@.tool_response.error != "" && @.tool_response.error != null && @.tool_response.error != false)
    || @.tool_response.exit_code != 0 || @.tool_response.metadata.exit_code != 0 || @.output.metadata.exit != 0
    || @.input.event.properties.part.state.status == "error"
    || @.message.content[0].is_error == true)', false);
$_$;

ALTER FUNCTION polaris_data.tool_failed(p_agent text, p_payload jsonb) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.tool_failed(p_agent text, p_payload jsonb) IS 'Whether the payload of a tool''s answer says that it failed.';

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

CREATE FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[], p_facts jsonb[] DEFAULT NULL::jsonb[], p_recorded_at timestamp with time zone[] DEFAULT NULL::timestamp with time zone[], p_erased_at timestamp with time zone[] DEFAULT NULL::timestamp with time zone[]) RETURNS TABLE(ord integer, seq bigint, created boolean, code text)
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
    org_id, project_id, seq, session_id, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, recorded_at,
    facts, erased_at)
  select p_org, u.project, u.number, u.session, u.epoch, u.kind, u.actor, u.target, u.turn, u.agent, coalesce(u.body, ''), u.payload,
    u.client_id, coalesce(u.late, false),
    case when u.occurred_at > v_earliest and u.occurred_at < v_latest then u.occurred_at else v_now end,
    case when u.recorded_at > v_earliest and u.recorded_at < v_latest then u.recorded_at else v_now end,
    u.facts, u.erased_at
  from unnest(v_number, p_project, p_session, p_epoch, p_kind, p_actor, p_target, p_turn, p_agent, p_body, p_payload, p_client_id,
    p_late, p_occurred_at, p_facts, p_recorded_at, p_erased_at)
    as u (number, project, session, epoch, kind, actor, target, turn, agent, body, payload, client_id, late, occurred_at, facts,
      recorded_at, erased_at)
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

ALTER FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[], p_facts jsonb[], p_recorded_at timestamp with time zone[], p_erased_at timestamp with time zone[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[], p_facts jsonb[], p_recorded_at timestamp with time zone[], p_erased_at timestamp with time zone[]) IS 'The one function that writes events, and it alone publishes them.';

CREATE FUNCTION polaris_data.write_index(p_org bigint, p_project bigint, p_seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into polaris_data.index_cursors (org_id, project_id) values (p_org, p_project) on conflict do nothing;
  perform from polaris_data.index_cursors c where c.org_id = p_org and c.project_id = p_project for no key update;
  perform polaris_data.index_words(p_org, p_project, p_seqs);
  perform polaris_data.index_files(p_org, p_project, p_seqs);
  perform polaris_data.index_commits(p_org, p_project, p_seqs);
  perform polaris_data.index_usage(p_org, p_project, p_seqs);
end;
$$;

ALTER FUNCTION polaris_data.write_index(p_org bigint, p_project bigint, p_seqs bigint[]) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_index(p_org bigint, p_project bigint, p_seqs bigint[]) IS 'Makes what the tables made from the record say of these events anew.';

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

CREATE FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text DEFAULT 'org'::text, p_first_seq bigint DEFAULT 1) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_project bigint;
  v_now timestamptz := clock_timestamp();
begin
  insert into polaris_data.projects (org_id, name, created_by, visibility, first_seq)
  values (p_org, p_name, p_actor, p_visibility, p_first_seq)
  on conflict do nothing returning project_id into v_project;
  if v_project is not null then
    insert into polaris_data.project_heads (org_id, project_id, last_seq) values (p_org, v_project, p_first_seq - 1);
    perform polaris_data.publish_control(p_org, 'project', v_project);
    if p_visibility = 'private' and polaris_data.role_of(p_org, p_actor) is not null then
      insert into polaris_data.project_members (org_id, project_id, actor, added_by, added_at)
      values (p_org, v_project, p_actor, p_actor, v_now);
    end if;
  end if;
  return v_project;
end;
$$;

ALTER FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text, p_first_seq bigint) OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text, p_first_seq bigint) IS 'Writes a project with its counter.';

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

CREATE FUNCTION polaris_history.own_org() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  v_login polaris_data.logins;
begin
  select l.* into v_login from polaris_data.logins l where l.login = session_user and l.kind = 'analyst';
  if not found then
    perform polaris_data.fail(401, 'login_unknown', format('The login %s is no analyst.', session_user),
      'Ask an administrator for one: polaris analyst create.');
  elsif v_login.revoked_at is not null then
    perform polaris_data.fail(401, 'login_revoked', format('The login %s is revoked.', session_user),
      'Ask an administrator for a new one: polaris analyst create.');
  end if;
  return v_login.org_id;
end;
$$;

ALTER FUNCTION polaris_history.own_org() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_history.own_org() IS 'The organization of the analyst who asks.';

CREATE FUNCTION polaris_history.sees_private() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (
    select from polaris_data.logins l
    where l.login = session_user and l.kind = 'analyst' and l.sees_private and l.revoked_at is null);
$$;

ALTER FUNCTION polaris_history.sees_private() OWNER TO polaris_owner;

COMMENT ON FUNCTION polaris_history.sees_private() IS 'Whether the analyst who asks may read private projects.';

CREATE TABLE polaris_data.annotations (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    seq bigint NOT NULL,
    session_id bigint NOT NULL,
    what text NOT NULL,
    about bigint,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    closed_seq bigint,
    CONSTRAINT annotation_end_is_whole CHECK ((((closed_at IS NULL) = (closed_by IS NULL)) AND ((closed_at IS NULL) = (closed_seq IS NULL)))),
    CONSTRAINT annotation_is_known CHECK ((what = ANY (ARRAY['decision'::text, 'question'::text, 'star'::text])))
);
ALTER TABLE ONLY polaris_data.annotations ALTER COLUMN actor SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.annotations ALTER COLUMN closed_by SET STATISTICS 0;

ALTER TABLE polaris_data.annotations OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.annotations IS 'Decisions, questions and stars: each is an event, about another or about none. session_id 0: about the project.';

COMMENT ON COLUMN polaris_data.annotations.closed_at IS 'When a question was answered, or a mark taken back.';

COMMENT ON COLUMN polaris_data.annotations.closed_seq IS 'The event that says so, with the answer.';

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

CREATE TABLE polaris_data.checkouts (
    org_id bigint NOT NULL,
    session_id bigint NOT NULL,
    seq bigint NOT NULL,
    repository text,
    branch text,
    commit text
)
WITH (fillfactor='70');

ALTER TABLE polaris_data.checkouts OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.checkouts IS 'Where each session''s work stood in git at the last event that said so.';

CREATE TABLE polaris_data.commits (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    commit text NOT NULL,
    session_id bigint NOT NULL,
    seq bigint NOT NULL,
    turn text,
    repository text,
    branch text,
    subject text,
    made boolean NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY polaris_data.commits ALTER COLUMN commit SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.commits ALTER COLUMN turn SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.commits ALTER COLUMN repository SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.commits ALTER COLUMN branch SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.commits ALTER COLUMN subject SET STATISTICS 0;

ALTER TABLE polaris_data.commits OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.commits IS 'Commits that a session met. made: a tool call of it printed that it made the commit; else it was only seen there.';

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
ALTER TABLE ONLY polaris_data.deliveries ALTER COLUMN sender SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.deliveries ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.deliveries ALTER COLUMN reason SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.deliveries ALTER COLUMN edited_by SET STATISTICS 0;

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

CREATE TABLE polaris_data.erasure_parts (
    org_id bigint NOT NULL,
    erasure_id bigint NOT NULL,
    project_id bigint NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    until_seq bigint NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE polaris_data.erasure_parts OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.erasure_parts IS 'How far an erasure has come in each project; what was said after until_seq, when it was asked for, is not meant.';

CREATE TABLE polaris_data.erasures (
    org_id bigint NOT NULL,
    erasure_id bigint NOT NULL,
    project_id bigint NOT NULL,
    session_id bigint NOT NULL,
    participant text,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    erased bigint DEFAULT 0 NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT erasure_has_one_target CHECK (((session_id = 0) = (participant IS NOT NULL))),
    CONSTRAINT erasure_reason_is_short CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 500)))
);

ALTER TABLE polaris_data.erasures OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.erasures IS 'Content that was taken away, or is being: of a session, or of a person (participant). Tombstones keep seq and client_id.';

COMMENT ON COLUMN polaris_data.erasures.erased IS 'How many events are tombstones by it.';

ALTER TABLE polaris_data.erasures ALTER COLUMN erasure_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.erasures_erasure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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
    facts jsonb,
    erased_at timestamp with time zone
);
ALTER TABLE ONLY polaris_data.events ALTER COLUMN actor SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.events ALTER COLUMN target SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.events ALTER COLUMN turn SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.events ALTER COLUMN agent SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.events ALTER COLUMN body SET STATISTICS 0;

ALTER TABLE polaris_data.events OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.events IS 'The record, append-only. session_id 0: the event belongs to the project as a whole.';

COMMENT ON COLUMN polaris_data.events.payload IS 'The agent''s own JSON, redacted.';

COMMENT ON COLUMN polaris_data.events.late IS 'Pushed after the seat of its epoch had ended.';

COMMENT ON COLUMN polaris_data.events.facts IS 'What the capturing side knows beside the payload: repository, branch, commit, usage.';

COMMENT ON COLUMN polaris_data.events.erased_at IS 'When its content was taken away; a tombstone keeps seq and client_id.';

CREATE TABLE polaris_data.index_cursors (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    seq bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE polaris_data.index_cursors OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.index_cursors IS 'The last event of each project that is in the tables made from the record.';

ALTER TABLE polaris_data.invites ALTER COLUMN invite_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.invites_invite_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE polaris_data.legal_holds (
    org_id bigint NOT NULL,
    hold_id bigint NOT NULL,
    project_id bigint NOT NULL,
    reason text NOT NULL,
    placed_by text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    lifted_by text,
    lifted_at timestamp with time zone,
    CONSTRAINT hold_end_is_whole CHECK (((lifted_at IS NULL) = (lifted_by IS NULL))),
    CONSTRAINT hold_reason_is_short CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 500)))
);

ALTER TABLE polaris_data.legal_holds OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.legal_holds IS 'What nothing may be deleted from while it stands. project_id 0: the whole organization.';

ALTER TABLE polaris_data.legal_holds ALTER COLUMN hold_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME polaris_data.legal_holds_hold_id_seq
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
    revoked_at timestamp with time zone,
    kind text DEFAULT 'client'::text NOT NULL,
    sees_private boolean DEFAULT false NOT NULL,
    CONSTRAINT login_kind_is_known CHECK ((kind = ANY (ARRAY['client'::text, 'analyst'::text])))
);

ALTER TABLE polaris_data.logins OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.logins IS 'Global directory: Postgres logins of direct clients. A login acts as one participant, whatever it says.';

COMMENT ON COLUMN polaris_data.logins.kind IS 'client: a participant''s own; analyst: reads history and does nothing else.';

COMMENT ON COLUMN polaris_data.logins.sees_private IS 'An analyst whom an administrator let read private projects too.';

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

CREATE TABLE polaris_data.retention (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    keep_days integer NOT NULL,
    set_by text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT retention_is_sane CHECK (((keep_days >= 1) AND (keep_days <= 36500)))
);

ALTER TABLE polaris_data.retention OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.retention IS 'How many days of events are kept. project_id 0: every project of the organization that has no row of its own.';

CREATE TABLE polaris_data.search_entries (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    words tsvector NOT NULL
)
WITH (autovacuum_analyze_scale_factor='0.02');

ALTER TABLE polaris_data.search_entries OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.search_entries IS 'The words of the record, for search: filled behind the ingest.';

COMMENT ON COLUMN polaris_data.search_entries.words IS 'Words and parts of identifiers; and as marks (=o1, =p12, …) the organization, project, session, kind, actor, spans of time and files, so that one index finds what is in all of them.';

CREATE TABLE polaris_data.seat_requests (
    org_id bigint NOT NULL,
    session_id bigint NOT NULL,
    seq bigint NOT NULL,
    actor text NOT NULL,
    delivery_id uuid,
    asked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_how text,
    ended_by text,
    CONSTRAINT seat_request_end_is_known CHECK ((ended_how = ANY (ARRAY['given'::text, 'declined'::text, 'withdrawn'::text, 'expired'::text, 'opened'::text, 'taken'::text, 'archived'::text]))),
    CONSTRAINT seat_request_end_is_whole CHECK ((((ended_at IS NULL) = (ended_how IS NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL))))
);

ALTER TABLE polaris_data.seat_requests OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.seat_requests IS 'Who asks for a seat; seq: the event that says so. At most one open request of each participant, and none where nobody drives.';

COMMENT ON COLUMN polaris_data.seat_requests.delivery_id IS 'By which the driver''s agent is told; null where the policy mutes the asker.';

COMMENT ON COLUMN polaris_data.seat_requests.ended_how IS 'opened: the seat became free for everybody; taken: it went to somebody else; the others say it themselves.';

CREATE TABLE polaris_data.seats (
    org_id bigint NOT NULL,
    session_id bigint NOT NULL,
    epoch bigint NOT NULL,
    driver text NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_how text,
    CONSTRAINT seat_end_is_known CHECK ((ended_how = ANY (ARRAY['released'::text, 'expired'::text, 'archived'::text, 'taken'::text]))),
    CONSTRAINT seat_end_is_whole CHECK (((ended_at IS NULL) = (ended_how IS NULL)))
);
ALTER TABLE ONLY polaris_data.seats ALTER COLUMN driver SET STATISTICS 0;

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

CREATE TABLE polaris_data.touched_files (
    org_id bigint NOT NULL,
    project_id bigint NOT NULL,
    seq bigint NOT NULL,
    path text NOT NULL,
    name text NOT NULL,
    session_id bigint NOT NULL,
    turn text,
    written boolean NOT NULL
);

ALTER TABLE polaris_data.touched_files OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.touched_files IS 'The files that tool calls name; name = the last part of the path.';

CREATE TABLE polaris_data.usage (
    org_id bigint NOT NULL,
    agent text NOT NULL,
    message text NOT NULL,
    project_id bigint NOT NULL,
    session_id bigint NOT NULL,
    seq bigint NOT NULL,
    turn text,
    actor text NOT NULL,
    model text,
    input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    cache_read_tokens bigint DEFAULT 0 NOT NULL,
    cache_write_tokens bigint DEFAULT 0 NOT NULL,
    cost_usd numeric(14,6),
    at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY polaris_data.usage ALTER COLUMN agent SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.usage ALTER COLUMN message SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.usage ALTER COLUMN turn SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.usage ALTER COLUMN actor SET STATISTICS 0;
ALTER TABLE ONLY polaris_data.usage ALTER COLUMN model SET STATISTICS 0;

ALTER TABLE polaris_data.usage OWNER TO polaris_owner;

COMMENT ON TABLE polaris_data.usage IS 'What each message of a model used. The same message, told again after a resume or a fork, is the same row.';

COMMENT ON COLUMN polaris_data.usage.seq IS 'The event that told it first; retention may have taken it since.';

COMMENT ON COLUMN polaris_data.usage.input_tokens IS 'What the model was given that was neither read from its cache nor written to it.';

COMMENT ON COLUMN polaris_data.usage.cost_usd IS 'As the agent itself reports it; null where it does not. Nobody here knows a price.';

COMMENT ON COLUMN polaris_data.usage.at IS 'When that event happened, by the clock of its machine, but never later than it was recorded.';

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

CREATE VIEW polaris_history.annotations WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    a.seq,
    s.name AS session,
    a.what,
    a.actor,
    e.body,
    a.about,
    a.at,
    a.closed_at,
    a.closed_by,
    a.closed_seq
   FROM (((polaris_data.annotations a
     JOIN polaris_data.projects p ON (((p.org_id = a.org_id) AND (p.project_id = a.project_id) AND (p.first_seq <= a.seq))))
     JOIN polaris_data.events e ON (((e.org_id = a.org_id) AND (e.project_id = a.project_id) AND (e.seq = a.seq))))
     LEFT JOIN polaris_data.sessions s ON (((s.org_id = a.org_id) AND (s.session_id = a.session_id))));

ALTER VIEW polaris_history.annotations OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.annotations IS 'Decisions, questions and stars. project and seq name a row.';

COMMENT ON COLUMN polaris_history.annotations.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.annotations.seq IS 'The number of the event that made the mark.';

COMMENT ON COLUMN polaris_history.annotations.session IS 'The session; null: the project as a whole.';

COMMENT ON COLUMN polaris_history.annotations.what IS 'decision, question or star.';

COMMENT ON COLUMN polaris_history.annotations.actor IS 'Who marked.';

COMMENT ON COLUMN polaris_history.annotations.body IS 'The words; may be empty for a star.';

COMMENT ON COLUMN polaris_history.annotations.about IS 'The number of the event that it is about; null: none.';

COMMENT ON COLUMN polaris_history.annotations.at IS 'When.';

COMMENT ON COLUMN polaris_history.annotations.closed_at IS 'When a question was answered, or a mark taken back; null: it stands.';

COMMENT ON COLUMN polaris_history.annotations.closed_by IS 'Who did that.';

COMMENT ON COLUMN polaris_history.annotations.closed_seq IS 'The number of the event that did that.';

CREATE VIEW polaris_history.commits WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    s.name AS session,
    c.commit,
    c.made,
    c.subject,
    c.repository,
    c.branch,
    c.seq,
    c.turn,
    c.at
   FROM ((polaris_data.commits c
     JOIN polaris_data.projects p ON (((p.org_id = c.org_id) AND (p.project_id = c.project_id))))
     JOIN polaris_data.sessions s ON (((s.org_id = c.org_id) AND (s.session_id = c.session_id))));

ALTER VIEW polaris_history.commits OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.commits IS 'Commits that sessions made or met. project, session and commit name a row.';

COMMENT ON COLUMN polaris_history.commits.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.commits.session IS 'The session''s name.';

COMMENT ON COLUMN polaris_history.commits.commit IS 'The commit''s hash, shortened where the agent''s tool printed it so.';

COMMENT ON COLUMN polaris_history.commits.made IS 'A tool call of the session made it; else it was only checked out there.';

COMMENT ON COLUMN polaris_history.commits.subject IS 'The first line of its message; null where nobody saw it.';

COMMENT ON COLUMN polaris_history.commits.repository IS 'The repository: host and path.';

COMMENT ON COLUMN polaris_history.commits.branch IS 'The branch.';

COMMENT ON COLUMN polaris_history.commits.seq IS 'The event that showed it.';

COMMENT ON COLUMN polaris_history.commits.turn IS 'The turn of that event.';

COMMENT ON COLUMN polaris_history.commits.at IS 'When.';

CREATE VIEW polaris_history.deliveries WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    d.advice_seq,
    s.name AS session,
    d.sender,
    d.sender_class,
    d.body,
    d.edited_by,
    d.state,
    d.reason,
    d.path,
    d.attempts,
    d.epoch,
    d.queued_at,
    d.sent_at,
    d.seen_at,
    d.answered_at,
    d.expires_at
   FROM ((polaris_data.deliveries d
     JOIN polaris_data.sessions s ON (((s.org_id = d.org_id) AND (s.session_id = d.session_id))))
     JOIN polaris_data.projects p ON (((p.org_id = d.org_id) AND (p.project_id = d.project_id) AND (p.first_seq <= d.advice_seq))));

ALTER VIEW polaris_history.deliveries OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.deliveries IS 'What became of each piece of advice. project and advice_seq name a row.';

COMMENT ON COLUMN polaris_history.deliveries.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.deliveries.advice_seq IS 'The number of the event of kind advice: the sender''s own words.';

COMMENT ON COLUMN polaris_history.deliveries.session IS 'The session that was advised.';

COMMENT ON COLUMN polaris_history.deliveries.sender IS 'Who advised.';

COMMENT ON COLUMN polaris_history.deliveries.sender_class IS 'human, agent or slack.';

COMMENT ON COLUMN polaris_history.deliveries.body IS 'The words that were delivered; empty where they were erased.';

COMMENT ON COLUMN polaris_history.deliveries.edited_by IS 'Who changed the wording before it was delivered; null: nobody.';

COMMENT ON COLUMN polaris_history.deliveries.state IS 'held, queued, sent, seen, answered; or an end: declined, expired, failed.';

COMMENT ON COLUMN polaris_history.deliveries.reason IS 'Why it was declined or failed.';

COMMENT ON COLUMN polaris_history.deliveries.path IS 'The way into the agent''s context: hook, channel, typed …; of the last attempt.';

COMMENT ON COLUMN polaris_history.deliveries.attempts IS 'How often it was sent.';

COMMENT ON COLUMN polaris_history.deliveries.epoch IS 'The claim of the seat under which it was sent last.';

COMMENT ON COLUMN polaris_history.deliveries.queued_at IS 'When it was given.';

COMMENT ON COLUMN polaris_history.deliveries.sent_at IS 'When the driver''s machine handed it to the agent.';

COMMENT ON COLUMN polaris_history.deliveries.seen_at IS 'When the capture of the session proved that the agent has it.';

COMMENT ON COLUMN polaris_history.deliveries.answered_at IS 'When the agent''s turn ended that had it.';

COMMENT ON COLUMN polaris_history.deliveries.expires_at IS 'When it is given up if nobody took it.';

CREATE VIEW polaris_history.events WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    e.seq,
    s.name AS session,
    e.epoch,
    e.kind,
    e.actor,
    polaris_data.speaker_of(e.kind, e.actor, e.agent) AS speaker,
    e.target,
    e.turn,
    e.agent,
    e.body,
    e.payload,
    (e.facts ->> 'repository'::text) AS repository,
    (e.facts ->> 'branch'::text) AS branch,
    (e.facts ->> 'commit'::text) AS commit,
    e.late,
    e.occurred_at,
    e.recorded_at,
    e.erased_at
   FROM ((polaris_data.events e
     JOIN polaris_data.projects p ON (((p.org_id = e.org_id) AND (p.project_id = e.project_id) AND (p.first_seq <= e.seq))))
     LEFT JOIN polaris_data.sessions s ON (((s.org_id = e.org_id) AND (s.session_id = e.session_id))));

ALTER VIEW polaris_history.events OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.events IS 'The record, an event a row. project and seq name a row.';

COMMENT ON COLUMN polaris_history.events.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.events.seq IS 'The event''s number in its project, without gaps and in the order of recording: the #12 of briefs and links.';

COMMENT ON COLUMN polaris_history.events.session IS 'The session''s name; null: the event is the project''s as a whole.';

COMMENT ON COLUMN polaris_history.events.epoch IS 'Under which claim of the seat it was captured; null where no seat is involved.';

COMMENT ON COLUMN polaris_history.events.kind IS 'session.created, session.archived, driver.claimed, driver.released, driver.expired, driver.taken, seat.asked, seat.settled, prompt, message, reply, tool.call, tool.result, turn.interrupted, notice, advice, delivery, floor, annotation.';

COMMENT ON COLUMN polaris_history.events.actor IS 'The accountable participant: user:manu, agent:test-writer, slack:krishna. Of a captured event the driver.';

COMMENT ON COLUMN polaris_history.events.speaker IS 'Who really wrote the text: person, agent (the driver''s coding agent), or polaris.';

COMMENT ON COLUMN polaris_history.events.target IS 'Whom or what it is about, for kinds that have that.';

COMMENT ON COLUMN polaris_history.events.turn IS 'The turn of the agent that it belongs to; a row of polaris_history.turns.';

COMMENT ON COLUMN polaris_history.events.agent IS 'The coding agent: claude-code, codex, opencode …; null where none was involved.';

COMMENT ON COLUMN polaris_history.events.body IS 'The readable text, redacted; empty where it was erased.';

COMMENT ON COLUMN polaris_history.events.payload IS 'The agent''s own JSON, redacted. Its shape is the agent''s and changes with its versions.';

COMMENT ON COLUMN polaris_history.events.repository IS 'The git repository of the working directory: host and path; null where nobody knew.';

COMMENT ON COLUMN polaris_history.events.branch IS 'The branch that was checked out.';

COMMENT ON COLUMN polaris_history.events.commit IS 'The commit that HEAD was.';

COMMENT ON COLUMN polaris_history.events.late IS 'It arrived after the seat of its epoch had ended.';

COMMENT ON COLUMN polaris_history.events.occurred_at IS 'When it happened, by the clock of the machine that captured it.';

COMMENT ON COLUMN polaris_history.events.recorded_at IS 'When it was recorded, by the clock of the database.';

COMMENT ON COLUMN polaris_history.events.erased_at IS 'When its content was taken away; null as a rule.';

CREATE VIEW polaris_history.seats WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    s.name AS session,
    h.epoch,
    h.driver,
    h.claimed_at,
    h.ended_at,
    h.ended_how,
    (EXTRACT(epoch FROM (COALESCE(h.ended_at, statement_timestamp()) - h.claimed_at)))::double precision AS seconds
   FROM ((polaris_data.seats h
     JOIN polaris_data.sessions s ON (((s.org_id = h.org_id) AND (s.session_id = h.session_id))))
     JOIN polaris_data.projects p ON (((p.org_id = s.org_id) AND (p.project_id = s.project_id))));

ALTER VIEW polaris_history.seats OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.seats IS 'Who drove a session, from when to when. project, session and epoch name a row.';

COMMENT ON COLUMN polaris_history.seats.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.seats.session IS 'The session''s name.';

COMMENT ON COLUMN polaris_history.seats.epoch IS 'The number of the claim in its session, from 1.';

COMMENT ON COLUMN polaris_history.seats.driver IS 'Who held the seat.';

COMMENT ON COLUMN polaris_history.seats.claimed_at IS 'From when.';

COMMENT ON COLUMN polaris_history.seats.ended_at IS 'Until when; null: still.';

COMMENT ON COLUMN polaris_history.seats.ended_how IS 'released, expired, archived, taken (by an administrator); null: still held.';

COMMENT ON COLUMN polaris_history.seats.seconds IS 'How long; up to now while it is held.';

CREATE VIEW polaris_history.sessions WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    s.name AS session,
    (p.visibility = 'private'::text) AS private,
    s.created_by,
    s.created_at,
        CASE
            WHEN (s.driver IS NULL) THEN 'open'::text
            ELSE 'held'::text
        END AS seat,
    s.driver,
    s.epoch,
    s.lease_until,
    s.archived_at
   FROM (polaris_data.sessions s
     JOIN polaris_data.projects p ON (((p.org_id = s.org_id) AND (p.project_id = s.project_id))));

ALTER VIEW polaris_history.sessions OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.sessions IS 'Sessions with their seats as they are now. project and session name a row.';

COMMENT ON COLUMN polaris_history.sessions.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.sessions.session IS 'The session''s name, unique in its project.';

COMMENT ON COLUMN polaris_history.sessions.private IS 'The project is private; only logins that may see private projects have such rows.';

COMMENT ON COLUMN polaris_history.sessions.created_by IS 'The participant who made it.';

COMMENT ON COLUMN polaris_history.sessions.created_at IS 'When it was made.';

COMMENT ON COLUMN polaris_history.sessions.seat IS 'held or open.';

COMMENT ON COLUMN polaris_history.sessions.driver IS 'Who holds the seat; null while it is open.';

COMMENT ON COLUMN polaris_history.sessions.epoch IS 'How often the seat was claimed so far.';

COMMENT ON COLUMN polaris_history.sessions.lease_until IS 'When the seat becomes open unless its holder is heard of.';

COMMENT ON COLUMN polaris_history.sessions.archived_at IS 'When it was archived; null while it is in use.';

CREATE VIEW polaris_history.tool_calls WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    c.seq,
    s.name AS session,
    c.turn,
    c.actor AS driver,
    c.agent,
    NULLIF(split_part(c.body, ':'::text, 1), ''::text) AS tool,
    NULLIF(btrim(substr(c.body, (POSITION((':'::text) IN (c.body)) + 1))), ''::text) AS asked,
    c.payload,
    r.seq AS result_seq,
    r.body AS result,
    c.occurred_at AS started_at,
    r.occurred_at AS ended_at,
    (EXTRACT(epoch FROM (r.occurred_at - c.occurred_at)))::double precision AS seconds,
    c.erased_at
   FROM (((polaris_data.events c
     JOIN polaris_data.projects p ON (((p.org_id = c.org_id) AND (p.project_id = c.project_id) AND (p.first_seq <= c.seq))))
     JOIN polaris_data.sessions s ON (((s.org_id = c.org_id) AND (s.session_id = c.session_id))))
     LEFT JOIN polaris_data.events r ON (((r.org_id = c.org_id) AND (r.project_id = c.project_id) AND (r.session_id = c.session_id) AND (r.kind = 'tool.result'::text) AND (r.client_id = replace(c.client_id, ':tool.call:'::text, ':tool.result:'::text)))))
  WHERE (c.kind = 'tool.call'::text);

ALTER VIEW polaris_history.tool_calls OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.tool_calls IS 'Tool calls of coding agents, each with its answer. project and seq name a row.';

COMMENT ON COLUMN polaris_history.tool_calls.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.tool_calls.seq IS 'The number of the call in the project.';

COMMENT ON COLUMN polaris_history.tool_calls.session IS 'The session''s name.';

COMMENT ON COLUMN polaris_history.tool_calls.turn IS 'The turn that it belongs to.';

COMMENT ON COLUMN polaris_history.tool_calls.driver IS 'Who drove: the accountable participant.';

COMMENT ON COLUMN polaris_history.tool_calls.agent IS 'The coding agent.';

COMMENT ON COLUMN polaris_history.tool_calls.tool IS 'The tool as the agent names it: Bash, Edit, shell …; null where it was erased.';

COMMENT ON COLUMN polaris_history.tool_calls.asked IS 'What was asked of it: the command, the path, or the input as JSON.';

COMMENT ON COLUMN polaris_history.tool_calls.payload IS 'The agent''s own JSON of the call, redacted.';

COMMENT ON COLUMN polaris_history.tool_calls.result_seq IS 'The number of the answer; null where none was captured, or the agent gives its calls no id.';

COMMENT ON COLUMN polaris_history.tool_calls.result IS 'The readable text of the answer, redacted.';

COMMENT ON COLUMN polaris_history.tool_calls.started_at IS 'When it was called, by the clock of the driver''s machine.';

COMMENT ON COLUMN polaris_history.tool_calls.ended_at IS 'When it answered, by the same clock.';

COMMENT ON COLUMN polaris_history.tool_calls.seconds IS 'From the call to the answer; waiting for a person''s permission is in it.';

COMMENT ON COLUMN polaris_history.tool_calls.erased_at IS 'When the content of the call was taken away.';

CREATE VIEW polaris_history.turns WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    s.name AS session,
    e.turn,
    (array_agg(e.actor ORDER BY e.seq))[1] AS driver,
    (array_agg(e.agent ORDER BY e.seq) FILTER (WHERE (e.agent IS NOT NULL)))[1] AS agent,
    min(e.epoch) AS epoch,
    min(e.seq) AS first_seq,
    max(e.seq) AS last_seq,
    min(e.seq) FILTER (WHERE (e.kind = 'prompt'::text)) AS prompt_seq,
    (array_agg(e.body ORDER BY e.seq) FILTER (WHERE (e.kind = 'prompt'::text)))[1] AS prompt,
    max(e.seq) FILTER (WHERE (e.kind = 'reply'::text)) AS reply_seq,
    (array_agg(e.body ORDER BY e.seq DESC) FILTER (WHERE (e.kind = 'reply'::text)))[1] AS reply,
    count(*) FILTER (WHERE (e.kind = 'tool.call'::text)) AS tool_calls,
    count(*) AS events,
    bool_or((e.kind = 'turn.interrupted'::text)) AS interrupted,
    bool_or(e.late) AS late,
    min(e.occurred_at) AS started_at,
    max(e.occurred_at) AS ended_at,
    (EXTRACT(epoch FROM (max(e.occurred_at) - min(e.occurred_at))))::double precision AS seconds
   FROM ((polaris_data.events e
     JOIN polaris_data.projects p ON (((p.org_id = e.org_id) AND (p.project_id = e.project_id) AND (p.first_seq <= e.seq))))
     JOIN polaris_data.sessions s ON (((s.org_id = e.org_id) AND (s.session_id = e.session_id))))
  WHERE ((e.turn IS NOT NULL) AND (e.kind = ANY (ARRAY['prompt'::text, 'message'::text, 'reply'::text, 'tool.call'::text, 'tool.result'::text, 'turn.interrupted'::text, 'notice'::text])))
  GROUP BY p.name, s.name, e.turn;

ALTER VIEW polaris_history.turns OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.turns IS 'Turns of coding agents: what was asked and what came of it. project, session and turn name a row.';

COMMENT ON COLUMN polaris_history.turns.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.turns.session IS 'The session''s name.';

COMMENT ON COLUMN polaris_history.turns.turn IS 'The turn''s name inside its session, as its agent gave it.';

COMMENT ON COLUMN polaris_history.turns.driver IS 'Who drove: the accountable participant.';

COMMENT ON COLUMN polaris_history.turns.agent IS 'The coding agent that worked.';

COMMENT ON COLUMN polaris_history.turns.epoch IS 'The claim of the seat under which it began.';

COMMENT ON COLUMN polaris_history.turns.first_seq IS 'The number of its first event in the project.';

COMMENT ON COLUMN polaris_history.turns.last_seq IS 'The number of its last event so far; other sessions'' events lie between.';

COMMENT ON COLUMN polaris_history.turns.prompt_seq IS 'The number of the prompt; null where the agent began by itself.';

COMMENT ON COLUMN polaris_history.turns.prompt IS 'The words of the prompt; the first one where several were captured.';

COMMENT ON COLUMN polaris_history.turns.reply_seq IS 'The number of the final answer; null while there is none.';

COMMENT ON COLUMN polaris_history.turns.reply IS 'The words of the final answer.';

COMMENT ON COLUMN polaris_history.turns.tool_calls IS 'How many tool calls were captured.';

COMMENT ON COLUMN polaris_history.turns.events IS 'How many events were captured.';

COMMENT ON COLUMN polaris_history.turns.interrupted IS 'Somebody stopped the agent.';

COMMENT ON COLUMN polaris_history.turns.late IS 'Some of it arrived after the seat had ended.';

COMMENT ON COLUMN polaris_history.turns.started_at IS 'When the first event happened, by the clock of the driver''s machine.';

COMMENT ON COLUMN polaris_history.turns.ended_at IS 'When the last event so far happened.';

COMMENT ON COLUMN polaris_history.turns.seconds IS 'From the first event to the last.';

CREATE VIEW polaris_history.usage WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.name AS project,
    s.name AS session,
    u.seq,
    u.turn,
    u.actor AS driver,
    u.agent,
    u.model,
    u.message,
    u.input_tokens,
    u.output_tokens,
    u.cache_read_tokens,
    u.cache_write_tokens,
    u.cost_usd,
    u.at
   FROM ((polaris_data.usage u
     JOIN polaris_data.sessions s ON (((s.org_id = u.org_id) AND (s.session_id = u.session_id))))
     JOIN polaris_data.projects p ON (((p.org_id = u.org_id) AND (p.project_id = u.project_id))));

ALTER VIEW polaris_history.usage OWNER TO polaris_owner;

COMMENT ON VIEW polaris_history.usage IS 'Tokens and cost of each message of a model, as the agent reported them. agent and message name a row.';

COMMENT ON COLUMN polaris_history.usage.project IS 'The project''s name.';

COMMENT ON COLUMN polaris_history.usage.session IS 'The session in which it was told first.';

COMMENT ON COLUMN polaris_history.usage.seq IS 'The event that told it first; retention may have taken it since.';

COMMENT ON COLUMN polaris_history.usage.turn IS 'The turn of that event.';

COMMENT ON COLUMN polaris_history.usage.driver IS 'Who drove: the accountable participant.';

COMMENT ON COLUMN polaris_history.usage.agent IS 'The coding agent.';

COMMENT ON COLUMN polaris_history.usage.model IS 'The model, as the agent names it; null where it does not.';

COMMENT ON COLUMN polaris_history.usage.message IS 'The agent''s own id of the message.';

COMMENT ON COLUMN polaris_history.usage.input_tokens IS 'Tokens read that no cache had.';

COMMENT ON COLUMN polaris_history.usage.output_tokens IS 'Tokens written.';

COMMENT ON COLUMN polaris_history.usage.cache_read_tokens IS 'Tokens read from a cache.';

COMMENT ON COLUMN polaris_history.usage.cache_write_tokens IS 'Tokens put into a cache.';

COMMENT ON COLUMN polaris_history.usage.cost_usd IS 'Cost in US dollars where the agent reports it; null where it does not. Never computed here.';

COMMENT ON COLUMN polaris_history.usage.at IS 'When the event that told it happened.';

ALTER TABLE ONLY polaris_data.annotations
    ADD CONSTRAINT annotations_pkey PRIMARY KEY (org_id, project_id, seq);

ALTER TABLE ONLY polaris_data.audit_heads
    ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (org_id);

ALTER TABLE ONLY polaris_data.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (org_id, audit_id);

ALTER TABLE ONLY polaris_data.checkouts
    ADD CONSTRAINT checkouts_pkey PRIMARY KEY (org_id, session_id);

ALTER TABLE ONLY polaris_data.commits
    ADD CONSTRAINT commits_pkey PRIMARY KEY (org_id, project_id, commit, session_id);

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (org_id, delivery_id);

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT delivery_has_one_advice UNIQUE (org_id, project_id, advice_seq);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT device_logins_pkey PRIMARY KEY (device_hash);

ALTER TABLE ONLY polaris_data.domains
    ADD CONSTRAINT domains_pkey PRIMARY KEY (org_id, domain);

ALTER TABLE ONLY polaris_data.erasure_parts
    ADD CONSTRAINT erasure_parts_pkey PRIMARY KEY (org_id, erasure_id, project_id);

ALTER TABLE ONLY polaris_data.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (org_id, erasure_id);

ALTER TABLE ONLY polaris_data.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (org_id, project_id, seq);

ALTER TABLE ONLY polaris_data.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.index_cursors
    ADD CONSTRAINT index_cursors_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.invites
    ADD CONSTRAINT invite_exists UNIQUE (org_id, hash);

ALTER TABLE ONLY polaris_data.invites
    ADD CONSTRAINT invites_pkey PRIMARY KEY (org_id, invite_id);

ALTER TABLE polaris_data.events
    ADD CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['session.created'::text, 'session.archived'::text, 'driver.claimed'::text, 'driver.released'::text, 'driver.expired'::text, 'driver.taken'::text, 'seat.asked'::text, 'seat.settled'::text, 'prompt'::text, 'message'::text, 'reply'::text, 'tool.call'::text, 'tool.result'::text, 'turn.interrupted'::text, 'notice'::text, 'advice'::text, 'delivery'::text, 'floor'::text, 'annotation'::text]))) NOT VALID;

ALTER TABLE ONLY polaris_data.legal_holds
    ADD CONSTRAINT legal_holds_pkey PRIMARY KEY (org_id, hold_id);

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

ALTER TABLE ONLY polaris_data.retention
    ADD CONSTRAINT retention_pkey PRIMARY KEY (org_id, project_id);

ALTER TABLE ONLY polaris_data.search_entries
    ADD CONSTRAINT search_entries_pkey PRIMARY KEY (org_id, project_id, seq);

ALTER TABLE ONLY polaris_data.seat_requests
    ADD CONSTRAINT seat_requests_pkey PRIMARY KEY (org_id, session_id, seq);

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

ALTER TABLE ONLY polaris_data.touched_files
    ADD CONSTRAINT touched_files_pkey PRIMARY KEY (org_id, project_id, seq, path);

ALTER TABLE ONLY polaris_data.usage
    ADD CONSTRAINT usage_pkey PRIMARY KEY (org_id, agent, message);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT user_code_is_taken UNIQUE (user_code);

ALTER TABLE ONLY polaris_data.web_sessions
    ADD CONSTRAINT web_session_exists UNIQUE (hash);

ALTER TABLE ONLY polaris_data.web_sessions
    ADD CONSTRAINT web_sessions_pkey PRIMARY KEY (web_session_id);

CREATE UNIQUE INDEX already_member ON polaris_data.members USING btree (org_id, person_id) WHERE (removed_at IS NULL);

CREATE INDEX annotations_by_event ON polaris_data.annotations USING btree (org_id, project_id, about) WHERE (about IS NOT NULL);

CREATE INDEX annotations_by_session ON polaris_data.annotations USING btree (org_id, session_id, seq);

CREATE UNIQUE INDEX client_id_is_taken ON polaris_data.events USING btree (org_id, project_id, session_id, client_id);

CREATE INDEX commits_by_name ON polaris_data.commits USING btree (org_id, commit text_pattern_ops);

CREATE INDEX commits_by_project ON polaris_data.commits USING btree (org_id, project_id, seq);

CREATE INDEX commits_by_session ON polaris_data.commits USING btree (org_id, session_id, seq);

CREATE INDEX deliveries_by_expiry ON polaris_data.deliveries USING btree (org_id, expires_at) WHERE (state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text]));

CREATE INDEX deliveries_by_session ON polaris_data.deliveries USING btree (org_id, session_id, advice_seq);

CREATE INDEX deliveries_waiting ON polaris_data.deliveries USING btree (org_id, session_id, advice_seq) WHERE (state = ANY (ARRAY['held'::text, 'queued'::text, 'sent'::text]));

CREATE INDEX device_logins_by_org ON polaris_data.device_logins USING btree (org_id);

CREATE INDEX device_logins_by_person ON polaris_data.device_logins USING btree (person_id);

CREATE UNIQUE INDEX domain_is_proven ON polaris_data.domains USING btree (domain) WHERE (proven_at IS NOT NULL);

CREATE INDEX erasures_undone ON polaris_data.erasures USING btree (org_id, erasure_id) WHERE (done_at IS NULL);

CREATE INDEX events_by_session ON polaris_data.events USING btree (org_id, session_id, seq);

CREATE INDEX events_by_time ON polaris_data.events USING brin (recorded_at);

CREATE INDEX events_late ON polaris_data.events USING btree (org_id, session_id, epoch, seq) WHERE late;

CREATE UNIQUE INDEX hold_is_placed ON polaris_data.legal_holds USING btree (org_id, project_id) WHERE (lifted_at IS NULL);

CREATE INDEX login_codes_by_org ON polaris_data.login_codes USING btree (org_id);

CREATE INDEX login_codes_by_person ON polaris_data.login_codes USING btree (person_id);

CREATE INDEX logins_by_org ON polaris_data.logins USING btree (org_id, login);

CREATE INDEX members_by_person ON polaris_data.members USING btree (person_id);

CREATE INDEX people_by_email ON polaris_data.people USING btree (lower(email)) WHERE (email IS NOT NULL);

CREATE INDEX project_members_by_actor ON polaris_data.project_members USING btree (org_id, actor);

CREATE INDEX search_entries_by_time ON polaris_data.search_entries USING btree (org_id, at);

CREATE INDEX search_entries_by_words ON polaris_data.search_entries USING gin (words) WITH (gin_pending_list_limit='1024');

CREATE UNIQUE INDEX seat_is_asked_for_once ON polaris_data.seat_requests USING btree (org_id, session_id, actor) WHERE (ended_at IS NULL);

CREATE INDEX seat_requests_by_expiry ON polaris_data.seat_requests USING btree (org_id, expires_at) WHERE (ended_at IS NULL);

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

CREATE INDEX touched_files_by_name ON polaris_data.touched_files USING btree (org_id, name, project_id, seq);

CREATE INDEX touched_files_by_session ON polaris_data.touched_files USING btree (org_id, session_id, seq);

CREATE INDEX usage_by_event ON polaris_data.usage USING btree (org_id, project_id, seq);

CREATE INDEX usage_by_project ON polaris_data.usage USING btree (org_id, project_id, at);

CREATE INDEX usage_by_session ON polaris_data.usage USING btree (org_id, session_id, at);

CREATE INDEX web_sessions_by_person ON polaris_data.web_sessions USING btree (person_id);

CREATE TRIGGER _100_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON polaris_data.audit FOR EACH STATEMENT EXECUTE FUNCTION polaris_data.tg_audit__append_only();

CREATE TRIGGER _100_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON polaris_data.events FOR EACH STATEMENT EXECUTE FUNCTION polaris_data.tg_events__append_only();

CREATE TRIGGER _100_epoch BEFORE UPDATE ON polaris_data.sessions FOR EACH ROW WHEN (((old.epoch IS DISTINCT FROM new.epoch) OR (old.driver IS DISTINCT FROM new.driver))) EXECUTE FUNCTION polaris_data.tg_sessions__epoch();

CREATE TRIGGER _100_history BEFORE DELETE OR UPDATE ON polaris_data.seats FOR EACH ROW EXECUTE FUNCTION polaris_data.tg_seats__history();

CREATE TRIGGER _200_append_only BEFORE UPDATE ON polaris_data.events FOR EACH ROW WHEN (((((((((((((((old.org_id IS DISTINCT FROM new.org_id) OR (old.project_id IS DISTINCT FROM new.project_id)) OR (old.seq IS DISTINCT FROM new.seq)) OR (old.session_id IS DISTINCT FROM new.session_id)) OR (old.epoch IS DISTINCT FROM new.epoch)) OR (old.kind IS DISTINCT FROM new.kind)) OR (old.actor IS DISTINCT FROM new.actor)) OR (old.target IS DISTINCT FROM new.target)) OR (old.turn IS DISTINCT FROM new.turn)) OR (old.agent IS DISTINCT FROM new.agent)) OR (old.client_id IS DISTINCT FROM new.client_id)) OR (old.late IS DISTINCT FROM new.late)) OR (old.occurred_at IS DISTINCT FROM new.occurred_at)) OR (old.recorded_at IS DISTINCT FROM new.recorded_at))) EXECUTE FUNCTION polaris_data.tg_events__append_only();

ALTER TABLE ONLY polaris_data.deliveries
    ADD CONSTRAINT deliveries_session_fkey FOREIGN KEY (org_id, session_id) REFERENCES polaris_data.sessions(org_id, session_id);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT device_logins_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.device_logins
    ADD CONSTRAINT device_logins_person_fkey FOREIGN KEY (person_id) REFERENCES polaris_data.people(person_id);

ALTER TABLE ONLY polaris_data.domains
    ADD CONSTRAINT domains_org_fkey FOREIGN KEY (org_id) REFERENCES polaris_data.orgs(org_id);

ALTER TABLE ONLY polaris_data.erasure_parts
    ADD CONSTRAINT erasure_parts_erasure_fkey FOREIGN KEY (org_id, erasure_id) REFERENCES polaris_data.erasures(org_id, erasure_id);

ALTER TABLE ONLY polaris_data.imports
    ADD CONSTRAINT imports_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

ALTER TABLE ONLY polaris_data.index_cursors
    ADD CONSTRAINT index_cursors_project_fkey FOREIGN KEY (org_id, project_id) REFERENCES polaris_data.projects(org_id, project_id);

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

ALTER TABLE ONLY polaris_data.seat_requests
    ADD CONSTRAINT seat_requests_session_fkey FOREIGN KEY (org_id, session_id) REFERENCES polaris_data.sessions(org_id, session_id);

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

CREATE POLICY analysts ON polaris_data.annotations FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (project_id IN ( SELECT p.project_id
   FROM polaris_data.projects p))));

CREATE POLICY analysts ON polaris_data.commits FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (project_id IN ( SELECT p.project_id
   FROM polaris_data.projects p))));

CREATE POLICY analysts ON polaris_data.deliveries FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (project_id IN ( SELECT p.project_id
   FROM polaris_data.projects p))));

CREATE POLICY analysts ON polaris_data.events FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (project_id IN ( SELECT p.project_id
   FROM polaris_data.projects p))));

CREATE POLICY analysts ON polaris_data.projects FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND ((visibility = 'org'::text) OR ( SELECT polaris_history.sees_private() AS sees_private))));

CREATE POLICY analysts ON polaris_data.seats FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (session_id IN ( SELECT s.session_id
   FROM polaris_data.sessions s))));

CREATE POLICY analysts ON polaris_data.sessions FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (project_id IN ( SELECT p.project_id
   FROM polaris_data.projects p))));

CREATE POLICY analysts ON polaris_data.usage FOR SELECT TO polaris_analyst USING (((org_id = ( SELECT polaris_history.own_org() AS own_org)) AND (project_id IN ( SELECT p.project_id
   FROM polaris_data.projects p))));

ALTER TABLE polaris_data.annotations ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.commits ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.events ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.projects ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.seats ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE polaris_data.usage ENABLE ROW LEVEL SECURITY;

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

REVOKE ALL ON FUNCTION polaris.annotate(p_org bigint, p_actor text, p_project text, p_what text, p_body text, p_session text, p_about bigint, p_client_id text, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.annotate(p_org bigint, p_actor text, p_project text, p_what text, p_body text, p_session text, p_about bigint, p_client_id text, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.annotate(p_org bigint, p_actor text, p_project text, p_what text, p_body text, p_session text, p_about bigint, p_client_id text, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.answer_device_login(p_person bigint, p_org bigint, p_user_code text, p_allowed boolean) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.answer_seat_request(p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.answer_seat_request(p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.answer_seat_request(p_org bigint, p_actor text, p_project text, p_session text, p_request bigint, p_answer text, p_reason text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.archive_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.archive_session(p_org bigint, p_actor text, p_project text, p_session text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.ask_seat(p_org bigint, p_actor text, p_project text, p_session text, p_note text, p_client_id text, p_expires_in interval, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.ask_seat(p_org bigint, p_actor text, p_project text, p_session text, p_note text, p_client_id text, p_expires_in interval, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.ask_seat(p_org bigint, p_actor text, p_project text, p_session text, p_note text, p_client_id text, p_expires_in interval, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.authenticate(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.authenticate(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_device_login(p_device_hash bytea, p_user_code text, p_machine text, p_address text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_export(p_org bigint, p_actor text, p_project text, p_after bigint, p_since timestamp with time zone, p_until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_export(p_org bigint, p_actor text, p_project text, p_after bigint, p_since timestamp with time zone, p_until timestamp with time zone) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_import(p_org bigint, p_actor text, p_project text, p_digest bytea, p_source jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_import(p_org bigint, p_actor text, p_project text, p_digest bytea, p_source jsonb) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_sign_in(p_state_hash bytea, p_nonce text, p_verifier text, p_return_to text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_slack_install(p_org bigint, p_actor text, p_web_session bigint, p_state_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.begin_slack_post(p_org bigint, p_fence bigint, p_post_id bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer, p_since text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer, p_since text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.brief(p_org bigint, p_actor text, p_project text, p_session text, p_characters integer, p_since text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer, p_reaction text, p_deleted boolean, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.change_slack_post(p_org bigint, p_fence bigint, p_post_id bigint, p_version integer, p_reaction text, p_deleted boolean, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.claim_driver(p_org bigint, p_actor text, p_project text, p_session text, p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.close_annotation(p_org bigint, p_actor text, p_project text, p_seq bigint, p_body text, p_client_id text, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.close_annotation(p_org bigint, p_actor text, p_project text, p_seq bigint, p_body text, p_client_id text, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.close_annotation(p_org bigint, p_actor text, p_project text, p_seq bigint, p_body text, p_client_id text, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.close_web_session(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.close_web_session(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.close_web_sessions(p_person bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.close_web_sessions(p_person bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.connect_slack(p_org bigint, p_actor text, p_team text, p_app text, p_name text, p_url text, p_bot_user text, p_bot_id text, p_scopes text[], p_token bytea, p_token_key text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.context(p_org bigint, p_actor text, p_project text, p_session text, p_since text, p_by text, p_characters integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.context(p_org bigint, p_actor text, p_project text, p_session text, p_since text, p_by text, p_characters integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.context(p_org bigint, p_actor text, p_project text, p_session text, p_since text, p_by text, p_characters integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.create_analyst(p_org bigint, p_actor text, p_for text, p_login text, p_sees_private boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.create_analyst(p_org bigint, p_actor text, p_for text, p_login text, p_sees_private boolean) TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.erase_batch(p_org bigint, p_erasure bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.erase_batch(p_org bigint, p_erasure bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.erase_person(p_org bigint, p_actor text, p_participant text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.erase_person(p_org bigint, p_actor text, p_participant text, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.erase_session(p_org bigint, p_actor text, p_project text, p_session text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.erase_session(p_org bigint, p_actor text, p_project text, p_session text, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.exchange_login_code(p_hash bytea, p_challenge text, p_redirect_uri text, p_token_hash bytea, p_token_shown text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.expire_deliveries(p_org bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.expire_leases(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_leases(p_org bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.expire_leases(p_org bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.expire_seat_requests(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.expire_seat_requests(p_org bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.expire_seat_requests(p_org bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.find_commit(p_org bigint, p_actor text, p_commit text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.find_commit(p_org bigint, p_actor text, p_commit text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.find_commit(p_org bigint, p_actor text, p_commit text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.find_events(p_org bigint, p_actor text, p_project text, p_query text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.find_events(p_org bigint, p_actor text, p_project text, p_query text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.find_events(p_org bigint, p_actor text, p_project text, p_query text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.finish_import(p_org bigint, p_actor text, p_project text, p_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.finish_import(p_org bigint, p_actor text, p_project text, p_digest bytea) TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.get_slack_key(p_team text, p_app text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_slack_key(p_team text, p_app text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.get_usage(p_org bigint, p_actor text, p_project text, p_session text, p_since timestamp with time zone, p_until timestamp with time zone, p_by text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.get_usage(p_org bigint, p_actor text, p_project text, p_session text, p_since timestamp with time zone, p_until timestamp with time zone, p_by text, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.get_usage(p_org bigint, p_actor text, p_project text, p_session text, p_since timestamp with time zone, p_until timestamp with time zone, p_by text, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.guess_device_login(p_person bigint, p_user_code text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.heartbeat(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_lease_seconds integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.import_rows(p_org bigint, p_actor text, p_project text, p_digest bytea, p_what text, p_rows text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.import_rows(p_org bigint, p_actor text, p_project text, p_digest bytea, p_what text, p_rows text[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.index_events(p_org bigint, p_project_id bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.index_events(p_org bigint, p_project_id bigint, p_limit integer) TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.lead_keeping() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.lead_keeping() TO polaris_service;

REVOKE ALL ON FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.lease_slack(p_org bigint, p_holder text, p_seconds integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.lift_hold(p_org bigint, p_actor text, p_hold bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.lift_hold(p_org bigint, p_actor text, p_hold bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_all_policies(p_org bigint, p_actor text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_analysts(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_analysts(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_annotations(p_org bigint, p_actor text, p_project text, p_session text, p_kind text[], p_open boolean, p_about bigint, p_before bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_annotations(p_org bigint, p_actor text, p_project text, p_session text, p_kind text[], p_open boolean, p_about bigint, p_before bigint, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_annotations(p_org bigint, p_actor text, p_project text, p_session text, p_kind text[], p_open boolean, p_about bigint, p_before bigint, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_audit(p_org bigint, p_actor text, p_after bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_checkouts(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_checkouts(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_checkouts(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_commits(p_org bigint, p_actor text, p_project text, p_session text, p_before bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_commits(p_org bigint, p_actor text, p_project text, p_session text, p_before bigint, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_commits(p_org bigint, p_actor text, p_project text, p_session text, p_before bigint, p_limit integer) TO polaris_client;

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

REVOKE ALL ON FUNCTION polaris.list_erasures(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_erasures(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_file_changes(p_org bigint, p_actor text, p_project text, p_path text, p_reads boolean, p_before bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_file_changes(p_org bigint, p_actor text, p_project text, p_path text, p_reads boolean, p_before bigint, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_file_changes(p_org bigint, p_actor text, p_project text, p_path text, p_reads boolean, p_before bigint, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_heads(p_org bigint, p_projects bigint[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_holds(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_holds(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_invites(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_invites(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_keeping_work(p_org bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_keeping_work(p_org bigint) TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.list_orgs_to_keep() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_orgs_to_keep() TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.list_retention(p_org bigint, p_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_retention(p_org bigint, p_actor text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.list_seat_requests(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_seat_requests(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.list_seat_requests(p_org bigint, p_actor text, p_project text, p_session text, p_limit integer) TO polaris_client;

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

REVOKE ALL ON FUNCTION polaris.list_unindexed(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.list_unindexed(p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.map_slack_person(p_org bigint, p_actor text, p_user text, p_member text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.mark_read(p_org bigint, p_actor text, p_project text, p_seq bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.note_export(p_org bigint, p_actor text, p_what text, p_detail jsonb) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.note_refused_sign_in(p_reason text, p_detail jsonb) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.place_hold(p_org bigint, p_actor text, p_project text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.place_hold(p_org bigint, p_actor text, p_project text, p_reason text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.poll_device_login(p_device_hash bytea, p_token_hash bytea, p_token_shown text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.prove_domain(p_org bigint, p_actor text, p_domain text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.prune_project(p_org bigint, p_project_id bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.prune_project(p_org bigint, p_project_id bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.prune_slack(p_org bigint, p_fence bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[], p_facts jsonb[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[], p_facts jsonb[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.push_events(p_org bigint, p_actor text[], p_project text[], p_session text[], p_epoch bigint[], p_kind text[], p_client_id text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_occurred_at timestamp with time zone[], p_facts jsonb[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_advice(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_entries(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[], p_characters integer, p_payload_bytes integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_service;
GRANT ALL ON FUNCTION polaris.read_events(p_org bigint, p_actor text, p_project text, p_session text, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.read_export(p_org bigint, p_actor text, p_project text, p_what text, p_after bigint[], p_last bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_export(p_org bigint, p_actor text, p_project text, p_what text, p_after bigint[], p_last bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.read_for_scrub(p_org bigint, p_actor text, p_project text, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_for_scrub(p_org bigint, p_actor text, p_project text, p_after bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_project_events(p_org bigint, p_project_id bigint, p_after bigint, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.read_texts_for_scrub(p_org bigint, p_actor text, p_project text, p_after_place text, p_after_key text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.read_texts_for_scrub(p_org bigint, p_actor text, p_project text, p_after_place text, p_after_key text, p_limit integer) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.reap_analysts(p_query interval, p_idle interval, p_transaction interval, p_connections integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.reap_analysts(p_query interval, p_idle interval, p_transaction interval, p_connections integer) TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.reset_index() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.reset_index() TO polaris_service;

REVOKE ALL ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.restore_project(p_org bigint, p_actor text, p_project text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.resume_web_session(p_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.resume_web_session(p_hash bytea) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_analyst(p_org bigint, p_actor text, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_analyst(p_org bigint, p_actor text, p_login text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_invite(p_org bigint, p_actor text, p_invite bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_login(p_org bigint, p_login text) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.revoke_token(p_org bigint, p_actor text, p_token bigint) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.say(p_org bigint, p_actor text, p_project text, p_body text, p_client_id text, p_payload jsonb, p_agent text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.scrub_events(p_org bigint, p_actor text, p_project text, p_seqs bigint[], p_hashes bytea[], p_bodies text[], p_payloads jsonb[], p_facts jsonb[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.scrub_events(p_org bigint, p_actor text, p_project text, p_seqs bigint[], p_hashes bytea[], p_bodies text[], p_payloads jsonb[], p_facts jsonb[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.scrub_texts(p_org bigint, p_actor text, p_project text, p_places text[], p_keys text[], p_hashes bytea[], p_bodies text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.scrub_texts(p_org bigint, p_actor text, p_project text, p_places text[], p_keys text[], p_hashes bytea[], p_bodies text[]) TO polaris_service;

REVOKE ALL ON FUNCTION polaris.search_events(p_org bigint, p_actor text, p_query text, p_project text, p_session text, p_kind text[], p_by text[], p_since timestamp with time zone, p_until timestamp with time zone, p_file text, p_before_at timestamp with time zone, p_before_project bigint, p_before_seq bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.search_events(p_org bigint, p_actor text, p_query text, p_project text, p_session text, p_kind text[], p_by text[], p_since timestamp with time zone, p_until timestamp with time zone, p_file text, p_before_at timestamp with time zone, p_before_project bigint, p_before_seq bigint, p_limit integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.search_events(p_org bigint, p_actor text, p_query text, p_project text, p_session text, p_kind text[], p_by text[], p_since timestamp with time zone, p_until timestamp with time zone, p_file text, p_before_at timestamp with time zone, p_before_project bigint, p_before_seq bigint, p_limit integer) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) TO polaris_service;
GRANT ALL ON FUNCTION polaris.set_policy(p_org bigint, p_actor text, p_project text, p_session text, p_sender_class text, p_policy text) TO polaris_client;

REVOKE ALL ON FUNCTION polaris.set_retention(p_org bigint, p_actor text, p_project text, p_keep_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.set_retention(p_org bigint, p_actor text, p_project text, p_keep_days integer) TO polaris_service;

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

REVOKE ALL ON FUNCTION polaris.take_over_seat(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris.take_over_seat(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text, p_lease_seconds integer) TO polaris_service;
GRANT ALL ON FUNCTION polaris.take_over_seat(p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint, p_reason text, p_lease_seconds integer) TO polaris_client;

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

REVOKE ALL ON FUNCTION polaris_data.begin_erasure(p_org bigint, p_actor text, p_projects bigint[], p_session bigint, p_participant text, p_target text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.change_events(p_org bigint, p_project bigint, p_seqs bigint[], p_erased_at timestamp with time zone, p_hashes bytea[], p_body text[], p_payload jsonb[], p_facts jsonb[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.clean_words(p_org bigint, p_direct boolean, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.commits_of(p_org bigint, p_session bigint, p_seq bigint, p_body text, p_payload jsonb, p_head text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.delivery_may_become(p_from text, p_to text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.drop_events(p_org bigint, p_project bigint, p_from bigint, p_below bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.drop_slack_posts(p_org bigint, p_project bigint, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_outsiders(p_org bigint, p_project bigint, p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_request(p_org bigint, p_session bigint, p_seq bigint, p_how text, p_by text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_requests(p_org bigint, p_session bigint, p_how text, p_to text, p_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_seat(p_org bigint, p_session bigint, p_how text, p_to text, p_by text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_seats(p_org bigint, p_actor text, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_session(p_org bigint, p_session bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.end_unseen(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.erase_copies(p_org bigint, p_project bigint, p_session bigint, p_participant text, p_after bigint, p_to bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.excerpt(p_text text, p_characters integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.fail(p_status integer, p_code text, p_message text, p_hint text, p_detail jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.file_marks(p_path text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.files_of(p_payload jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_event(p_org bigint, p_project bigint, p_seq bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.find_invite(p_org_slug text, p_hash bytea) FROM PUBLIC;

GRANT SELECT(org_id) ON TABLE polaris_data.projects TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.projects TO polaris_analyst;

GRANT SELECT(name) ON TABLE polaris_data.projects TO polaris_analyst;

GRANT SELECT(first_seq) ON TABLE polaris_data.projects TO polaris_analyst;

GRANT SELECT(visibility) ON TABLE polaris_data.projects TO polaris_analyst;

REVOKE ALL ON FUNCTION polaris_data.find_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;

GRANT SELECT(org_id) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(name) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(created_by) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(created_at) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(archived_at) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(epoch) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(driver) ON TABLE polaris_data.sessions TO polaris_analyst;

GRANT SELECT(lease_until) ON TABLE polaris_data.sessions TO polaris_analyst;

REVOKE ALL ON FUNCTION polaris_data.find_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.forget_slack(p_org bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.hidden_projects(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.hmac8(p_key bytea, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.import_events(p_org bigint, p_project bigint, p_last bigint, p_rows jsonb[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.index_commits(p_org bigint, p_project bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.index_files(p_org bigint, p_project bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.index_usage(p_org bigint, p_project bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.index_words(p_org bigint, p_project bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.is_held(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_import(p_org bigint, p_actor text, p_project text, p_digest bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_index(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_project(p_org bigint, p_actor text, p_project text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_session(p_org bigint, p_actor text, p_project text, p_session text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_slack(p_org bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.lock_to_keep(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.mark_slack_post(p_org bigint, p_post bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.match_member(p_org bigint, p_handle text, p_before text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.match_slack(p_org bigint, p_emails text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.may_be_erased(p_kind text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.may_see(p_org bigint, p_actor text, p_project bigint, p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.may_see_id(p_org bigint, p_actor text, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.member_of(p_org bigint, p_person bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_beside(p_org bigint, p_project bigint, p_session bigint, p_after bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_events(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_files(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_heads(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_notes(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_seats(p_org bigint, p_project bigint, p_session bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_since(p_org bigint, p_actor text, p_project bigint, p_session bigint, p_since text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_text(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_title text, p_characters integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_words(p_kind text, p_agent text, p_body text, p_payload jsonb, OUT body text, OUT failed boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.memory_work(p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.move_delivery(p_org bigint, p_delivery uuid, p_state text, p_reason text, p_path text, p_epoch bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.names_file(p_org bigint, p_project bigint, p_seq bigint, p_file text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.neutralize(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.next_digest(p_org bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.path_below(p_folder text, p_path text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.peek_event(p_org bigint, p_project bigint, p_seq bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.place_slack_post(p_org bigint, p_post_id bigint, p_ts text, p_version integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.policy_of(p_org bigint, p_project bigint, p_session bigint, p_class text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.prompt_of(p_org bigint, p_session bigint, p_turn text, p_seq bigint, OUT seq bigint, OUT body text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.prune_copies(p_org bigint, p_project bigint, p_below bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.publish(p_project bigint, p_first bigint, p_last bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.publish_control(p_org bigint, p_kind text, p_id bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.put_slack_posts(p_org bigint, p_project_id bigint, p_posts jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.redact_prefixes(p_key bytea, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.requeue_deliveries(p_org bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_admin(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_auditor(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_body(p_body text, p_most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_characters(p_characters integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_client_id(p_client_id text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_fence(p_org bigint, p_fence bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_lease(p_actor text, p_lease_seconds integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_maker(p_org bigint, p_actor text, p_created_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_no_hold(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_other_admin(p_org bigint, p_handle text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_participant(p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_reason(p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_role(p_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_service() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_slug(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.require_visibility(p_visibility text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.rest_slack(p_org bigint, p_project bigint, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.role_of(p_org bigint, p_actor text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_entry(p_org bigint, p_project bigint, p_session bigint, p_kind text, p_actor text, p_at timestamp with time zone, p_body text, p_payload jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_filter(p_org bigint, p_hidden bigint[], p_project bigint, p_session bigint, p_kind text[], p_by text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_mark(p_mark text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_next(p_org bigint, p_since timestamp with time zone, p_until timestamp with time zone, p_oldest boolean, p_offset integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_pattern(p_words text[], p_prefix boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_places(p_org bigint, p_query tsquery, p_since timestamp with time zone, p_until timestamp with time zone, p_from_at timestamp with time zone, p_from_project bigint, p_from_seq bigint, p_limit integer, p_oldest boolean, p_file text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_plain(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_query(p_text text, OUT query tsquery, OUT pattern text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_snippet(p_text text, p_pattern text, p_characters integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_span(p_at timestamp with time zone, p_level integer, OUT mark text, OUT begins timestamp with time zone, OUT ends timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_tail(p_org bigint, p_project bigint, p_query tsquery) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_text(p_kind text, p_body text, p_payload jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.search_words(p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.seat_seq(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_which text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.seq_at(p_org bigint, p_project bigint, p_first bigint, p_last bigint, p_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_annotations(p_org bigint, p_project bigint, p_session bigint, p_what text[], p_open boolean, p_about bigint, p_seq bigint, p_before bigint, p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_commits(p_org bigint, p_project bigint[], p_session bigint[], p_commit text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_deliveries(p_org bigint, p_project bigint, p_delivery uuid, p_session bigint, p_states text[], p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_domains(p_org bigint, p_domain text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_erasures(p_org bigint, p_erasure bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_events(p_org bigint, p_project bigint, p_session bigint, p_after bigint, p_before bigint, p_limit integer, p_kind text[], p_by text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_holds(p_org bigint, p_hold bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_invites(p_org bigint, p_invite bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_members(p_org bigint, p_handle text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_projects(p_org bigint, p_project bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_seat_requests(p_org bigint, p_project bigint, p_session bigint, p_seq bigint, p_limit integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_sessions(p_org bigint, p_project bigint, p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_slack(p_org bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_slack_people(p_org bigint, p_users text[], p_members text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_slack_posts(p_org bigint, p_posts bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_tokens(p_org bigint, p_token bigint, p_of text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.show_web_sessions(p_session bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.slack_actor(p_org bigint, p_user text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION polaris_data.speaker_of(p_kind text, p_actor text, p_agent text) TO polaris_analyst;

REVOKE ALL ON FUNCTION polaris_data.take_seat(p_org bigint, p_session bigint, p_actor text, p_lease_seconds integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.text_hash(VARIADIC p_parts text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_audit__append_only() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_events__append_only() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_seats__history() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tg_sessions__epoch() FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tokens_of(p_value jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.tool_failed(p_agent text, p_payload jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.was_removed(p_org bigint, p_person bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_audit(p_org bigint, p_actor text, p_action text, p_target text, p_detail jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_event(p_org bigint, p_project bigint, p_session bigint, p_epoch bigint, p_kind text, p_actor text, p_target text, p_body text, p_payload jsonb, p_client_id text, p_agent text, OUT seq bigint, OUT created boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_events(p_org bigint, p_code text[], p_project bigint[], p_session bigint[], p_epoch bigint[], p_kind text[], p_actor text[], p_target text[], p_turn text[], p_agent text[], p_body text[], p_payload jsonb[], p_client_id text[], p_late boolean[], p_occurred_at timestamp with time zone[], p_facts jsonb[], p_recorded_at timestamp with time zone[], p_erased_at timestamp with time zone[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_index(p_org bigint, p_project bigint, p_seqs bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_member(p_org bigint, p_person bigint, p_handle text, p_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_org(p_slug text, p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_person(p_issuer text, p_subject text, p_email text, p_name text, p_picture text, p_domain text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_project(p_org bigint, p_actor text, p_name text, p_visibility text, p_first_seq bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_session(p_org bigint, p_actor text, p_project bigint, p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_data.write_token(p_org bigint, p_issued_by text, p_for text, p_name text, p_hash bytea, p_shown text, p_project bigint, p_expires_in interval, p_sliding boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION polaris_history.own_org() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris_history.own_org() TO polaris_analyst;

REVOKE ALL ON FUNCTION polaris_history.sees_private() FROM PUBLIC;
GRANT ALL ON FUNCTION polaris_history.sees_private() TO polaris_analyst;

GRANT SELECT(org_id) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(seq) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(what) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(about) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(actor) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(at) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(closed_at) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(closed_by) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(closed_seq) ON TABLE polaris_data.annotations TO polaris_analyst;

GRANT SELECT(org_id) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(commit) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(seq) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(turn) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(repository) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(branch) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(subject) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(made) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(at) ON TABLE polaris_data.commits TO polaris_analyst;

GRANT SELECT(org_id) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(advice_seq) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(sender) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(sender_class) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(body) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(state) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(reason) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(path) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(attempts) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(epoch) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(queued_at) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(sent_at) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(seen_at) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(answered_at) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(expires_at) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(edited_by) ON TABLE polaris_data.deliveries TO polaris_analyst;

GRANT SELECT(org_id) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(seq) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(epoch) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(kind) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(actor) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(target) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(turn) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(agent) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(body) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(payload) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(client_id) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(late) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(occurred_at) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(recorded_at) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(facts) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(erased_at) ON TABLE polaris_data.events TO polaris_analyst;

GRANT SELECT(org_id) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(epoch) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(driver) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(claimed_at) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(ended_at) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(ended_how) ON TABLE polaris_data.seats TO polaris_analyst;

GRANT SELECT(org_id) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(agent) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(message) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(project_id) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(session_id) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(seq) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(turn) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(actor) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(model) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(input_tokens) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(output_tokens) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(cache_read_tokens) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(cache_write_tokens) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(cost_usd) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT(at) ON TABLE polaris_data.usage TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.annotations TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.commits TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.deliveries TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.events TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.seats TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.sessions TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.tool_calls TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.turns TO polaris_analyst;

GRANT SELECT ON TABLE polaris_history.usage TO polaris_analyst;
