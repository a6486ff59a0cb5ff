"""The wall around an analyst: whatever it tries, it reads its own organization's history and nothing else.

Two organizations with the same names, a private project, rows that were erased. Each test is one way across, or several
of one kind. docs/analysts.md says what such a login can know all the same; the last part shows that here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest
from analysts import VIEWS, Analyst, analyst
from psycopg import sql
from story import Connect, Connection, Place, Story, event, not_permitted, refused

OWN, FOREIGN, HIDDEN, ERASED = "our own words", "the foreign words", "the hidden words", "the erased words"
SECRETS = (FOREIGN, HIDDEN, ERASED, "hidden-pj", "agent:stranger", "foreign-session")


class Scene(NamedTuple):
    story: Story
    other: Story
    fxm: Place


@pytest.fixture(scope="module")
def scene(teller: Connection, called: Any, owner: Connection, stories: Connect) -> Scene:
    """Project pj with words of its own in both organizations; hidden-pj is private; one event of pj was erased."""
    story, other = (Story(teller, called, owner, stories) for _ in range(2))
    fxm = fill(story, "fxm", story.me, OWN)
    fill(other, "foreign-session", "agent:stranger", FOREIGN)
    fill(story, "fxm", "agent:stranger", HIDDEN, "hidden-pj")
    story.set_visibility(actor=story.me, project="hidden-pj", visibility="private")
    (gone,) = story.push(fxm, event("gone", body=ERASED, payload={"x": ERASED}))
    owner.execute("set session_replication_role = replica")
    owner.execute(
        """
        update polaris_data.events set body = '', payload = null, facts = null, erased_at = clock_timestamp()
        where org_id = %s and project_id = %s and seq = %s
        """,
        [story.org, story.project_id(), gone.seq],
    )
    owner.execute("reset session_replication_role")
    # So many that what the planner expects of others' rows would show.
    other.push(Place("pj", "foreign-session", "agent:stranger", 1), *(event(f"e{n}", body=FOREIGN) for n in range(100)))
    owner.execute(
        """
        insert into polaris_data.sessions (org_id, project_id, name, created_by)
        select %s, %s, 'foreign-session-' || n, 'agent:stranger' from generate_series(1, 300) n
        """,
        [other.org, other.project_id()],
    )
    owner.execute("analyze")
    return Scene(story, other, fxm)


def fill(story: Story, session: str, driver: str, words: str, project: str = "pj") -> Place:
    """A row for every view."""
    place = story.session(session, driver=driver, project=project)
    call, result = ("claude-code:s:tool.call:t1", "claude-code:s:tool.result:t1")
    facts = {"repository": words, "branch": words}
    story.push(
        place,
        event("p", body=words, turn="t", facts=facts),
        event(call, kind="tool.call", body=f"Bash: {words}", turn="t", payload={"tool_input": {"command": words}}),
        event(result, kind="tool.result", body=words, turn="t"),
        event("r", kind="reply", body=words, turn="t"),
    )
    story.advise(place, words, sender=driver)
    story.annotate(actor=driver, what="decision", body=words, **place)
    numbers = [story.org, story.project_id(project), words, words]
    story.owner.execute(
        """
        insert into polaris_data.commits (org_id, project_id, commit, session_id, seq, subject, repository, made, at)
        select org_id, project_id, 'c0ffee', session_id, seq, %s, %s, true, recorded_at from polaris_data.events
        where org_id = %s and project_id = %s and kind = 'prompt'
        """,
        [*numbers[2:], *numbers[:2]],
    )
    story.owner.execute(
        """
        insert into polaris_data.usage (org_id, agent, message, project_id, session_id, seq, actor, model, at)
        select org_id, 'claude-code', %s, project_id, session_id, seq, actor, %s, recorded_at from polaris_data.events
        where org_id = %s and project_id = %s and kind = 'prompt'
        """,
        [*numbers[2:], *numbers[:2]],
    )
    return place


@pytest.fixture
def eve(scene: Scene) -> Iterator[Analyst]:
    """An analyst of the first organization, as bad as they come."""
    with analyst(scene.story) as found:
        yield found


def clean(found: object) -> str:
    """The text of what was found; fails when anything of it is behind the wall."""
    text = str(found)
    for secret in SECRETS:
        assert secret not in text
    return text


def none_may(eve: Analyst, *statements: str) -> None:
    """Each of the statements is refused for want of a privilege."""
    for statement in statements:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
            eve.run(statement)
        clean(refusal.value)


# What is on this side


def test_an_analyst_reads_its_own_organization(eve: Analyst) -> None:
    for view in VIEWS:
        assert OWN in str(eve.ask(f"select to_jsonb(x)::text from polaris_history.{view} x")) or view in (
            "seats",
            "sessions",
        ), view
    assert eve.ask("select project, session from polaris_history.sessions") == [("pj", "fxm")]
    assert eve.ask("select driver from polaris_history.seats") == [("user:manu",)]
    clean(eve.everything())


def test_the_scene_has_what_must_not_be_seen(scene: Scene) -> None:
    with analyst(scene.story, sees_private=True) as trusted, analyst(scene.other) as stranger:
        assert {HIDDEN, "hidden-pj", OWN} <= {word for word in (*SECRETS, OWN) if word in trusted.everything()}
        assert FOREIGN not in trusted.everything()
        for view in VIEWS:
            rows = stranger.ask(f"select to_jsonb(x)::text from polaris_history.{view} x")
            assert "agent:stranger" in str(rows) or FOREIGN in str(rows), view


# To be somebody else


@pytest.mark.parametrize(
    "role",
    [
        "polaris_owner",
        "polaris_service",
        "polaris_client",
        "postgres",
        "pg_read_all_data",
        "pg_monitor",
    ],
)
def test_it_becomes_no_other_role(eve: Analyst, role: str) -> None:
    none_may(eve, f"set role {role}", f"set session authorization {role}", f"grant {role} to current_user")


def test_the_role_of_all_analysts_knows_no_more(eve: Analyst) -> None:
    eve.run("set role polaris_analyst")

    assert OWN in clean(eve.everything())


def test_it_raises_itself_to_nothing(eve: Analyst) -> None:
    none_may(
        eve,
        *(
            f"alter role {eve.login} {word}"
            for word in ("superuser", "bypassrls", "createrole", "replication", "createdb")
        ),
        f"alter role {eve.login} connection limit 1000",
        f"alter role {eve.login} valid until 'infinity'",
        "create role polaris_mine login",
        "alter role polaris_analyst bypassrls",
    )


def test_no_setting_says_who_it_is(scene: Scene, eve: Analyst) -> None:
    for name in (
        "polaris.org",
        "polaris.actor",
        "polaris.keeping",
        "request.jwt.claims",
        "session_user.x",
        "app.org_id",
    ):
        eve.run("select set_config(%s, %s, false)", name, str(scene.other.org))

    assert OWN in clean(eve.everything())


def test_it_cannot_switch_the_policies_off(eve: Analyst) -> None:
    eve.run("set row_security = off")
    for view in VIEWS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            eve.run(f"select from polaris_history.{view}")
    none_may(
        eve,
        "alter table polaris_data.events disable row level security",
        "drop policy analysts on polaris_data.events",
        "create policy mine on polaris_data.events using (true)",
        "alter policy analysts on polaris_data.events using (true)",
    )


def test_it_changes_no_setting_of_the_server(eve: Analyst) -> None:
    none_may(
        eve,
        "set session_replication_role = replica",
        "set track_activities = off",
        "set log_statement = 'none'",
        "set temp_file_limit = -1",
        "set local_preload_libraries = 'x'; load 'auto_explain'",
        "alter system set row_security = off",
        "select pg_reload_conf()",
    )


# To go past the views


def test_the_tables_below_are_closed(scene: Scene, eve: Analyst) -> None:
    tables = scene.story.rows(
        "select relname from pg_class where relnamespace = 'polaris_data'::regnamespace and relkind = 'r'"
    )

    assert len(tables) > 30
    for (table,) in tables:
        none_may(eve, f"select from polaris_data.{table}", f"copy polaris_data.{table} to stdout")
    none_may(
        eve,
        "select e.* from polaris_history.events h join polaris_data.events e using (seq)",
        "do $$ begin lock table polaris_data.events in access share mode; end $$",
        "analyze polaris_data.events",
        "select 'polaris_data.events'::regclass",
        "set search_path = polaris_data; select polaris_data.speaker_of('prompt', 'x', null)",
    )
    eve.run("set search_path = polaris_data, polaris, polaris_history")
    with pytest.raises(psycopg.errors.UndefinedTable):
        eve.run("select from tokens")


def test_the_tables_below_are_closed_to_their_numbers_too(scene: Scene, eve: Analyst) -> None:
    # Whatever takes a number instead of a name must not pass, either.
    for table in ("events", "logins", "orgs"):
        ((number,),) = scene.story.rows(f"select 'polaris_data.{table}'::regclass::oid::int")
        for function in ("table_to_xml({}, true, false, '')", "table_to_xml_and_xmlschema({}, true, false, '')"):
            # A server that was built without XML does not get that far.
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
                eve.run(f"select {function.format(number)}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            eve.run(f"select {number}::regclass::text::regclass")


def test_the_policies_hold_where_somebody_opened_the_schema(scene: Scene, eve: Analyst) -> None:
    # With USAGE on the schema, as somebody might grant it, the policies and the list of columns still hold.
    scene.story.owner.execute("grant usage on schema polaris_data to polaris_analyst")
    try:
        none_may(
            eve,
            "select * from polaris_data.projects",
            "select * from polaris_data.logins",
            "select redaction_key from polaris_data.orgs",
        )
        for table in ("events", "sessions", "projects", "seats", "deliveries", "annotations", "commits", "usage"):
            ((own, everybody),) = eve.ask(
                f"select count(*) filter (where org_id = {scene.story.org}), count(*) from polaris_data.{table}"
            )
            assert own == everybody > 0, table
        clean(eve.ask("select name from polaris_data.projects"))
        clean(eve.ask("select body, payload, facts from polaris_data.events"))
    finally:
        scene.story.owner.execute("revoke usage on schema polaris_data from polaris_analyst")


def test_it_calls_no_function_of_the_service(scene: Scene, eve: Analyst) -> None:
    none_may(
        eve,
        f"select * from polaris.list_projects({scene.other.org}, 'user:manu')",
        f"select * from polaris.read_events({scene.other.org}, 'user:manu', 'pj')",
        "select * from polaris.authenticate('x')",
        "select * from polaris.reap_analysts()",
        f"select * from polaris.create_analyst({scene.other.org}, null, 'user:manu', 'x', true)",
        "select polaris_data.acting(null, null)",
        "select polaris_data.publish(1, 1, 1)",
        "select polaris_meta.digest()",
    )


def test_it_stays_an_analyst_whatever_roles_it_is_given(scene: Scene) -> None:
    # Registered as an analyst, it stays one, whatever roles somebody gives it.
    with scene.story.connect.client("polaris_analyst", "polaris_client", "polaris_service") as (login, connection):
        scene.story.create_analyst(actor=scene.story.me, login=login, **{"for": scene.story.me})
        eve = Analyst(login, connection)

        for statement in (
            "select * from polaris.list_projects(null, null)",
            "select polaris.say(null, null, 'pj', 'hello')",
            f"select * from polaris.list_projects({scene.other.org}, 'user:manu')",
        ):
            with refused(403, "analysts_only_read"):
                eve.run(statement)
        with refused(403, "service_only"):
            eve.run("select * from polaris.list_orgs_with_lapses()")
        clean(eve.everything())


def test_a_role_that_nobody_registered_reads_nothing(scene: Scene) -> None:
    with scene.story.connect.client("polaris_analyst") as (login, connection):
        for view in VIEWS:
            with refused(401, "login_unknown"):
                connection.execute(f"select from polaris_history.{view}")
        scene.story.register_login(actor=scene.story.me, login=login)
        with refused(401, "login_unknown"):
            connection.execute("select from polaris_history.events")


def test_it_writes_through_no_view(eve: Analyst) -> None:
    for view in VIEWS:
        for statement in (
            f"delete from polaris_history.{view}",
            f"insert into polaris_history.{view} default values",
            f"update polaris_history.{view} set project = 'mine'",
            f"truncate polaris_history.{view}",
            f"merge into polaris_history.{view} v using (select 1 as n) s on true when matched then delete",
            f"select from polaris_history.{view} for update",
        ):
            # Not a privilege in the case of a view that no rule makes writable.
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.Error)) as refusal:
                eve.run(statement)
            assert refusal.value.sqlstate in ("42501", "55000", "42809", "0A000"), statement


def test_lifting_read_only_writes_nothing(eve: Analyst) -> None:
    eve.run("set default_transaction_read_only = off")
    eve.run("set transaction_read_only = off")
    none_may(
        eve,
        "insert into polaris_data.logins (login, org_id, actor) values ('x', 1, 'user:manu')",
        "update polaris_data.logins set sees_private = true",
        "delete from polaris_data.events",
        "truncate polaris_data.events",
    )


def test_it_changes_no_view_and_makes_nothing_in_a_schema(eve: Analyst) -> None:
    none_may(
        eve,
        "create or replace view polaris_history.events as select 1",
        "alter view polaris_history.events set (security_invoker = false, security_barrier = false)",
        "alter view polaris_history.events owner to current_user",
        "drop view polaris_history.events",
        "create rule mine as on select to polaris_history.events do instead select 1",
        "comment on view polaris_history.events is 'mine'",
        "create table polaris_history.mine (x int)",
        "create view polaris.mine as select 1",
        "create function polaris_history.own_org(int) returns bigint language sql as 'select 1::bigint'",
        "create or replace function polaris_history.own_org() returns bigint language sql as 'select 1::bigint'",
        "create table public.mine (x int)",
        "create schema mine",
        "create extension postgres_fdw",
        "create extension if not exists pg_trgm",
        "create event trigger mine on ddl_command_end execute function polaris_history.own_org()",
        "create publication mine for all tables",
        "create foreign data wrapper mine",
        "alter default privileges for role polaris_owner grant select on tables to public",
        "reassign owned by polaris_owner to current_user",
    )


# To let others do it


def with_temporary(eve: Analyst) -> None:
    """Temporary things are what PUBLIC may make in a database as Postgres makes it."""
    eve.run("set default_transaction_read_only = off")


def test_nothing_temporary_comes_in_front_of_ours(scene: Scene, eve: Analyst) -> None:
    with_temporary(eve)
    for statement in (
        "create temporary table logins (login name, org_id bigint, kind text, sees_private boolean, revoked_at date)",
        f"insert into logins values (session_user, {scene.other.org}, 'analyst', true, null)",
        "create temporary table projects (org_id bigint, project_id bigint, name text, visibility text)",
        "create temporary table events (seq bigint)",
        f"create function pg_temp.own_org() returns bigint language sql as 'select {scene.other.org}::bigint'",
        "create function pg_temp.sees_private() returns boolean language sql as 'select true'",
        "create function pg_temp.equal(bigint, bigint) returns boolean language sql as 'select true'",
        "create operator pg_temp.= (leftarg = bigint, rightarg = bigint, function = pg_temp.equal)",
        "set search_path = pg_temp, polaris_data, polaris_history, pg_catalog",
    ):
        eve.run(statement)

    assert OWN in clean(eve.everything())
    assert eve.ask("select polaris_history.own_org()") == [(scene.story.org,)]


def test_a_leaking_function_in_a_condition_is_told_own_rows_only(scene: Scene, eve: Analyst) -> None:
    # As cheap as it says it is, it would run before the policy, were it not for the barrier.
    with_temporary(eve)
    eve.run("create temporary table leaked (said text)")
    eve.run(
        """
        create function pg_temp.leak(text) returns boolean cost 0.0000001 language plpgsql as $$
        begin
          insert into pg_temp.leaked values ($1);
          return true;
        end $$
        """
    )
    for view in VIEWS:
        for condition in (
            "pg_temp.leak(to_jsonb(x)::text)",
            "pg_temp.leak(x.project)",
            "case when pg_temp.leak(x.project) then true end",
        ):
            eve.ask(f"select from polaris_history.{view} x where {condition}")
    eve.ask(
        "select from polaris_history.events x where pg_temp.leak(x.body) and kind = 'reply' order by pg_temp.leak(body)"
    )
    eve.ask("select from polaris_history.events x join polaris_history.sessions s on pg_temp.leak(x.body || s.session)")
    eve.ask("select from polaris_history.events x group by x.project having pg_temp.leak(string_agg(x.body, ''))")
    found = clean(eve.ask("select said from leaked"))

    assert OWN in found


def test_an_operator_in_a_condition_is_told_own_rows_only(eve: Analyst) -> None:
    with_temporary(eve)
    eve.run("create temporary table leaked (said text)")
    eve.run(
        """
        create function pg_temp.look(text, text) returns boolean cost 0.0000001 language plpgsql as $$
        begin
          insert into pg_temp.leaked values ($1);
          return false;
        end $$
        """
    )
    eve.run("create operator pg_temp.<<< (leftarg = text, rightarg = text, function = pg_temp.look, restrict = eqsel)")
    eve.ask("select from polaris_history.events x where x.body operator(pg_temp.<<<) 'x'")
    eve.ask("select from polaris_history.turns x where x.prompt operator(pg_temp.<<<) 'x'")

    assert OWN in clean(eve.ask("select said from leaked"))


def test_it_makes_no_function_that_calls_itself_leakproof(eve: Analyst) -> None:
    with_temporary(eve)

    none_may(eve, "create function pg_temp.leak(text) returns boolean leakproof language sql as 'select true'")


@pytest.mark.parametrize(
    "condition",
    ["body::int > 0", "body::jsonb is null", "body::inet is null", "body ~ ('(' || body)", "kind::date is null"],
)
def test_errors_tell_own_rows_only(eve: Analyst, condition: str) -> None:
    with pytest.raises(psycopg.Error) as failure:
        eve.ask(f"select from polaris_history.events where {condition} and session is not null order by body")
    clean((failure.value, failure.value.diag.message_detail, failure.value.diag.context))


def test_no_division_by_zero_confirms_a_guess(eve: Analyst) -> None:
    for words in (FOREIGN, HIDDEN):
        assert eve.ask(f"select from polaris_history.events where 1 / (length(body) - {len(words)}) > 9") == []


def test_views_and_functions_that_run_as_their_owner_run_as_it(eve: Analyst) -> None:
    with_temporary(eve)
    eve.run("create temporary view mine as select * from polaris_history.events")
    eve.run(
        """
        create function pg_temp.mine() returns setof text security definer language sql as
        'select body from polaris_history.events'
        """
    )
    clean(eve.ask("select body from mine"))
    clean(eve.ask("select pg_temp.mine()"))
    with not_permitted():
        eve.run(
            "create function pg_temp.raised() returns void language sql as '' set session_replication_role = replica"
        )
    none_may(eve, "alter function pg_temp.mine() owner to polaris_owner", "alter view mine owner to polaris_owner")


def test_prepared_statements_ask_again_who_it_is(scene: Scene, eve: Analyst) -> None:
    eve.run("set plan_cache_mode = force_generic_plan")
    eve.run("prepare mine as select body from polaris_history.events")
    for role in ("polaris_analyst", "none"):
        eve.run(f"set role {role}")
        assert OWN in clean(eve.ask("execute mine"))
    scene.story.revoke_analyst(actor=scene.story.me, login=eve.login)
    with refused(401, "login_revoked"):
        eve.run("execute mine")
    with refused(401, "login_revoked"):
        eve.everything()


def test_cursors_show_own_rows_only(eve: Analyst) -> None:
    eve.run("begin")
    eve.run("declare mine scroll cursor with hold for select * from polaris_history.events")
    clean(eve.ask("fetch all from mine"))
    eve.run("commit")
    assert OWN in clean(eve.ask("fetch backward all from mine"))
    assert eve.ask("select count(*) from pg_cursors where name <> 'mine'") == [(0,)]


def test_blocks_and_statements_that_are_put_together_may_no_more(scene: Scene, eve: Analyst) -> None:
    for statement in (
        "perform * from polaris_data.events",
        "execute 'set role polaris_owner'; perform * from polaris_data.events",
        "execute 'select * from polaris_data.' || 'events'",
        "perform set_config('role', 'polaris_owner', true); perform * from polaris_data.events",
        "perform set_config('session_authorization', 'postgres', true)",
        "perform polaris.list_projects(1, 'user:manu')",
    ):
        none_may(eve, f"do $$ begin {statement}; end $$")


def test_copy_shows_own_rows_and_files_are_closed(eve: Analyst) -> None:
    with eve.connection.cursor().copy("copy (select to_jsonb(x) from polaris_history.events x) to stdout") as copy:
        assert OWN in clean(b"".join(bytes(piece) for piece in copy).decode())
    none_may(
        eve,
        "copy (select 1) to '/tmp/mine'",
        "copy (select 1) to program 'cat'",
        "select pg_read_file('postgresql.conf')",
        "select pg_read_binary_file('PG_VERSION')",
        "select pg_ls_dir('.')",
        "select pg_ls_waldir()",
        "select pg_current_logfile()",
        "select lo_import('/etc/passwd')",
        "select lo_export(1, '/tmp/mine')",
        "select * from pg_hba_file_rules",
        "select pg_stat_file('.')",
    )


def test_large_objects_of_others_are_closed(scene: Scene, eve: Analyst) -> None:
    ((number,),) = scene.story.rows("select lo_from_bytea(0, 'the hidden words')")
    try:
        none_may(eve, f"select lo_get({number})", f"select lo_put({number}, 0, 'x')", "select * from pg_largeobject")
    finally:
        scene.story.owner.execute("select lo_unlink(%s::oid)", [number])


# To read it off what Postgres knows


def test_it_sees_no_statement_of_others(scene: Scene, eve: Analyst) -> None:
    with scene.story.connect.service() as service:
        service.execute("select %s::text, pg_sleep(0)", [HIDDEN])
        rows = eve.ask("select pid, state, query, client_addr, xact_start from pg_stat_activity")
        seen = {pid: (state, query, address, begun) for pid, state, query, address, begun in rows}

        assert seen[service.info.backend_pid] == (None, "<insufficient privilege>", None, None)
        assert seen[eve.pid][0] == "active"
        clean(rows)
        clean(eve.ask("select * from pg_prepared_statements"))
        clean(eve.ask("select * from pg_stat_get_backend_idset() i, pg_stat_get_backend_activity(i)"))
        none_may(
            eve,
            f"select pg_terminate_backend({service.info.backend_pid})",
            f"select pg_cancel_backend({service.info.backend_pid})",
        )


def test_it_sees_no_statistics_of_columns(scene: Scene, eve: Analyst) -> None:
    # The most common values of a column are values of everybody.
    ((known,),) = scene.story.rows("select count(*) from pg_stats where schemaname = 'polaris_data'")
    assert known > 20
    for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
        assert eve.ask(f"select count(*) from {view} where schemaname like 'polaris%'") == [(0,)]
    none_may(eve, "select * from pg_statistic", "select * from pg_statistic_ext_data")


def test_it_sees_no_password_and_no_configuration(eve: Analyst) -> None:
    none_may(
        eve,
        "select * from pg_authid",
        "select * from pg_shadow",
        "select * from pg_user_mapping",
        "select * from pg_subscription",
    )
    assert eve.ask("select distinct rolpassword from pg_roles") == [("********",)]
    clean(eve.ask("select * from pg_db_role_setting"))
    assert eve.ask("select count(*) from pg_settings where name in ('hba_file', 'data_directory', 'config_file')") == [
        (0,)
    ]


def test_explain_says_no_value(scene: Scene, eve: Analyst) -> None:
    for view in VIEWS:
        for options in ("verbose", "analyze, verbose, buffers", "analyze, format json"):
            clean(eve.ask(f"explain ({options}) select * from polaris_history.{view}"))


def test_a_guess_at_what_others_have_is_expected_as_often_as_any(scene: Scene, eve: Analyst) -> None:
    # What the planner knows of a column it knows of everybody's rows: halving finds a name that the histogram has.
    for view, column, guess, nobodys in (
        ("sessions", "session", "foreign-session", "nobodys-session"),
        ("sessions", "driver", "agent:stranger", "agent:nobody"),
        ("events", "body", FOREIGN, "the words of nobody"),
        ("events", "actor", "agent:stranger", "agent:nobody"),
        ("turns", "session", "foreign-session", "nobodys-session"),
        ("deliveries", "sender", "agent:stranger", "agent:nobody"),
        ("usage", "model", FOREIGN, "the words of nobody"),
        ("commits", "subject", FOREIGN, "the words of nobody"),
        ("annotations", "actor", "agent:stranger", "agent:nobody"),
    ):
        for operator in ("=", "<", ">"):
            expected = {
                str(eve.ask(f"explain select from polaris_history.{view} where {column} {operator} %s", value)).replace(
                    value, "…"
                )
                for value in (guess, nobodys)
            }
            assert len(expected) == 1, (view, column, operator)


def test_no_statistics_are_kept_of_texts_that_say_something(scene: Scene) -> None:
    words = {"kind", "visibility", "ended_how", "sender_class", "state", "path", "what"}  # of ours, the same everywhere
    shown = scene.story.rows(
        """
        select c.relname, a.attname, a.attstattarget = 0
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'polaris_data'::regnamespace and c.relkind = 'r' and a.attnum > 0
          and a.atttypid in ('text'::regtype, 'name'::regtype)
          and has_column_privilege('polaris_analyst', c.oid, a.attnum, 'select')
        """
    )

    assert len(shown) > 20
    # No view shows client_id.
    assert {(t, c) for t, c, quiet in shown if not quiet and c not in words} == {("events", "client_id")}


def test_the_information_schema_knows_what_the_views_need(scene: Scene, eve: Analyst) -> None:
    tables = eve.ask(
        "select table_schema, table_name from information_schema.tables where table_schema like 'polaris%'"
    )
    columns = eve.ask("select distinct table_name from information_schema.columns where table_schema = 'polaris_data'")

    assert {name for schema, name in tables if schema == "polaris_history"} == set(VIEWS)
    assert not {"orgs", "logins", "tokens", "people", "members", "audit"} & {name for (name,) in columns}
    clean(tables)
    clean(eve.ask("select * from information_schema.sequences"))
    clean(eve.ask("select table_name, view_definition from information_schema.views"))


def test_sequences_are_closed(eve: Analyst) -> None:
    assert eve.ask(
        "select count(*) from pg_sequences where schemaname = 'polaris_data' and last_value is not null"
    ) == [(0,)]
    none_may(
        eve,
        "select last_value from polaris_data.projects_project_id_seq",
        "select nextval('polaris_data.projects_project_id_seq')",
        "select setval('polaris_data.projects_project_id_seq', 1)",
    )
    for sequence in eve.ask(
        "select oid::int from pg_class where relkind = 'S' and relname = 'projects_project_id_seq'"
    ):
        none_may(eve, f"select nextval({sequence[0]}::oid::regclass)")
        assert eve.ask(f"select pg_sequence_last_value({sequence[0]})") in ([(None,)], [])


def test_counts_are_of_own_rows(scene: Scene, eve: Analyst) -> None:
    ((own,),) = scene.story.rows(
        """
        select count(*) from polaris_data.events e join polaris_data.projects p using (org_id, project_id)
        where e.org_id = %s and p.name = 'pj'
        """,
        scene.story.org,
    )

    assert eve.ask("select count(*), count(distinct project) from polaris_history.events") == [(own, 1)]
    assert eve.ask("select count(*) from polaris_history.events where project = 'hidden-pj'") == [(0,)]
    assert eve.ask("select count(*) from polaris_history.events where session = 'foreign-session'") == [(0,)]
    assert eve.ask("select max(epoch) from polaris_history.seats") == [(1,)]
    for view in VIEWS:
        assert eve.ask(f"select distinct project from polaris_history.{view}") == [("pj",)]


def test_joins_windows_and_recursion_stay_inside(eve: Analyst) -> None:
    for query in (
        "select a, b from polaris_history.events a full join polaris_history.turns b on seq = b.first_seq",
        "select a, (select max(body) from polaris_history.events b where b.seq = a.seq) from polaris_history.events a",
        "select *, first_value(body) over (order by body desc) from polaris_history.events",
        """
        with recursive r as (select 1::bigint n union select e.seq from r join polaris_history.events e on e.seq > r.n)
        select e.* from r join polaris_history.events e on e.seq = r.n
        """,
        "select body from polaris_history.events union all select prompt from polaris_history.turns",
        "select percentile_disc(0.9) within group (order by body), string_agg(body, '') from polaris_history.events",
        "select to_tsvector(body) from polaris_history.events",
    ):
        clean(eve.ask(query))
    for column in ("ctid", "tableoid", "xmin", "org_id", "project_id", "session_id", "client_id"):
        with pytest.raises((psycopg.errors.UndefinedColumn, psycopg.errors.InsufficientPrivilege)):
            eve.run(f"select {column} from polaris_history.events")


def test_every_plan_stays_inside(eve: Analyst) -> None:
    for setting in (
        "enable_seqscan",
        "enable_indexscan",
        "enable_bitmapscan",
        "enable_hashjoin",
        "enable_nestloop",
        "jit",
    ):
        eve.run(f"set {setting} = off")
        clean(eve.everything())
    for setting in (
        "parallel_setup_cost",
        "parallel_tuple_cost",
        "min_parallel_table_scan_size",
        "cursor_tuple_fraction",
    ):
        eve.run(f"set {setting} = 0")
    assert OWN in clean(eve.everything())


def test_what_was_erased_is_a_row_without_content(scene: Scene, eve: Analyst) -> None:
    ((seq, body, payload, kind),) = eve.ask(
        "select seq, body, payload, kind from polaris_history.events where erased_at is not null"
    )

    assert (body, payload, kind) == ("", None, "prompt")
    assert seq == max(e.seq for e in scene.story.events())


def test_a_project_that_becomes_private_is_gone_at_once(scene: Scene, eve: Analyst) -> None:
    scene.story.project("brief-pj")
    count = "select count(*) from polaris_history.events where project = 'brief-pj'"
    eve.run(f"prepare seen as {count}")
    scene.story.create_session(actor=scene.story.me, project="brief-pj", session="x")
    assert eve.ask("execute seen") == [(1,)]
    scene.story.set_visibility(actor=scene.story.me, project="brief-pj", visibility="private")
    assert eve.ask("execute seen") == eve.ask(count) == [(0,)]
    assert "brief-pj" not in eve.everything()


def test_what_lies_before_the_first_number_is_gone(scene: Scene, tell: Any) -> None:
    story = tell()
    fill(story, "fxm", story.me, OWN)
    story.owner.execute("update polaris_data.projects set first_seq = 4 where org_id = %s", [story.org])
    with analyst(story) as eve:
        assert eve.ask("select min(seq) from polaris_history.events") == [(4,)]
        assert eve.ask("select prompt_seq, first_seq from polaris_history.turns") == [(None, 4)]


def test_other_databases_of_the_server_lead_nowhere(scene: Scene, eve: Analyst) -> None:
    with psycopg.connect(
        scene.story.connect.owner_url, user=eve.login, password="open sesame", dbname="postgres"
    ) as other:
        with pytest.raises(psycopg.Error):
            other.execute("select from polaris_history.events")
        other.rollback()
        with pytest.raises(psycopg.Error):
            other.execute("create extension dblink")


def test_it_gives_nothing_away_to_others(eve: Analyst) -> None:
    for statement in (
        "grant select on polaris_history.events to public",
        "grant polaris_analyst to polaris_client",
        "grant usage on schema polaris_history to public",
    ):
        try:
            eve.run(statement)  # Postgres says WARNING: no privileges were granted
        except psycopg.errors.InsufficientPrivilege:
            continue
    assert eve.ask("select has_table_privilege('polaris_client', 'polaris_history.events', 'select')") == [(False,)]


# What it can know and do all the same: docs/analysts.md says so


def test_what_it_hears_is_numbers(scene: Scene, eve: Analyst) -> None:
    # No privilege exists for LISTEN. Any number can be tried, and whose project it is nobody says.
    channel = f"polaris_project_{scene.other.project_id()}"
    eve.run(sql.SQL("listen {}").format(sql.Identifier(channel)).as_string())
    said = scene.other.say(actor=scene.other.me, project="pj", body=FOREIGN)
    note = next(eve.connection.notifies(timeout=20, stop_after=1))

    assert (note.channel, note.payload) == (channel, f'{{"f":{said.seq},"l":{said.seq}}}')


def test_what_it_notifies_changes_nothing(scene: Scene, eve: Analyst) -> None:
    before = scene.story.told()
    eve.run("select pg_notify(%s, %s)", f"polaris_project_{scene.story.project_id()}", '{"f":1,"l":999999}')

    assert scene.story.told() == before
    scene.story.check()


def test_it_knows_how_much_there_is_over_all_organizations(scene: Scene, eve: Analyst) -> None:
    number = "(select oid from pg_class where relname = 'events' and relnamespace = 'polaris_data'::regnamespace)"
    ((rows, size, written),) = eve.ask(
        f"""
        select (select reltuples from pg_class where oid = {number})::int, pg_relation_size({number}),
          (select n_tup_ins from pg_stat_all_tables where relid = {number})
        """
    )

    assert rows > 10
    assert size > 0
    assert written is not None


def test_it_knows_the_names_of_roles(scene: Scene, eve: Analyst) -> None:
    with scene.other.client("user:manu") as client:
        assert eve.ask("select count(*) from pg_roles where rolname = %s", client.login) == [(1,)]
        assert client.login in str(eve.ask("select usename from pg_stat_activity"))


def test_no_name_of_a_connection_tells_anything(scene: Scene, eve: Analyst) -> None:
    # Everybody sees these.
    clean(eve.ask("select application_name from pg_stat_activity"))
