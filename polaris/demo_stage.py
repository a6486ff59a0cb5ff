"""Where the demo plays: machines with their daemons, and the floor as a follower of the project sees it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from polaris import render, resources
from polaris.client import Client
from polaris.errors import PolarisError, from_problem
from polaris.replay import Agent, Json

PATIENCE_SECONDS = 30.0
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
        return await self._ask("POST", "/connect", wish | ({"token": token} if token else {}))

    async def leave(self, agent: Agent, *, release: bool) -> Json:
        return await self._ask("POST", "/disconnect", {"agent_session_id": agent.session_id, "release": release})

    async def status(self, agent: Agent) -> Json:
        """What the daemon knows of one agent: seat, link, advice that waits."""
        return await self._ask("GET", f"/status/{agent.session_id}")

    async def hands(self, agent: Agent) -> bool:
        """Whether advice lies at the daemon and goes out with the agent's next hook: only from the seat's holder."""
        mine = await self.status(agent)
        if not mine.get("advice_waiting"):
            return False
        links = (await self._ask("GET", "/status"))["links"]
        place = [mine[name] for name in ("project", "session", "actor")]
        return any(
            link["holds_seat"] and [link[name] for name in ("project", "session", "actor")] == place for link in links
        )

    async def advised(self, agent: Agent) -> None:
        """Waits until the advice lies at the daemon of the agent: what the next hook answers with."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if (await self.status(agent)).get("advice_waiting", 0):
                return
            await asyncio.sleep(0.01)
        raise DemoFailed("The advice did not reach the machine of its session.")

    async def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as http,
            http.request(method, url, json=body, headers={"X-Polaris-Token": self.token}) as answer,
        ):
            found: Json = await answer.json()
            if answer.status != 200:
                raise from_problem(answer.status, found)
            return found


@asynccontextmanager
async def machine(home: Path, words: list[str], more: dict[str, str]) -> AsyncIterator[Machine]:
    """Runs ``polaris`` with *words* on a home of its own until the block is left; its daemon answers by then."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
    # Port 0: any free one; daemon.json tells which.
    environment = {**clean, **more, "POLARIS_HOME": str(home), "POLARIS_PORT": "0"}
    with (home / "demo.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *_polaris(),
            *words,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        if not line.startswith(b"ready "):
            trouble = (home / "demo.log").read_text(errors="replace")[-2000:]
            raise DemoFailed(f"polaris {' '.join(words)} did not start: {trouble}")
        port = json.loads((home / "daemon.json").read_text())["port"]
        yield Machine(home, port, (home / "daemon.token").read_text().strip())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            await process.wait()


def _polaris() -> list[str]:
    """The command that runs this very installation."""
    return [sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())"]
