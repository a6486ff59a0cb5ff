"""The real `polaris bridge` against the stand-in for Slack: there and back, and who writes when several could."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from bridge_house import House, until
from real_bridge import POLARIS, bridges

from polaris.bridge.seal import new_key
from polaris.db import calls, slack_calls
from polaris.demo_slack import FakeSlack

pytestmark = [pytest.mark.e2e]


async def texts(slack: FakeSlack, channel: str = "pj") -> list[str]:
    """What the app has posted in a channel that may not be there yet."""
    known = {c["name"] for c in slack.teams["T1"]["channels"].values()}
    return [post["text"] for post in slack.posts("T1", channel)] if channel in known else []


async def said(slack: FakeSlack, words: str) -> list[str]:
    """Waits until something with these words is in #pj."""
    return await until(lambda: texts(slack), lambda found: any(words in text for text in found))


async def holder(house: House) -> str | None:
    row = await house.workspace()
    return row.holder


async def test_there_and_back(house: House, slack: FakeSlack, database: Any, tmp_path: Path) -> None:
    await house.connect()
    await house.session()
    async with bridges(house.settings, database.service, tmp_path, "one") as [bridge]:
        row = await house.live()
        await house.push("prompt", "Sign the tokens with HS256")
        await said(slack, "Sign the tokens with HS256")
        await slack.say("T1", row.channel_id or "", "U1", "@fxm use RS256")
        (delivery,) = await until(lambda: house.ask(calls.list_deliveries, house.org, house.me, "pj"))
        await house.push("reply", "Done.")
        await said(slack, "Done.")

        assert await bridge.stop() == 0

    assert (delivery.state, delivery.sender) == ("queued", "user:manu")
    assert await holder(house) is None
    assert not [line for line in bridge.said() if " error " in line]
    assert "xoxb-" not in bridge.log.read_text()
    assert "RS256" not in bridge.log.read_text()


