"""One process for several workspaces: each is apart from the others, and nothing is called without a lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from bridge_house import House, until

from polaris.bridge import app
from polaris.bridge.app import Bridge, LeasedApi, serve
from polaris.bridge.place import Replaced
from polaris.db import slack_calls
from polaris.demo_slack import FakeSlack
from polaris.errors import Misconfigured


@asynccontextmanager
async def running(house: House) -> AsyncIterator[Bridge]:
    bridge = Bridge(house.settings, house.database.url)
    async with bridge.running():
        yield bridge


@pytest.fixture
async def beta(house: House, slack: FakeSlack) -> House:
    """Another organization, whose workspace is T2."""
    slack.team("T2", "Beta", [{"id": "U9", "name": "zoe", "email": "zoe@example.com"}])
    beta = House(house.database, slack, house.http, house.settings.home)
    beta.slug = "beta"
    await beta.found()
    await beta.connect("T2")
    return beta


async def shown(slack: FakeSlack, team: str, words: str) -> None:
    """Waits until these words are in #pj of *team*."""
    channels = slack.teams[team]["channels"].values()
    await until(
        lambda: asyncio.sleep(0, [c for c in channels for p in slack.posts(team, c["id"]) if words in p["text"]])
    )


async def test_two_organizations_do_not_meet(house: House, beta: House, slack: FakeSlack) -> None:
    await house.connect()
    for one in (house, beta):
        await one.session()
    async with running(house):
        await house.live()
        await beta.live()
        await house.push("prompt", "only for acme")
        await beta.push("prompt", "only for beta")
        await shown(slack, "T1", "only for acme")
        await shown(slack, "T2", "only for beta")

    texts = {team: " ".join(p["text"] for p in slack.posts(team, "pj")) for team in ("T1", "T2")}
    assert "beta" not in texts["T1"]
    assert "acme" not in texts["T2"]


async def test_a_refused_token_leaves_the_other_workspace_alone(house: House, beta: House, slack: FakeSlack) -> None:
    await house.connect()
    for one in (house, beta):
        await one.session()
    async with running(house):
        await house.live()
        await beta.live()
        await slack.revoke("T1", wait=False)
        for bot in slack.tokens.values():
            if bot["team"] == "T1":
                bot["revoked"] = "uninstalled"
        await house.push("prompt", "nobody hears this")
        await beta.push("prompt", "still there")
        await shown(slack, "T2", "still there")
        await until(house.workspace, lambda row: row.state != "connected")

    assert (await beta.workspace()).state == "connected"


async def test_settings_reach_the_workers_without_a_new_lease(house: House) -> None:
    await house.connect()
    async with running(house) as bridge:
        workspace = await until(
            lambda: asyncio.sleep(0, bridge.tenants[house.org].workspace if house.org in bridge.tenants else None)
        )
        assert workspace is not None
        await house.ask(slack_calls.set_slack, house.org, house.me, threads_turns=True)
        await until(lambda: asyncio.sleep(0, workspace.place.workspace.threads_turns))

        assert bridge.tenants[house.org].workspace is workspace


async def test_a_key_that_was_rotated_changes_nothing_for_the_workers(house: House) -> None:
    await house.connect()
    async with running(house) as bridge:
        workspace = await until(
            lambda: asyncio.sleep(0, bridge.tenants[house.org].workspace if house.org in bridge.tenants else None)
        )
        (row,) = await house.ask(slack_calls.list_slack_workspaces)
        token = bridge.seal.open(row.token, row.token_key)
        assert await house.ask(slack_calls.rekey_slack, house.org, row.token, *bridge.seal.seal(token))
        (row,) = await house.ask(slack_calls.list_slack_workspaces)
        bridge._look.set()
        await asyncio.sleep(0.2)

        assert bridge.tenants[house.org].workspace is workspace


async def test_without_a_lease_nothing_is_called(
    house: House, slack: FakeSlack, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = LeasedApi(slack.bot("T1"), http, slack.url, lambda: 100.0)
    monkeypatch.setattr(app, "_now", lambda: 99.0)
    await api.call("auth.test")
    monkeypatch.setattr(app, "_now", lambda: 100.0)

    with pytest.raises(Replaced):
        await api.call("auth.test")

    assert len(slack.called("auth.test")) == 1


async def test_a_bridge_that_lost_its_lease_takes_it_again_when_it_is_free(
    house: House, slack: FakeSlack, db: Any
) -> None:
    await house.connect()
    await house.session()
    async with running(house) as bridge:
        await house.live()
        lost = bridge.tenants[house.org].workspace
        db.execute(
            "update polaris_data.slack_workspaces set holder = 'another', fence = fence + 1, "
            "lease_until = clock_timestamp() + interval '1 second'"
        )
        await until(house.workspace, lambda row: row.holder == bridge.holder)
        await house.push("prompt", "here again")
        await shown(slack, "T1", "here again")

        assert bridge.tenants[house.org].workspace is not lost


async def test_the_bridge_needs_an_app_and_a_key(house: House) -> None:
    for lacking, code in (({"slack_client_id": None}, "slack_not_set_up"), ({"slack_keys": ()}, "slack_key_missing")):
        with pytest.raises(Misconfigured) as failure:
            await serve(house.settings.replace(**lacking), database_url=house.database.url)

        assert failure.value.code == code
