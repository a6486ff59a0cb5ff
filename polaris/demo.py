"""The main job on real input, from nothing to nothing: ``polaris demo``.

Two machines (two homes, each with its daemon), one service, one Postgres. Stand-ins for Claude Code (`polaris.replay`)
run the real capture hook on recorded payloads, and play the story of a project ``pj``: three sessions, two advisors, a
handoff. What a follower of the project sees is printed as it comes; at the end the record is read back and counted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from polaris import credentials, render, resources
from polaris.client import Client
from polaris.errors import PolarisError
from polaris.replay import Agent, Json
from polaris.settings import Settings

PATIENCE_SECONDS = 15.0
CAPTURED = ("prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice")
HIDDEN = ("notice",)  # starts and ends of the agents' own sessions: in the record, not in the story


class DemoFailed(PolarisError):
    """The demo did not go as it should."""

    status, code = 500, "demo_failed"


@dataclass
class Floor:
    """What one follower of the project received, and when (seconds since 1970, this machine's clock)."""

    show: Callable[[str], None]
    colour: bool
    events: list[tuple[float, Json]] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self, client: Client, project: str) -> None:
        async for event in client.follow(project, after=0):
            async with self._news:
                self.events.append((time.time(), event))
                self._news.notify_all()
            if event["kind"] not in HIDDEN:
                self.show(render.line(event, colour=self.colour))

    async def until(self, what: str, found: Callable[[Json], bool]) -> Json:
        """The first event that fits, also when it came before. Raises `DemoFailed` when it does not come in time."""

        def first() -> Json | None:
            return next((event for _, event in self.events if found(event)), None)

        try:
            async with self._news, asyncio.timeout(PATIENCE_SECONDS):
                await self._news.wait_for(lambda: first() is not None)
        except TimeoutError:
            raise DemoFailed(f"Nobody saw this within {PATIENCE_SECONDS:.0f} s: {what}.") from None
        event = first()
        assert event is not None
        return event

    async def said(self, kind: str, body: str) -> Json:
        return await self.until(f"{kind} {body!r}", lambda e: e["kind"] == kind and e["body"] == body)

    async def became(self, delivery: str, state: str) -> Json:
        def fits(event: Json) -> bool:
            told = event["payload"] or {}
            return event["kind"] == "delivery" and told.get("delivery") == delivery and told.get("state") == state

        return await self.until(f"delivery {delivery} {state}", fits)


@dataclass
class Machine:
    """A home folder with a running daemon."""

    home: Path
    port: int
    token: str

    @property
    def environment(self) -> dict[str, str]:
        return {"POLARIS_HOME": str(self.home), "POLARIS_PORT": str(self.port)}

    @asynccontextmanager
    async def agent(self, project: str, session: str, folder: Path, token: str | None = None) -> AsyncIterator[Agent]:
        """A coding agent on this machine, joined to a session as ``/polaris join`` does it."""
        async with Agent(folder, resources.path("hooks", "capture.sh"), self.environment) as agent:
            await self.join(agent, project, session, token)
            yield agent

    async def join(self, agent: Agent, project: str, session: str, token: str | None = None) -> Json:
        wish = {"agent_session_id": agent.session_id, "agent": "claude-code", "pid": agent.pid, "cwd": str(agent.cwd)}
        wish |= {"transcript_path": str(agent.transcript), "project": project, "session": session}
        return await self._post("/connect", wish | ({"token": token} if token else {}))

    async def leave(self, agent: Agent, *, release: bool) -> Json:
        return await self._post("/disconnect", {"agent_session_id": agent.session_id, "release": release})

    async def _post(self, path: str, body: Json) -> Json:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as http,
            http.post(url, json=body, headers={"X-Polaris-Token": self.token}) as answer,
        ):
            found: Json = await answer.json()
            if answer.status != 200:
                raise DemoFailed(f"The daemon refused {path}: {found.get('message', found)}")
            return found


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
    manu = await stack.enter_async_context(_machine(folder / "manu", ["up", "--port", "0", "--temporary"], {"LOGNAME": "manu", "USER": "manu"}))
    owner = credentials.acting(Settings.from_env({"POLARIS_HOME": str(manu.home)}))
    polaris = await stack.enter_async_context(Client(owner.url, owner.token))
    tokens = {}
    for handle in ("krishna", "priya"):
        await polaris.add_member(handle)
    for actor in ("user:krishna", "user:priya", "agent:test-writer", "agent:security-reviewer"):
        tokens[actor] = (await polaris.create_token("demo", actor=actor))["token"]
    krishna_home = folder / "krishna"
    krishna_home.mkdir(mode=0o700)
    theirs = credentials.Credential(url=owner.url, token=tokens["user:krishna"], org=owner.org, actor="user:krishna")
    credentials.save(krishna_home / "credentials.json", "default", theirs)
    krishna = await stack.enter_async_context(_machine(krishna_home, ["daemon"], {}))
    priya = await stack.enter_async_context(Client(owner.url, tokens["user:priya"]))
    reviewer = await stack.enter_async_context(Client(owner.url, tokens["agent:security-reviewer"]))

    await polaris.create_project("pj")
    floor = Floor(show, colour)
    follower = asyncio.create_task(floor.follow(priya, "pj"))
    try:
        said = await _story(folder, stack, floor, manu, krishna, priya, reviewer, tokens["agent:test-writer"])
    finally:
        follower.cancel()
        await asyncio.wait([follower])
    if not follower.cancelled() and (error := follower.exception()) is not None:
        raise error
    return await _count(polaris, floor, said)


