"""The main job on real input, from nothing to nothing: ``polaris demo``.

Two machines (two homes, each with its daemon), one service, one Postgres. Stand-ins for Claude Code (`polaris.replay`)
run the real capture hook on recorded payloads, and play the story of a project ``pj``: three sessions, two advisors, a
handoff. One of the advisors speaks in Slack, of which a stand-in runs here. What a follower of the project sees is
printed as it comes, the channel when it is complete; at the end record and channel are read back and counted.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from polaris import credentials, render
from polaris.client import Client
from polaris.demo_stage import DemoFailed, Floor, Machine, machine
from polaris.demo_story import REVIEWER, STORY, TEST_WRITER, Answer, Ask, Write
from polaris.demo_workspace import Workspace, email, workspace
from polaris.replay import Agent, Json
from polaris.settings import Settings

Advise = Callable[[], Awaitable[str]]
SEARCH_SECONDS = 10.0
MARKS = {0xE000: "»", 0xE001: "«"}  # what a search marks its words with, and what is shown for it
IN_SLACK = "user:priya"  # who speaks there, and not over the API


async def run(*, colour: bool, show: Callable[[str], None] = print) -> int:
    """Plays the story and prints it; answers the exit code. Leaves nothing running and nothing behind."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="polaris-demo-"))
    folder.chmod(0o711)  # a root's Postgres runs as nobody and has to pass through
    try:
        async with AsyncExitStack() as stack:
            rows = await _play(folder, stack, colour, show)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows.append(("whole demo", f"{time.monotonic() - begun:.1f} s"))
    show("")
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        show(f"  {name:<{width}}  {value}")
    return 0


async def _play(
    folder: Path, stack: AsyncExitStack, colour: bool, show: Callable[[str], None]
) -> list[tuple[str, str]]:
    slack = await stack.enter_async_context(workspace(show))
    show(f"Slack is a stand-in on this machine. Its window, while the demo plays: {slack.url}")
    manu = await stack.enter_async_context(
        machine(
            folder / "manu",
            ["up", "--port", "0", "--temporary", "--local-sign-in"],
            {"LOGNAME": "manu", "USER": "manu"} | slack.settings,
        )
    )
    owner = credentials.acting(Settings.from_env({"POLARIS_HOME": str(manu.home)}))
    polaris = await stack.enter_async_context(Client(owner.url, owner.token))
    tokens = {}
    for handle in ("krishna", "priya"):
        await polaris.add_member(handle, email=email(handle))
    for actor in ("user:krishna", "user:priya", TEST_WRITER, REVIEWER):
        tokens[actor] = (await polaris.create_token("demo", actor=actor))["token"]
    krishna_home = folder / "krishna"
    krishna_home.mkdir(mode=0o700)
    theirs = credentials.Credential(url=owner.url, token=tokens["user:krishna"], org=owner.org, actor="user:krishna")
    credentials.save(krishna_home / "credentials.json", "default", theirs)
    krishna = await stack.enter_async_context(machine(krishna_home, ["daemon"], {}))
    priya = await stack.enter_async_context(Client(owner.url, tokens["user:priya"]))
    reviewer = await stack.enter_async_context(Client(owner.url, tokens[REVIEWER]))
    await slack.connect(owner.url, owner.org, "manu")

    await polaris.create_project("pj")
    floor = Floor(show, colour)
    follower = asyncio.create_task(floor.follow(priya, "pj"))
    try:
        said = await _story(folder, stack, floor, slack, manu, krishna, reviewer, tokens[TEST_WRITER])
    finally:
        follower.cancel()
        await asyncio.wait([follower])
    if not follower.cancelled() and (error := follower.exception()) is not None:
        raise error
    record = [event async for event in polaris.history("pj")]
    rows = await _count(polaris, record, floor, said)
    await _look_back(polaris, show)
    show("\nThe rest of it comes to #pj in Slack")
    await slack.complete(record)
    show("\n#pj in Slack, as it stands there. This Slack is a stand-in on this machine.\n")
    for line in slack.lines(colour):
        show(f"  {line}")
    return rows + slack.rows(record)


async def _story(
    folder: Path,
    stack: AsyncExitStack,
    floor: Floor,
    slack: Workspace,
    manu: Machine,
    krishna: Machine,
    reviewer: Client,
    test_writer: str,
) -> Counter[tuple[str, str]]:
    """The story of the project; answers what was said, each text as often as it must be in the record."""
    enter: Callable[[Any], Awaitable[Agent]] = stack.enter_async_context
    agents = {
        "fxm": (manu, await enter(manu.agent("pj", "fxm", folder / "fxm"))),
        "fxk": (krishna, await enter(krishna.agent("pj", "fxk", folder / "fxk"))),
        "tests": (manu, await enter(manu.agent("pj", "tests", folder / "tests", test_writer))),
    }
    talk = _Talk(floor)
    given = []
    for beat in STORY:
        at, agent = agents[beat.session]
        match beat:
            case Ask(text=text):
                await talk.ask(agent, text)
            case Answer(text=text):
                await talk.answer(agent, text)
            case Write(advice=""):
                await talk.write(agent, beat)
            case Write(advisor=advisor) if advisor == IN_SLACK:
                given.append(await talk.write(agent, beat, partial(_advise_in_slack, slack, floor, at, agent, beat)))
            case Write():
                given.append(await talk.write(agent, beat, partial(_advise, reviewer, at, agent, beat)))
    for delivery in given:
        await floor.became(delivery, "answered")

    fxk = agents["fxk"][1]
    await krishna.leave(fxk, release=True)
    await floor.until("krishna released fxk", lambda e: e["kind"] == "driver.released" and e["session"] == "fxk")
    taken = await enter(manu.agent("pj", "fxk", folder / "fxk-manu"))
    await floor.until(
        "manu drives fxk", lambda e: e["kind"] == "driver.claimed" and e["session"] == "fxk" and e["epoch"] == 2
    )
    await talk.ask(taken, "Continue with the retention job")
    await talk.answer(taken, "The retention job runs nightly; the schema is unchanged.")
    return talk.said


