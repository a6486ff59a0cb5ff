"""polaris.reap_analysts: limits that hold against an analyst who lifts its own."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from analysts import Analyst, analyst
from story import Background, Story, event

from polaris.db import analysts

NOW, LONG = timedelta(0), timedelta(hours=1)
LENIENT = {"query": LONG, "idle": LONG, "transaction": LONG, "connections": 5}


def reaped(story: Story, **limits: Any) -> list[tuple[int, str]]:
    return [(row.pid, row.why) for row in story.reap_analysts(**LENIENT | limits)]


def gone(eve: Analyst) -> bool:
    try:
        eve.ask("select 1")
    except psycopg.OperationalError:
        return True
    return False


def lifted(eve: Analyst) -> None:
    """What an analyst can do about the settings of its role."""
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        eve.run(f"alter role {eve.login} set {name} = 0")
        eve.run(f"set {name} = 0")
    eve.run("set default_transaction_read_only = off")


def test_a_query_over_its_time_is_ended(story: Story, background: Background) -> None:
    with analyst(story) as eve:
        lifted(eve)
        sleep = background.start(
            eve.run, "do $$ begin perform pg_sleep(60); exception when query_canceled then null; end $$"
        )
        until_active(story, eve)

        assert reaped(story) == []
        assert reaped(story, query=NOW) == [(eve.pid, "query")]
        assert isinstance(background.failure(sleep), psycopg.OperationalError)


def test_a_block_that_commits_all_the_time_is_one_query(story: Story, background: Background) -> None:
    with analyst(story) as eve:
        lifted(eve)
        loop = background.start(eve.run, "do $$ begin loop perform pg_sleep(0.01); commit; end loop; end $$")
        until_active(story, eve)

        assert reaped(story, query=NOW) == [(eve.pid, "query")]
        assert isinstance(background.failure(loop), psycopg.OperationalError)


def test_who_sits_in_a_transaction_is_ended(story: Story) -> None:
    with analyst(story) as eve:
        lifted(eve)
        eve.run("begin")

        assert reaped(story) == []
        assert reaped(story, idle=NOW) == [(eve.pid, "idle")]
        assert gone(eve)


def test_who_sits_in_one_that_failed_is_ended_too(story: Story) -> None:
    with analyst(story) as eve:
        eve.run("begin")
        with pytest.raises(psycopg.errors.DivisionByZero):
            eve.run("select 1 / 0")

        assert reaped(story, idle=NOW) == [(eve.pid, "idle")]
        assert gone(eve)


def test_a_transaction_of_many_short_queries_is_ended(story: Story) -> None:
    with analyst(story) as eve:
        eve.run("begin")
        for _ in range(3):
            eve.run("select 1")

        assert reaped(story, transaction=NOW) == [(eve.pid, "transaction")]
        assert gone(eve)


def test_of_too_many_connections_the_youngest_are_ended(story: Story) -> None:
    # As if somebody had lifted the limit of the role, too.
    with analyst(story) as eve, another(story, eve) as second, another(story, eve) as third:
        assert reaped(story, connections=3) == []
        assert reaped(story, connections=2) == [(third.info.backend_pid, "connections")]
        assert not gone(eve)
        second.execute("select 1")


def test_who_holds_an_advisory_lock_is_ended(story: Story) -> None:
    # The migrator and the keeper take turns by such locks.
    with analyst(story) as eve:
        eve.run("select pg_advisory_lock(31711091450253683)")

        assert reaped(story) == [(eve.pid, "lock")]
        assert gone(eve)


@pytest.mark.parametrize(
    "statement",
    [
        "create temporary table mine (x int)",
        "create function pg_temp.mine() returns int language sql as 'select 1'",
        "select lo_create(0)",
    ],
)
def test_who_has_written_something_is_ended_in_every_connection(story: Story, statement: str) -> None:
    with analyst(story) as eve, another(story, eve) as second:
        lifted(eve)
        eve.run(statement)

        assert sorted(reaped(story)) == sorted([(eve.pid, "owns"), (second.info.backend_pid, "owns")])
        assert gone(eve)


def test_what_is_written_and_not_committed_is_the_blockers_reapers(story: Story) -> None:
    with analyst(story) as eve:
        lifted(eve)
        eve.run("begin")
        eve.run("create temporary table mine (x int)")

        assert [row.pid for row in story.reap_blockers(older_than=NOW)] == [eve.pid]
        assert gone(eve)


def test_the_connections_of_a_revoked_login_are_ended(story: Story) -> None:
    with analyst(story) as eve:
        story.revoke_analyst(actor=story.me, login=eve.login)

        assert reaped(story) == [(eve.pid, "revoked")]
        assert gone(eve)


def test_an_analyst_in_another_database_has_the_same_limits(story: Story) -> None:
    with analyst(story) as eve, another(story, eve, "postgres") as elsewhere:
        elsewhere.execute("begin")

        assert reaped(story, idle=NOW) == [(elsewhere.info.backend_pid, "idle")]
        with pytest.raises(psycopg.OperationalError):
            elsewhere.execute("select 1")


def test_who_keeps_the_limits_and_who_is_no_analyst_is_left_alone(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    none = {"query": NOW, "idle": NOW, "transaction": NOW, "connections": 1}
    with analyst(story) as eve, story.client(story.me) as client, story.another() as service:
        eve.ask("select * from polaris_history.events")
        client.connection.execute("begin")
        client.list_projects()
        service.connection.execute("select pg_advisory_lock(1)")
        service.connection.execute("begin")

        assert reaped(story, **none) == []
        service.connection.execute("rollback")
        client.connection.execute("rollback")
        assert client.push(fxm, event("a"))[0].created
        assert not gone(eve)


def test_the_limits_lie_above_those_that_the_role_is_given(story: Story) -> None:
    (default,) = story.rows(
        "select pg_get_function_arguments(oid) from pg_proc where oid = 'polaris.reap_analysts'::regproc"
    )
    given = dict(re.findall(r"(p_\w+) \w+ DEFAULT '?([\d:]+)", default[0]))
    role = timedelta(seconds=int(analysts.SETTINGS["statement_timeout"].removesuffix("s")))

    assert timedelta(minutes=2) > seconds(given["p_query"]) > role
    assert analysts.SETTINGS["statement_timeout"] == analysts.SETTINGS["idle_in_transaction_session_timeout"]
    assert given["p_idle"] == given["p_query"]
    assert int(given["p_connections"]) == analysts.CONNECTIONS


def seconds(text: str) -> timedelta:
    hours, minutes, rest = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=rest)


def another(story: Story, eve: Analyst, database: str | None = None) -> psycopg.Connection[Any]:
    """One more connection of the same login."""
    place = {"dbname": database} if database else {}
    return psycopg.connect(story.connect.owner_url, user=eve.login, password="open sesame", autocommit=True, **place)


def until_active(story: Story, eve: Analyst) -> None:
    """Returns when the connection runs a statement."""
    for _ in range(10_000):
        if story.rows("select state from pg_stat_activity where pid = %s", eve.pid) == [("active",)]:
            return
    raise AssertionError("it never began")
