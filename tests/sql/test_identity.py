"""Who may do what: the service, direct clients with a Postgres login of their own, and everybody else."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_type_hints
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from story import PUSHED, Client, Connect, Connection, Place, Story, event, not_permitted, refused

from polaris.db import slack_calls
from polaris.db.calls import CALLS

SERVICE_ONLY = {
    "accept_invite": {"person": 1, "org_slug": "org", "hash": b"", "handle": "mine"},
    "answer_device_login": {"person": 1, "org": 1, "user_code": "X", "allowed": True},
    "authenticate": {"hash": b""},
    "index_events": {"project_id": 1},
    "list_unindexed": {},
    "reset_index": {},
    "begin_export": {"actor": "user:manu", "project": "pj"},
    "begin_import": {"actor": "user:manu", "project": "mine", "digest": b"x" * 32, "source": {}},
    "begin_device_login": {"device_hash": b"", "user_code": "X", "machine": "x", "address": "x"},
    "begin_sign_in": {"state_hash": b"", "nonce": "x", "verifier": "x", "return_to": "/"},
    "close_web_session": {"hash": b""},
    "close_web_sessions": {"person": 1},
    "create_analyst": {"actor": "user:manu", "for": "user:manu", "login": "x"},
    "create_org": {"slug": "mine", "name": None, "handle": "me"},
    "exchange_login_code": {"hash": b"", "challenge": "x", "redirect_uri": "x", "token_hash": b"", "token_shown": "x"},
    "finish_import": {"actor": "user:manu", "project": "pj", "digest": b"x" * 32},
    "found_org": {"person": 1, "slug": "mine", "name": None, "handle": "me"},
    "get_invite": {"org_slug": "org", "hash": b""},
    "guess_device_login": {"person": 1, "user_code": "X"},
    "import_rows": {"actor": "user:manu", "project": "pj", "digest": b"x" * 32, "what": "event", "rows": []},
    "join_by_domain": {"person": 1, "org_slug": "org", "handle": "mine"},
    "list_analysts": {"actor": "user:manu"},
    "list_dead_tokens": {"tokens": []},
    "list_dead_web_sessions": {"sessions": [], "orgs": []},
    "list_heads": {"projects": []},
    "list_local_people": {},
    "list_logins": {},
    "list_memberships": {"person": 1},
    "list_orgs_to_join": {"person": 1},
    "list_orgs_with_lapses": {},
    "note_export": {"actor": None, "what": "x"},
    "note_refused_sign_in": {"reason": "x"},
    "poll_device_login": {"device_hash": b"", "token_hash": b"", "token_shown": "x"},
    "prove_domain": {"actor": "user:manu", "domain": "acme.example"},
    "read_export": {"actor": "user:manu", "project": "pj", "what": "event", "after": [], "last": 1},
    "read_project_events": {"project_id": 1, "after": 0},
    "reap_analysts": {},
    "reap_blockers": {},
    "register_login": {"actor": "user:manu", "login": "x"},
    "resume_web_session": {"hash": b""},
    "revoke_analyst": {"actor": "user:manu", "login": "x"},
    "revoke_login": {"login": "x"},
    "sign_in": {
        "issuer": "local",
        "subject": "1:manu",
        "email": None,
        "name": None,
        "picture": None,
        "domain": None,
        "hash": b"x" * 32,
        "user_agent": None,
    },
    "take_sign_in": {"state_hash": b""},
    "touch_tokens": {"tokens": []},
    "write_login_code": {
        "hash": b"",
        "person": 1,
        "org": 1,
        "challenge": "x",
        "redirect_uri": "x",
        "machine": "x",
    },
}
# Slack's functions are the service's, all of them; what is asked stands in their stubs.
NOTHING: dict[Any, Any] = {int: 1, bytes: b"", bool: False, Jsonb: [], list[str]: [], list[UUID]: [], datetime: "now"}
SERVICE_ONLY |= {
    name: {
        parameter.name.rstrip("_"): NOTHING.get(get_type_hints(getattr(slack_calls, name))[parameter.name], "x")
        for parameter in list(signature.parameters.values())[1:]
        if parameter.default is parameter.empty and parameter.name != "org"
    }
    for name, signature in CALLS.items()
    if hasattr(slack_calls, name)
}
# Of what keeps and deletes, too, but for what an administrator is asked for.
SCRUB = {"actor": "user:manu", "project": "pj"}
SERVICE_ONLY |= {
    "erase_batch": {"erasure": 1},
    "lead_keeping": {},
    "list_keeping_work": {},
    "list_orgs_to_keep": {},
    "prune_project": {"project_id": 1},
    "read_for_scrub": SCRUB,
    "read_texts_for_scrub": SCRUB,
    "scrub_events": SCRUB | {"seqs": [], "hashes": [], "bodies": [], "payloads": [], "facts": []},
    "scrub_texts": SCRUB | {"places": [], "keys": [], "hashes": [], "bodies": []},
}
TRUST_WHAT_THEY_ARE_TOLD = {
    "erase_person": {"actor": "user:manu", "participant": "user:krishna", "reason": "x"},
    "erase_session": {"actor": "user:manu", "project": "pj", "session": "fxm", "reason": "x"},
    "lift_hold": {"actor": "user:manu", "hold": 1},
    "list_erasures": {"actor": "user:manu"},
    "list_holds": {"actor": "user:manu"},
    "list_retention": {"actor": "user:manu"},
    "place_hold": {"actor": "user:manu", "project": "pj", "reason": "x"},
    "set_retention": {"actor": "user:manu", "project": "pj", "keep_days": 1},
    "add_domain": {"actor": "user:manu", "domain": "acme.example"},
    "add_member": {"actor": "user:manu", "handle": "mine"},
    "get_audit_head": {"actor": "user:manu"},
    "invite": {"actor": "user:manu", "email": "me@acme.example", "role": "admin", "hash": b"x" * 32},
    "issue_token": {"actor": "user:manu", "for": "user:manu", "name": "x", "hash": b"x" * 32, "shown": "x"},
    "list_audit": {"actor": "user:manu"},
    "list_domains": {"actor": "user:manu"},
    "list_invites": {"actor": "user:manu"},
    "list_tokens": {"actor": "user:manu"},
    "remove_domain": {"actor": "user:manu", "domain": "acme.example"},
    "remove_member": {"actor": "user:manu", "handle": "krishna"},
    "revoke_invite": {"actor": "user:manu", "invite": 1},
    "revoke_token": {"actor": "user:manu", "token": 1},
    "set_role": {"actor": "user:manu", "handle": "krishna", "role": "admin"},
}


def relations(owner: Connection) -> list[str]:
    """Every table, view and sequence, qualified."""
    found = owner.execute(
        """
        select format('%I.%I', relnamespace::regnamespace, relname) from pg_class
        where relnamespace in ('polaris_data'::regnamespace, 'polaris_history'::regnamespace)
          and relkind in ('r', 'v', 'S')
        """
    ).fetchall()

    assert len(found) > 10
    return [name for (name,) in found]


@pytest.fixture
def krishna(story: Story) -> Iterator[Client]:
    """A direct client that acts as user:krishna, who drives fxk; user:manu drives fxm."""
    story.member("krishna")
    story.session("fxm", driver="user:manu")
    with story.client("user:krishna") as client:
        yield client


def test_a_direct_client_does_what_a_participant_does_as_itself(story: Story, krishna: Client) -> None:
    joined = krishna.join_session(actor=None, project="pj", session="fxk")
    fxk = Place("pj", "fxk", None, joined.epoch)
    fxm = Place("pj", "fxm", "user:manu", 1)
    (pushed,) = krishna.push(fxk, event("a", body="captured"))
    advice = krishna.inject(body="use RS256", **fxm)
    said = krishna.say(actor=None, project="pj", body="hello")
    (beat,) = krishna.heartbeat(actor=None, project=["pj"], session=["fxk"], epoch=[1])
    own = story.advise(fxk, "for krishna")
    (waiting,) = krishna.read_advice(epoch=1, **fxk)
    settled = krishna.settle_delivery(delivery=own.delivery_id, state="sent", epoch=1)
    released = krishna.release_driver(actor=None, epoch=1, **fxk)

    assert (joined.driver, pushed.created, beat.held, released.seat) == ("user:krishna", True, True, "open")
    assert (waiting.delivery_id, settled.changed) == (own.delivery_id, True)
    told = {(e.kind, e.actor) for e in krishna.read_events(project="pj", by=["user:krishna"])}
    assert {kind for kind, _ in told} >= {"prompt", "advice", "floor", "delivery", "driver.claimed", "driver.released"}
    assert {e.actor for e in story.events() if e.seq in (pushed.seq, advice.advice_seq, said.seq)} == {"user:krishna"}
    assert [p.name for p in krishna.list_projects()] == ["pj"]
    assert krishna.claim_driver(actor=None, **fxk).epoch == 2
    story.check()


def test_it_listens_on_its_projects_channel(story: Story, krishna: Client) -> None:
    channel = f"polaris_project_{story.project_id()}"
    krishna.connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
    story.say(actor=story.me, project="pj", body="hello")
    note = next(krishna.connection.notifies(timeout=20, stop_after=1))

    assert (note.channel, note.payload) == (channel, '{"f":3,"l":3}')


def test_its_own_name_may_be_passed(story: Story, krishna: Client) -> None:
    krishna.org = story.org

    assert krishna.say(actor="user:krishna", project="pj", body="hello").created


@pytest.mark.parametrize("actor", ["user:manu", "agent:bot", "slack:x", ""])
def test_it_cannot_act_as_somebody_else(krishna: Client, actor: str) -> None:
    fxm = {"project": "pj", "session": "fxm"}
    for function, arguments in {
        "claim_driver": fxm,
        "release_driver": fxm,
        "inject": {**fxm, "body": "x"},
        "say": {"project": "pj", "body": "x"},
        "read_events": {"project": "pj"},
        "read_advice": {**fxm, "epoch": 1},
        "join_session": fxm,
        "create_project": {"name": "x"},
        "archive_session": fxm,
        "list_projects": {},
        "list_members": {},
    }.items():
        with refused(403, "actor_is_not_yours"):
            krishna.call(function, actor=actor, **arguments)


def test_it_cannot_act_in_another_organization(story: Story, krishna: Client, tell: Any) -> None:
    other = tell()
    other.session("fxm", driver="user:krishna", project="theirs")
    krishna.org = other.org
    for function, arguments in {
        "read_events": {"project": "theirs"},
        "list_projects": {},
        "push_events": {name: [] for name in PUSHED if name != "actor"},
        "heartbeat": {"project": ["theirs"], "session": ["fxm"], "epoch": [1]},
    }.items():
        with refused(403, "actor_is_not_yours"):
            krishna.call(function, actor=None, **arguments)


def test_what_it_pushes_is_its_own_whatever_it_says(story: Story, krishna: Client) -> None:
    fxm = Place("pj", "fxm", "user:manu", 1)
    (forged,) = krishna.push(fxm, event("forged"))
    krishna.join_session(actor=None, project="pj", session="fxk")
    (own,) = krishna.push(Place("pj", "fxk", "user:manu", 1), event("own"))

    assert (forged.code, forged.seq) == ("not_driver", None)
    assert story.events()[-1].actor == "user:krishna"
    assert own.created


def test_what_it_beats_for_is_its_own_whatever_it_says(story: Story, krishna: Client) -> None:
    lease = story.get_session(actor=None, project="pj", session="fxm").lease_until
    (answer,) = krishna.heartbeat(actor=["user:manu"], project=["pj"], session=["fxm"], epoch=[1], lease_seconds=9999)

    assert (answer.held, answer.lease_until) == (False, lease)


@pytest.mark.parametrize(("function", "arguments"), [*SERVICE_ONLY.items(), *TRUST_WHAT_THEY_ARE_TOLD.items()])
def test_it_cannot_call_what_is_for_the_service(krishna: Client, function: str, arguments: dict[str, Any]) -> None:
    with not_permitted():
        krishna.call(function, **arguments)


@pytest.mark.parametrize(("function", "arguments"), SERVICE_ONLY.items())
def test_a_registered_login_stays_one_participant_even_as_a_member_of_the_service(
    story: Story, function: str, arguments: dict[str, Any]
) -> None:
    with story.connect.client("polaris_client", "polaris_service") as (login, connection):
        story.register_login(actor=story.me, login=login)
        client = Client(connection, story.signatures, login)
        client.org = story.org
        with refused(403, "service_only"):
            client.call(function, **arguments)
        with refused(403, "actor_is_not_yours"):
            client.list_projects(actor="agent:bot")


def test_it_touches_no_table_view_sequence_or_inner_function(story: Story, krishna: Client) -> None:
    for relation in relations(story.owner):
        for statement in (
            f"select from {relation}",
            f"delete from {relation}",
            f"copy {relation} to stdout",
        ):
            with not_permitted():
                krishna.connection.execute(statement)
    for statement in (
        "select polaris_data.publish(1, 1, 1)",
        "select polaris_data.acting(null, null)",
        "select polaris_data.fail(404, 'x', 'x')",
        "create table polaris.mine (x int)",
        "create table polaris_data.mine (x int)",
        "create function polaris.mine() returns int language sql as 'select 1'",
        "create or replace function polaris.get_project(bigint, text, text) returns int language sql as 'select 1'",
        "alter function polaris.list_projects(bigint, text) owner to current_user",
        "drop function polaris.list_projects(bigint, text)",
        "insert into polaris_data.logins (login, org_id, actor) values (session_user, 1, 'user:manu')",
    ):
        with not_permitted():
            krishna.connection.execute(statement)


@pytest.mark.parametrize("role", ["polaris_owner", "polaris_service", "polaris_analyst", "postgres"])
def test_it_becomes_no_other_role(krishna: Client, role: str) -> None:
    for statement in (f"set role {role}", f"set session authorization {role}", f"grant {role} to current_user"):
        with not_permitted():
            krishna.connection.execute(statement)


def test_no_setting_forges_an_identity(story: Story, krishna: Client) -> None:
    krishna.connection.execute("set role polaris_client")
    for name in ("polaris.actor", "polaris.org", "polaris.user", "request.jwt.claims", "session_user.x"):
        krishna.connection.execute("select set_config(%s, 'user:manu', false)", [name])
    krishna.say(actor=None, project="pj", body="hello")

    assert story.events()[-1].actor == "user:krishna"
    with not_permitted():
        krishna.connection.execute("set session_replication_role = replica")


def test_no_path_puts_anything_in_front_of_ours(story: Story, krishna: Client) -> None:
    # A temporary schema comes first by default, and whatever is in it would be taken for ours.
    run = krishna.connection.execute
    run("create temporary table logins (login name, org_id bigint, actor text, revoked_at timestamptz)")
    run("insert into logins values (session_user, 1, 'user:manu', null)")
    run("create temporary table projects (name text)")
    run("create temporary view pg_stat_activity as select 1")
    for function in (
        "format(text, text, text) returns text",
        "pg_has_role(name, text, text) returns boolean",
        "clock_timestamp() returns timestamptz",
    ):
        kind = function.rsplit(" ", 1)[1]
        run(f"create function pg_temp.{function} language sql as $$ select null::{kind} $$")
    run("create function pg_temp.equal(bigint, bigint) returns boolean language sql as 'select true'")
    run("create operator pg_temp.= (leftarg = bigint, rightarg = bigint, function = pg_temp.equal)")
    run("set search_path = pg_temp, polaris_data, polaris, public, pg_catalog")

    krishna.say(actor=None, project="pj", body="hello")
    told = story.events()[-1]
    assert (told.actor, told.project) == ("user:krishna", "pj")
    with refused(403, "actor_is_not_yours"):
        krishna.say(actor="user:manu", project="pj", body="hello")
    with refused(404, "no_such_project"):
        krishna.read_events(project="nope")


def test_a_revoked_login_does_nothing_any_more(story: Story, krishna: Client) -> None:
    krishna.join_session(actor=None, project="pj", session="fxk")
    story.revoke_login(login=krishna.login)
    fxk = Place("pj", "fxk", "user:krishna", 1)
    for attempt in (
        lambda: krishna.push(fxk, event("a")),
        lambda: krishna.read_events(project="pj"),
        lambda: krishna.inject(body="x", **fxk),
        lambda: krishna.claim_driver(actor=None, **fxk),
        lambda: krishna.list_projects(),
    ):
        with refused(401, "login_revoked"):
            attempt()


def test_a_revoked_login_is_not_the_service_either(story: Story) -> None:
    with story.connect.client("polaris_client", "polaris_service") as (login, connection):
        story.register_login(actor=story.me, login=login)
        story.revoke_login(login=login)
        client = Client(connection, story.signatures, login)
        with refused(401, "login_revoked"):
            client.list_projects()
        with refused(403, "service_only"):
            client.list_orgs_with_lapses()


def test_a_login_that_nobody_registered_is_nobody(story: Story) -> None:
    with story.connect.client() as (login, connection):
        client = Client(connection, story.signatures, login)
        with refused(401, "login_unknown"):
            client.list_projects()
        client.org = story.org
        with refused(401, "login_unknown"):
            client.list_projects(actor="user:manu")


def test_a_login_without_our_roles_cannot_even_look(story: Story) -> None:
    with story.connect.client("pg_monitor") as (login, connection):
        client = Client(connection, story.signatures, login)
        for function in ("list_projects", "list_orgs_with_lapses"):
            with not_permitted():
                client.call(function)


def test_an_analyst_calls_nothing(story: Story) -> None:
    with story.connect.client("polaris_analyst") as (login, connection):
        client = Client(connection, story.signatures, login)
        with not_permitted():
            client.list_projects()
        with not_permitted():
            connection.execute("select from polaris_data.events")


def test_secrets_that_a_direct_client_pushes_are_redacted(story: Story, krishna: Client) -> None:
    krishna.join_session(actor=None, project="pj", session="fxk")
    token = "ghp_" + "a1B2" * 9
    fxk = Place("pj", "fxk", None, 1)
    krishna.push(fxk, event("a", body=f"run with {token}", payload={"env": [f"X\n{token}\n"], "n": 1}), event("b"))
    leaked, plain = story.events()[-2:]

    assert leaked.body.startswith("run with [REDACTED:github:")
    assert token not in leaked.payload
    assert "[REDACTED:github:" in leaked.payload
    assert (plain.body, plain.payload) == ("text", None)
    assert not story.rows("select from polaris_data.events where org_id = %s and payload::text ~ 'ghp_'", story.org)


def test_one_bad_secret_does_not_take_its_batch_along(story: Story, krishna: Client) -> None:
    krishna.join_session(actor=None, project="pj", session="fxk")
    halves = {"a": ["-----BEGIN PRIVATE KEY-----"], "b": "-----END PRIVATE KEY-----"}
    pushed = krishna.push(Place("pj", "fxk", None, 1), event("a", payload=halves), event("b"))

    assert [p.created for p in pushed] == [True, True]


def test_what_the_service_pushes_was_redacted_before(story: Story) -> None:
    # At the edge and in the API: a third time would only cost.
    token = "ghp_" + "a1B2" * 9
    story.push(story.session("fxm", driver=story.me), event("a", body=token))

    assert story.events()[-1].body == token


def test_the_service_touches_no_table(stories: Connect, owner: psycopg.Connection[Any]) -> None:
    with stories.service() as service:
        for relation in relations(owner):
            with not_permitted():
                service.execute(f"select from {relation}")
        with not_permitted():
            service.execute("select polaris_data.publish(1, 1, 1)")


def test_functions_that_only_the_service_calls_say_so_to_others(owner: psycopg.Connection[Any]) -> None:
    callable_by_clients = {
        name
        for (name,) in owner.execute(
            """
            select p.proname from pg_proc p
            where p.pronamespace = 'polaris'::regnamespace
              and has_function_privilege('polaris_client', p.oid, 'execute')
            """
        ).fetchall()
    }
    everything = {
        name
        for (name,) in owner.execute(
            "select proname from pg_proc where pronamespace = 'polaris'::regnamespace"
        ).fetchall()
    }

    assert everything - callable_by_clients == SERVICE_ONLY.keys() | TRUST_WHAT_THEY_ARE_TOLD.keys()


def test_a_person_removed_by_force_leaves_no_way_in(story: Story, krishna: Client) -> None:
    story.remove_member(actor=story.me, handle="krishna")
    with refused(401, "login_revoked"):
        krishna.list_projects()