@dataclass
class _Talk:
    """What is said on the floor. *said* has each kind and text as often as it must be in the record."""

    floor: Floor
    said: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def ask(self, agent: Agent, text: str) -> None:
        await agent.prompt(text)
        await self._heard("prompt", text)

    async def answer(self, agent: Agent, text: str) -> None:
        await agent.answer(text)
        await self._heard("reply", text)

    async def write(self, agent: Agent, beat: Write, advise: Advise | None = None) -> str:
        """The agent writes a file; an advisor may speak while it does. Answers the delivery's id."""
        where = str(agent.cwd / beat.path)
        written = {"file_path": where, "content": beat.content}
        await agent.call("Write", written, saying=beat.saying)
        await self._heard("message", beat.saying)
        delivery = await advise() if advise is not None else ""
        await agent.result("Write", written, {"type": "create", "filePath": where, "content": beat.content})
        if delivery:
            await self.floor.became(delivery, "seen")
        return delivery

    async def _heard(self, kind: str, text: str) -> None:
        self.said[kind, text] += 1
        await self.floor.said(kind, text)


async def _advise(advisor: Client, at: Machine, agent: Agent, beat: Write) -> str:
    """Speaks to a session from outside; the advice lies at its machine when this is over."""
    delivery: str = (await advisor.inject("pj", beat.session, beat.advice))["delivery_id"]
    await at.advised(agent)
    return delivery


async def _advise_in_slack(slack: Workspace, floor: Floor, at: Machine, agent: Agent, beat: Write) -> str:
    """The same by a message in the channel, from somebody who has read there what the agent does."""
    who = beat.advisor.removeprefix("user:")
    await slack.reads(who, beat.saying)
    await slack.write(who, f"@{beat.session} {beat.advice}")
    heard = await floor.until(
        f"advice of {beat.advisor} in Slack",
        lambda e: (
            (e["kind"], e["actor"], e["session"], e["body"]) == ("advice", beat.advisor, beat.session, beat.advice)
        ),
    )
    await at.advised(agent)
    return str(heard["payload"]["delivery"])


async def _look_back(client: Client, show: Callable[[str], None]) -> None:
    """The record answers what manu asked, and is searched. Raises `DemoFailed` when it does not know."""
    show("\nWhat has Krishna done on fxk so far? (polaris context pj fxk --by krishna)\n")
    told = str((await client.context("pj", "fxk", by="user:krishna"))["text"])
    for line in told.splitlines():
        show(f"  {render.clean(line)}")
    if "Set up the database schema" not in told or "migrations/001_users.sql" not in told:
        raise DemoFailed(f"the record does not say what Krishna did: {told}")
    show("\nWho spoke of data retention? (polaris search '\"data retention\"')\n")
    found: list[Json] = []
    until = time.monotonic() + SEARCH_SECONDS  # the index is behind the record, by less than a second
    while not found and time.monotonic() < until:
        found = (await client.search('"data retention"', project="pj"))["items"]
        await asyncio.sleep(0 if found else 0.1)
    for item in found:
        snippet = render.shortened(str(item["snippet"]).translate(MARKS), 160)
        show(f"  #{item['seq']} {item['kind']} in {item['session']}: {snippet}")
    if not found:
        raise DemoFailed(f"nothing of data retention was found within {SEARCH_SECONDS:g} s")


async def _count(
    client: Client, record: list[Json], floor: Floor, said: Counter[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Holds the record against what was said and what the follower saw."""
    numbers = [event["seq"] for event in record]
    gaps = numbers[-1] - len(set(numbers))
    doubles = len(record) - len({(event["session"], event["client_id"]) for event in record})
    kept = Counter((event["kind"], event["body"]) for event in record)
    wrong = [
        f"{kind} {body!r}: {kept[kind, body]} times"
        for (kind, body), times in said.items()
        if kept[kind, body] != times
    ]
    followed = [event["seq"] for _, event in floor.events]
    if gaps or doubles or wrong or followed != sorted(set(followed)) or set(numbers[: len(followed)]) - set(followed):
        raise DemoFailed(f"gaps {gaps}, doubles {doubles}, in the record but not as said: {wrong}, followed {followed}")
    deliveries = [d for session in ("fxm", "fxk") for d in await client.deliveries("pj", session)]
    if [d["state"] for d in deliveries] != ["answered", "answered"]:
        raise DemoFailed(f"deliveries ended as {[d['state'] for d in deliveries]}")
    # The hook's own clock, read before it does anything; what comes from the transcript has the agent's.
    hooked = ("prompt", "reply", "tool.call", "tool.result")
    waits = sorted(
        (at - datetime.fromisoformat(event["occurred_at"]).timestamp()) * 1000
        for at, event in floor.events
        if event["kind"] in hooked
    )
    centiles = statistics.quantiles(waits, n=100, method="inclusive")
    return [
        ("events", str(len(record))),
        ("gaps", str(gaps)),
        ("doubles", str(doubles)),
        ("advice", f"{len(deliveries)} given, {len(deliveries)} answered"),
        ("capture → subscriber", f"p50 {centiles[49]:.1f} ms, p99 {centiles[98]:.1f} ms ({len(waits)} events)"),
    ]
