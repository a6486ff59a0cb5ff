"""bridge.socket_mode: one socket, in order, acknowledged once it is kept, and patient with whatever ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
from slack_room import Room, room, settings, until

from polaris.bridge import socket_mode
from polaris.bridge.socket_mode import SocketIngress
from polaris.db.pool import Database
from polaris.demo_slack import FakeSlack


@pytest.fixture
async def pj(database: Any, slack: FakeSlack, tmp_path: Path) -> AsyncIterator[Room]:
    """A room, with the ingress that it has by itself."""
    async with room(database, slack, tmp_path) as made:
        yield made


@asynccontextmanager
async def ingress(
    slack: FakeSlack, http: aiohttp.ClientSession, home: Path, **more: Any
) -> AsyncIterator[SocketIngress]:
    """One more, which needs no database as long as nothing is told."""
    made = SocketIngress(settings(slack, home, **more), Database("postgresql://nowhere/x"), http)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def opens(slack: FakeSlack) -> int:
    return len(slack.called("apps.connections.open"))


async def test_what_is_acknowledged_is_kept(pj: Room) -> None:
    await pj.say("@fxm use RS256")

    assert [delivery.acknowledged for delivery in pj.slack.deliveries] == [True]
    assert [row.body for row in await pj.inbox()] == ["use RS256"]


async def test_what_comes_at_once_is_kept_in_its_order(pj: Room) -> None:
    await asyncio.gather(*(pj.say(f"@fxm step {number}") for number in range(40)))

    assert [row.body for row in await pj.inbox()] == [f"step {number}" for number in range(40)]
    assert [delivery.attempt for delivery in pj.slack.deliveries] == [0] * 40


async def test_what_is_told_again_is_kept_once(pj: Room) -> None:
    pj.slack.lost_acks = 2
    await pj.say("@fxm use RS256")

    assert len(pj.slack.deliveries) == 3
    assert len(await pj.inbox()) == 1


async def test_what_cannot_be_kept_is_not_acknowledged_and_comes_again(pj: Room) -> None:
    async with await psycopg.AsyncConnection.connect(pj.owner) as blocker:
        await blocker.execute("lock table polaris_data.slack_inbox in exclusive mode")
        sending = asyncio.create_task(pj.say("@fxm use RS256"))
        await until(lambda: pj.slack.deliveries, "a first attempt")
    await sending

    assert not pj.slack.deliveries[0].acknowledged
    assert pj.slack.deliveries[-1].acknowledged
    assert len(await pj.inbox()) == 1


async def test_slack_closes_a_socket_every_few_hours_and_nothing_is_lost(pj: Room) -> None:
    await pj.say("@fxm before")
    await pj.slack.refresh()
    await pj.say("@fxm after")

    assert [row.body for row in await pj.inbox()] == ["before", "after"]
    assert opens(pj.slack) == 2


async def test_a_socket_that_breaks_is_made_again(pj: Room) -> None:
    pj.slack.abort()
    await pj.say("@fxm use RS256")

    assert [row.body for row in await pj.inbox()] == ["use RS256"]


async def test_two_processes_share_what_comes(
    pj: Room, slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    other = SocketIngress(settings(slack, tmp_path), pj.database, http)
    running = asyncio.create_task(other.run())
    await until(lambda: len(slack.sockets) == 2, "a second socket")
    try:
        for number in range(6):
            await pj.say(f"@fxm step {number}")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert [row.body for row in await pj.inbox()] == [f"step {number}" for number in range(6)]


async def test_a_token_that_slack_does_not_take_is_tried_once_a_minute(
    slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with ingress(slack, http, tmp_path, slack_app_token="xapp-1-A1-wrong"):
            await until(lambda: "does not take" in caplog.text, "the word in the log")
            await asyncio.sleep(0.3)  # in which slack-sdk alone would have asked again

            assert opens(slack) == 1
    (record,) = (r for r in caplog.records if r.levelno == logging.ERROR)
    assert (record.__dict__["reason"], record.__dict__["variable"]) == ("invalid_auth", "POLARIS_SLACK_APP_TOKEN")
    assert "xapp-" not in caplog.text


async def test_a_token_that_was_mended_is_found_without_a_restart(
    slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_mode, "FATAL_SECONDS", 0.05)
    slack.fail("apps.connections.open", times=2, error="invalid_auth")
    async with ingress(slack, http, tmp_path) as made:
        await asyncio.wait_for(made.ready.wait(), 10)

    assert opens(slack) == 3


@pytest.mark.parametrize("how", [{"status": 500}, {"drop": True}, {"error": "internal_error"}])
async def test_while_slack_is_away_it_is_asked_again_after_a_pause(
    slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path, how: dict[str, Any]
) -> None:
    slack.fail("apps.connections.open", **how)
    async with ingress(slack, http, tmp_path) as made:
        await asyncio.wait_for(made.ready.wait(), 10)

    assert opens(slack) == 2


async def test_the_wait_that_slack_asks_for_is_kept(
    slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slack.fail("apps.connections.open", status=429, retry_after=25)
    with caplog.at_level(logging.WARNING):
        async with ingress(slack, http, tmp_path):
            await until(lambda: "no connection" in caplog.text, "the word in the log")

    assert next(r.__dict__["pause_seconds"] for r in caplog.records if "no connection" in r.message) == 25


async def test_an_address_that_leads_nowhere_is_asked_for_anew(
    slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ticket opens one socket; slack-sdk alone would try the same one for ever."""
    monkeypatch.setattr(socket_mode, "CONNECT_SECONDS", 0.3)
    tickets, slack.tickets = slack.tickets, _Forgetful(1)
    async with ingress(slack, http, tmp_path) as made:
        await asyncio.wait_for(made.ready.wait(), 10)

    assert opens(slack) == 2
    assert tickets == set()


async def test_beside_ten_sockets_it_asks_slowly(slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Here slack-sdk alone asks hundreds of times a second."""
    made = [SocketIngress(settings(slack, tmp_path), Database("postgresql://nowhere/x"), http) for _ in range(11)]
    running = [asyncio.create_task(one.run()) for one in made]
    try:
        await until(lambda: len(slack.sockets) == 10 and opens(slack) >= 12, "ten sockets and one too many")
        before = opens(slack)
        await asyncio.sleep(2)

        assert opens(slack) - before <= 2
        assert len(slack.sockets) == 10
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_no_text_and_no_ticket_gets_into_a_log(pj: Room, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await pj.say("@fxm a secret of ours")
        pj.slack.abort()
        await pj.say("@fxm another secret of ours")

    assert "secret of ours" not in "".join(r.getMessage() for r in caplog.records if not r.name.startswith("asyncio"))
    assert "ticket=" not in caplog.text


class _Forgetful(set[str]):
    """Forgets so many of the tickets that are given out."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def add(self, ticket: str) -> None:
        if self.count > 0:
            self.count -= 1
        else:
            super().add(ticket)