async def test_slack_speaks_to_the_service_over_http_as_well(
    house: House, slack: FakeSlack, database: Any, tmp_path: Path
) -> None:
    house.settings = house.settings.replace(slack_ingress="http", slack_signing_secret=slack.signing_secret)
    await house.connect()
    await house.session()
    service = await asyncio.create_subprocess_exec(
        *POLARIS,
        "serve",
        "--port=0",
        f"--log={tmp_path / 'api.log'}",
        env={name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
        | house.settings.web_environment()
        | {"POLARIS_DATABASE_URL": database.service, "POLARIS_HOME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert service.stdout is not None
        url = (await asyncio.wait_for(service.stdout.readline(), 30)).decode().removeprefix("ready ").strip()
        slack.events_url = f"{url}/slack/events"
        async with bridges(house.settings, database.service, tmp_path, "one"):
            row = await house.live()
            await slack.say("T1", row.channel_id or "", "U1", "@fxm use RS256")
            (delivery,) = await until(lambda: house.ask(calls.list_deliveries, house.org, house.me, "pj"))
    finally:
        service.terminate()
        await service.wait()

    assert delivery.state == "queued"
    assert not slack.called("apps.connections.open")


async def test_a_killed_bridge_is_replaced_within_ten_seconds(
    house: House, slack: FakeSlack, database: Any, tmp_path: Path
) -> None:
    await house.connect()
    await house.session()
    async with bridges(house.settings, database.service, tmp_path, "one", "two") as [one, two]:
        await house.live()
        old, new = (one, two) if await holder(house) == one.name else (two, one)
        await old.kill()
        killed = time.monotonic()
        await house.push("prompt", "Who writes now?")
        await until(lambda: holder(house), lambda name: name == new.name)
        taken = time.monotonic() - killed
        await said(slack, "Who writes now?")

    assert taken < 10
    assert len([text for text in await texts(slack) if "Who writes now?" in text]) == 1


async def test_a_bridge_that_is_told_to_stop_ends_its_call_and_hands_over_at_once(
    house: House, slack: FakeSlack, database: Any, tmp_path: Path
) -> None:
    await house.connect()
    await house.session()
    async with bridges(house.settings, database.service, tmp_path, "one", "two") as [one, two]:
        await house.live()
        await until(lambda: texts(slack))
        old, new = (one, two) if await holder(house) == one.name else (two, one)
        gate = slack.hold("chat.postMessage", after=True)
        await house.push("prompt", "In flight")
        await gate.reached.wait()
        stopping = asyncio.create_task(old.stop())
        await asyncio.sleep(0.5)
        assert await holder(house) == old.name
        gate.open.set()
        assert await stopping == 0
        stopped = time.monotonic()
        await until(lambda: holder(house), lambda name: name == new.name)
        assert time.monotonic() - stopped < 2
        await house.push("reply", "And on")
        await said(slack, "And on")
        (figures,) = await house.ask(slack_calls.get_slack_figures, house.org)

    assert (figures.repeats, figures.unsure, figures.failed) == (0, 0, 0)
    assert len([text for text in await texts(slack) if "In flight" in text]) == 1


async def test_a_workspace_that_is_connected_later_or_anew_needs_no_restart(
    house: House, slack: FakeSlack, database: Any, tmp_path: Path
) -> None:
    await house.session()
    async with bridges(house.settings, database.service, tmp_path, "one"):
        await house.connect()
        await house.live()
        await house.ask(slack_calls.disconnect_slack, house.org, house.me, "administrator")
        await until(house.workspace, lambda row: row.holder is None)
        await house.connect()
        await house.live()
        await house.push("prompt", "Back again")
        await said(slack, "Back again")

    assert [c["name"] for c in slack.teams["T1"]["channels"].values()] == ["pj"]


async def test_a_token_that_slack_refuses_stops_one_workspace_until_it_is_connected_anew(
    house: House, slack: FakeSlack, database: Any, tmp_path: Path
) -> None:
    await house.connect()
    await house.session()
    async with bridges(house.settings, database.service, tmp_path, "one"):
        await house.live()
        for bot in slack.tokens.values():
            bot["revoked"] = "revoked"
        await house.push("prompt", "Nobody hears this")
        refused = await until(house.workspace, lambda row: row.state == "refused")
        calls_then = len(slack.calls)
        await asyncio.sleep(0.5)
        assert len(slack.calls) == calls_then

        await house.connect()
        await house.push("reply", "Heard again")
        await said(slack, "Heard again")

    assert refused.reason == "token_revoked"
    assert not [text for text in await texts(slack) if "Nobody hears this" in text]


async def test_a_token_that_cannot_be_opened_waits_for_its_key(
    house: House, slack: FakeSlack, database: Any, tmp_path: Path
) -> None:
    await house.connect()
    await house.session()
    right, wrong = house.settings, house.settings.replace(slack_keys=(new_key(),))
    async with bridges(wrong, database.service, tmp_path, "wrong") as [bridge]:
        await until(lambda: asyncio.sleep(0, [line for line in bridge.said() if "a workspace rests" in line]))
        assert (await house.workspace()).state == "connected"
        assert await holder(house) is None
        async with bridges(right, database.service, tmp_path, "right"):
            await house.live()


async def test_a_database_that_was_away_is_found_again(
    house: House, slack: FakeSlack, database: Any, db: Any, tmp_path: Path
) -> None:
    await house.connect()
    await house.session()
    async with bridges(house.settings, database.service, tmp_path, "one"):
        await house.live()
        db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and application_name like 'polaris bridge%'"
        )
        await house.push("prompt", "After the fall")
        await said(slack, "After the fall")


async def test_without_an_app_the_bridge_says_what_lacks(house: House, database: Any, tmp_path: Path) -> None:
    bare = house.settings.replace(slack_client_id=None, slack_client_secret=None)
    with pytest.raises(AssertionError, match="No Slack app is set up"):
        async with bridges(bare, database.service, tmp_path, "bare"):
            pass
