"""The whole way between a coding agent and Slack: real service, daemon, hooks and bridge; Slack is the stand-in."""

from __future__ import annotations

import asyncio
import html
import json
import re
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from machine import Machine
from stand_in_browser import StandIn

from polaris import resources
from polaris.bridge.seal import new_key
from polaris.credentials import find
from polaris.demo_slack import FakeSlack
from polaris.replay import Agent

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PROMPTS = 9
DEADLINE_SECONDS = 30.0
STATES = ["inbox_tray", "hourglass_flowing_sand", "eyes", "white_check_mark"]


async def until(condition: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, f"in vain waited for {what}"
        await asyncio.sleep(0.01)
    return found


@asynccontextmanager
async def slack_of(machine: Machine) -> AsyncIterator[tuple[FakeSlack, str]]:
    """Polaris with a Slack app, connected by its administrator in a browser; Slack, and the address of Polaris."""
    slack = await FakeSlack(rate=1.0).start()
    try:
        slack.team("T1", "Acme", [{"id": "U1", "name": "manu"}, {"id": "U2", "name": "krishna"}])
        machine.environment |= {
            "POLARIS_SLACK_CLIENT_ID": slack.client_id,
            "POLARIS_SLACK_CLIENT_SECRET": slack.client_secret,
            "POLARIS_SLACK_SIGNING_SECRET": slack.signing_secret,
            "POLARIS_SLACK_KEYS": new_key(),
            "POLARIS_SLACK_URL": slack.url,
        }
        _, url = await asyncio.to_thread(machine.up, "--local-sign-in")
        slack.events_url = f"{url}/slack/events"
        mine = find(machine.home / "credentials.json")
        assert mine is not None
        path = f"/o/{mine.org}/settings/slack"

        def connect() -> str:
            browser = StandIn(url)
            browser.sign_in()
            asked = browser.press(f"{path}/connect", browser.open(url + path))
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked))
            browser.site = slack.url  # it is Slack's page now
            allowed = {name: html.unescape(value) for name, value in fields.items()} | {"who": "T1 U1"}
            return browser.open(f"{slack.url}/oauth/v2/authorize", allowed | {"answer": "allow"})

        assert "is connected" in await asyncio.to_thread(connect)
        yield slack, url
    finally:
        await slack.stop()


@asynccontextmanager
async def agent_of(machine: Machine, folder: Path, project: str, session: str) -> AsyncIterator[Agent]:
    """A coding agent at work in a session, with the real hooks and the real daemon."""
    port = json.loads((machine.home / "daemon.json").read_text())["port"]
    environment = {"POLARIS_HOME": str(machine.home), "POLARIS_PORT": str(port)}
    async with Agent(folder, resources.path("hooks", "capture.sh"), environment) as agent:
        wish = {"agent_session_id": agent.session_id, "agent": "claude-code", "pid": agent.pid}
        wish |= {"project": project, "session": session, "transcript_path": str(agent.transcript)}
        token = (machine.home / "daemon.token").read_text().strip()
        async with (
            aiohttp.ClientSession(headers={"X-Polaris-Token": token}) as http,
            http.post(f"http://127.0.0.1:{port}/connect", json=wish) as answer,
        ):
            assert answer.status == 200, await answer.text()
        yield agent


@pytest.mark.timeout(180)
async def test_what_an_agent_does_is_in_slack_and_what_is_said_there_reaches_the_agent(
    machine: Machine, tmp_path: Path
) -> None:
    async with slack_of(machine) as (slack, _), agent_of(machine, tmp_path, "pj", "fxm") as agent:

        def channels() -> list[str]:
            return [number for number, found in slack.teams["T1"]["channels"].items() if found["name"] == "pj"]

        (channel,) = await until(channels, "the channel")

        def shown(words: str) -> Any:
            return next((m for m in slack.posts("T1", channel) if words in m["text"]), None)

        # Out: a prompt stands in Slack before its author looks there.
        waits = []
        for number in range(PROMPTS):
            words = f"prompt number {number}"
            begun = time.monotonic()
            await agent.prompt(words)
            await until(lambda words=words: shown(words), words)  # type: ignore[misc]
            waits.append(time.monotonic() - begun)
            await asyncio.sleep(1.2)  # a channel takes one a second: now it is quiet again

        # In: somebody in Slack speaks to the session, and sees how far it has come.
        ts = await slack.write("T1", channel, "U2", "@fxm use RS256")
        await until(lambda: slack.reactions("T1", channel, ts), "a first reaction")
        context = ""
        for number in range(20):
            context += await agent.tool("Bash", {"command": f"sleep {number}"}, {"stdout": ""})
            if "use RS256" in context:
                break
            await asyncio.sleep(0.2)
        assert "use RS256" in context
        assert "slack:krishna" in context
        await agent.tool("Bash", {"command": "grep -r HS256"}, {"stdout": "auth.ts"})
        await until(lambda: slack.reactions("T1", channel, ts) == ["eyes"], "the eyes")
        await agent.answer("It uses RS256 now.")
        await until(lambda: slack.reactions("T1", channel, ts) == ["white_check_mark"], "the check mark")
        reply = await until(lambda: shown("It uses RS256 now."), "the reply")

    states = [STATES.index(call.args["name"]) for call in slack.called("reactions.add", "ok")]
    assert states == sorted(states)
    assert reply["text"].startswith("*[agent → user:manu-p/fxm]*")
    assert [m["text"] for m in slack.posts("T1", channel) if "use RS256" in m["text"]] == []
    print(f"prompt → Slack: median {statistics.median(waits):.3f} s, longest {max(waits):.3f} s")
    assert statistics.median(waits) < 1