async def _story(
    folder: Path, stack: AsyncExitStack, floor: Floor, manu: Machine, krishna: Machine, priya: Client, reviewer: Client, test_writer: str
) -> Counter[tuple[str, str]]:
    """The story of the project; answers what was said, each text as often as it must be in the record."""
    enter: Callable[[Any], Awaitable[Agent]] = stack.enter_async_context
    fxm = await enter(manu.agent("pj", "fxm", folder / "fxm"))
    fxk = await enter(krishna.agent("pj", "fxk", folder / "fxk"))
    tests = await enter(manu.agent("pj", "tests", folder / "tests", test_writer))
    said: Counter[tuple[str, str]] = Counter()

    async def ask(agent: Agent, text: str) -> None:
        await agent.prompt(text)
        said["prompt", text] += 1
        await floor.said("prompt", text)

    async def answer(agent: Agent, text: str) -> None:
        await agent.answer(text)
        said["reply", text] += 1
        await floor.said("reply", text)

    async def write(agent: Agent, saying: str, path: str, content: str, advise: Callable[[], Awaitable[Json]] | None = None) -> str:
        """The agent writes a file; an advisor may speak while it does. Answers the delivery's id."""
        where = str(agent.cwd / path)
        written = {"file_path": where, "content": content}
        delivery = ""
        await agent.call("Write", written, saying=saying)
        said["message", saying] += 1
        await floor.said("message", saying)
        if advise is not None:
            delivery = (await advise())["delivery_id"]
            await _arrived(manu if agent is not fxk else krishna, agent)
        await agent.result("Write", written, {"type": "create", "filePath": where, "content": content})
        if delivery:
            await floor.became(delivery, "seen")
        return delivery

    await ask(fxm, "Let's implement the auth middleware")
    limiting = await write(
        fxm,
        "I'll create src/middleware/auth.ts...",
        "src/middleware/auth.ts",
        "export const auth = verify('RS256')\n",
        lambda: reviewer.inject("pj", "fxm", "This auth endpoint needs rate limiting"),
    )
    await ask(fxk, "Set up the database schema for users")
    gdpr = await write(
        fxk,
        "Creating migrations/001_users.sql...",
        "migrations/001_users.sql",
        "create table users (id bigint primary key, email text);\n",
        lambda: priya.inject("pj", "fxk", "Remember we need GDPR compliance on the users table"),
    )
    await answer(fxk, "Good point from Priya. Adding data retention fields...")
    await answer(fxm, "Adding rate limiting middleware...")
    for delivery in (limiting, gdpr):
        await floor.became(delivery, "answered")
    await ask(tests, "Writing integration tests for auth middleware")
    await write(tests, "Tests for both sessions.", "tests/auth.test.ts", "test('401 without a token')\n")
    await answer(tests, "Created tests/auth.test.ts...")
    await ask(fxm, "What has Krishna done on fxk so far?")
    await answer(fxm, "Krishna has set up the users schema with GDPR fields...")

    await krishna.leave(fxk, release=True)
    await floor.until("krishna released fxk", lambda e: e["kind"] == "driver.released" and e["session"] == "fxk")
    taken = await enter(manu.agent("pj", "fxk", folder / "fxk-manu"))
    await floor.until("manu drives fxk", lambda e: e["kind"] == "driver.claimed" and e["session"] == "fxk" and e["epoch"] == 2)
    await ask(taken, "Continue with the retention job")
    await answer(taken, "The retention job runs nightly; the schema is unchanged.")
    return said


