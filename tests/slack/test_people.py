"""bridge.people: Slack's word on people, page by page or one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_room import Room, room

from polaris.bridge import people
from polaris.bridge.place import Replaced, TokenRefused
from polaris.bridge.web_api import Refused, Unsure
from polaris.db import slack_calls
from polaris.demo_slack import FakeSlack


@pytest.fixture
async def pj(database: Any, slack: FakeSlack, tmp_path: Path) -> AsyncIterator[Room]:
    """A room before the list of people was read."""
    async with room(database, slack, tmp_path, people=False) as made:
        yield made


async def known(pj: Room) -> dict[str, tuple[str, str | None, str]]:
    """Name, participant and standing of everybody who is known, by their ids."""
    found = await pj.ask(slack_calls.list_slack_people, None)
    return {row.user_id: (row.name, row.actor, row.standing) for row in found}


async def test_the_list_is_read_whole_and_people_are_matched_by_their_addresses(pj: Room) -> None:
    await people.read_all(pj.place)

    assert await known(pj) == {
        "U1": ("manu", "user:manu", "full"),
        "U2": ("krishna", "user:krishna", "full"),
        "U3": ("Priya Rao", "slack:priya-rao", "full"),
        "UGUEST": ("gus", None, "guest"),
        "UGONE": ("gone", None, "deleted"),
        "USLACKBOT": ("Slackbot", None, "bot"),
        "UBOT1": ("polaris", None, "bot"),
    }
    (row,) = await pj.ask(slack_calls.get_slack, None)
    assert row.people_at is not None


async def test_a_long_list_comes_in_pages(pj: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PAGE", 3)
    await people.read_all(pj.place)

    assert len(await known(pj)) == 7
    cursors = [call.args.get("cursor") for call in pj.slack.called("users.list")]
    assert (len(cursors), cursors[0], len(set(cursors))) == (3, None, 3)


async def test_a_page_that_slack_puts_off_is_waited_for(pj: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PAGE", 3)
    waits = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(people, "asyncio", type("Clock", (), {"sleep": staticmethod(sleep)}))
    pj.slack.fail("users.list", status=429, retry_after=30)
    await people.read_all(pj.place)

    assert waits == [30.0]
    assert len(await known(pj)) == 7


async def test_a_list_that_breaks_off_does_not_count_as_read(pj: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PAGE", 3)
    pj.slack.fail("users.list", status=500, when=lambda args: bool(args.get("cursor")))

    with pytest.raises(Unsure):
        await people.read_all(pj.place)
    (row,) = await pj.ask(slack_calls.get_slack, None)
    assert (row.people_at, len(await known(pj))) == (None, 3)


async def test_some_are_looked_up_and_each_once(pj: Room) -> None:
    await people.look_up(pj.place, ["U2", "U3", "U2"])

    assert set(await known(pj)) == {"U2", "U3"}
    assert len(pj.slack.called("users.info")) == 2


async def test_whom_slack_does_not_know_is_passed_over(pj: Room) -> None:
    await people.look_up(pj.place, ["UNOBODY", "U2"])

    assert set(await known(pj)) == {"U2"}


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth", "missing_scope"])
async def test_a_token_that_is_no_good_any_more_is_told(pj: Room, error: str) -> None:
    pj.slack.fail("users.list", error=error)

    with pytest.raises(TokenRefused, match=error):
        await people.read_all(pj.place)


async def test_any_other_refusal_is_what_it_is(pj: Room) -> None:
    pj.slack.fail("users.info", error="fatal_weather")

    with pytest.raises(Refused):
        await people.look_up(pj.place, ["U2"])


async def test_a_bridge_that_was_replaced_writes_nobody_down(pj: Room) -> None:
    await pj.sql("update polaris_data.slack_workspaces set fence = fence + 1")

    with pytest.raises(Replaced):
        await people.look_up(pj.place, ["U2"])
    assert await known(pj) == {}


@pytest.mark.parametrize("answer", [{}, {"members": None}, {"members": [None, 5, {"id": 7}]}, {"response_metadata": 5}])
async def test_an_odd_answer_is_nobody(pj: Room, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    async def call(method: str, **arguments: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        return answer

    monkeypatch.setattr(pj.place.api, "call", call)
    await people.read_all(pj.place)
    await people.look_up(pj.place, ["U2"])

    assert await known(pj) == {}