async def _arrived(machine: Machine, agent: Agent) -> None:
    """Waits until the advice lies at the daemon of the agent: what the next hook answers with."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    url = f"http://127.0.0.1:{machine.port}/status/{agent.session_id}"
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline:
            async with http.get(url, headers={"X-Polaris-Token": machine.token}) as answer:
                if (await answer.json()).get("advice_waiting", 0):
                    return
            await asyncio.sleep(0.01)
    raise DemoFailed("The advice did not reach the machine of its session.")


async def _count(client: Client, floor: Floor, said: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    """Reads the record back and holds it against what was said and what the follower saw."""
    record = [event async for event in client.history("pj")]
    numbers = [event["seq"] for event in record]
    gaps = numbers[-1] - len(set(numbers))
    doubles = len(record) - len({(event["session"], event["client_id"]) for event in record})
    kept = Counter((event["kind"], event["body"]) for event in record)
    wrong = [f"{kind} {body!r}: {kept[kind, body]} times" for (kind, body), times in said.items() if kept[kind, body] != times]
    followed = [event["seq"] for _, event in floor.events]
    if gaps or doubles or wrong or followed != sorted(set(followed)) or set(numbers[: len(followed)]) - set(followed):
        raise DemoFailed(f"gaps {gaps}, doubles {doubles}, in the record but not as said: {wrong}, followed {followed}")
    deliveries = [d for session in ("fxm", "fxk") for d in await client.deliveries("pj", session)]
    if [d["state"] for d in deliveries] != ["answered", "answered"]:
        raise DemoFailed(f"deliveries ended as {[d['state'] for d in deliveries]}")
    # The hook's own clock, read before it does anything; what comes from the transcript has the agent's.
    hooked = ("prompt", "reply", "tool.call", "tool.result")
    waits = sorted(
        (at - datetime.fromisoformat(event["occurred_at"]).timestamp()) * 1000 for at, event in floor.events if event["kind"] in hooked
    )
    centiles = statistics.quantiles(waits, n=100, method="inclusive")
    return [
        ("events", str(len(record))),
        ("gaps", str(gaps)),
        ("doubles", str(doubles)),
        ("advice", f"{len(deliveries)} given, {len(deliveries)} answered"),
        ("capture → subscriber", f"p50 {centiles[49]:.1f} ms, p99 {centiles[98]:.1f} ms ({len(waits)} events)"),
    ]


@asynccontextmanager
async def _machine(home: Path, words: list[str], more: dict[str, str]) -> AsyncIterator[Machine]:
    """Runs ``polaris`` with *words* on a home of its own until the block is left; its daemon answers by then."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
    # Port 0: any free one; daemon.json tells which.
    environment = {**clean, **more, "POLARIS_HOME": str(home), "POLARIS_PORT": "0"}
    with (home / "demo.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *_polaris(), *words, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        if not line.startswith(b"ready "):
            trouble = (home / "demo.log").read_text(errors="replace")[-2000:]
            raise DemoFailed(f"polaris {' '.join(words)} did not start: {trouble}")
        import json

        port = json.loads((home / "daemon.json").read_text())["port"]
        yield Machine(home, port, (home / "daemon.token").read_text().strip())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


def _polaris() -> list[str]:
    """The command that runs this very installation."""
    return [sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())"]
