"""The Polaris service that the tests of this folder share, and an organization of it for each test."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from machine import Machine, until

from polaris import tokens
from polaris.client import Client
from polaris.db import founding
from polaris.db.embedded import Server

Json = dict[str, Any]
T = TypeVar("T")
CAPTURED = ("prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice")
ENDED = ("answered", "declined", "expired", "failed")


class Place:
    """The real service with an embedded Postgres, as processes of their own; `start` it again after `kill`."""

    def __init__(self, home: Path) -> None:
        self._machine = Machine(home)
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self._floors = 0

    def start(self) -> Place:
        self._process = self._machine.start("serve", f"--port={self._port}", f"--log={self._machine.home / 'api.log'}")
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line.startswith("ready "), line + (self._process.communicate()[1] or "")
        self._port = int(line.strip().rpartition(":")[2])
        return self

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.communicate()

    def destroy(self) -> None:
        self.kill()
        Server(self._machine.home).destroy()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def floor(self) -> Floor:
        """A new organization of user:manu and user:priya."""
        self._floors += 1
        owner = Server(self._machine.home).urls().owner
        manu, priya = tokens.new("u"), tokens.new("u")

        async def found() -> None:
            made = await founding.create_org(owner, f"org-{self._floors}", "manu", manu, name="A test", label="manu")
            async with Client(self.url, manu) as client:
                await client.add_member("priya")
            await founding.issue(owner, made.org_id, "user:priya", priya, label="priya")

        asyncio.run(found())
        return Floor(self.url, manu, priya)


class Floor:
    """One organization, as its members see it through the API. The project is ``pj``, the session ``fxm``."""

    def __init__(self, url: str, manu: str, priya: str) -> None:
        self.url, self.token, self.advisor = url, manu, priya

    def ask(self, do: Callable[[Client], Awaitable[T]], token: str = "") -> T:
        async def asked() -> T:
            async with Client(self.url, token or self.token) as client:
                return await do(client)

        return asyncio.run(asked())

    def events(self, *kinds: str) -> list[Json]:
        """The project's record, oldest first; only these kinds where some are named."""

        async def read(client: Client) -> list[Json]:
            return [event async for event in client.history("pj")]

        try:
            found = self.ask(read)
        except Exception as error:
            if getattr(error, "status", 0) == 404:  # nobody has joined yet
                return []
            raise
        return [event for event in found if not kinds or event["kind"] in kinds]

    def bodies(self, *kinds: str) -> list[str]:
        return [str(event["body"]) for event in self.events(*kinds)]

    def inject(self, text: str) -> str:
        """Priya's advice; the id of its delivery."""
        return str(self.ask(lambda client: client.inject("pj", "fxm", text), self.advisor)["delivery_id"])

    def delivery(self, delivery: str) -> Json:
        return self.ask(lambda client: client.delivery("pj", delivery))

    def state(self, delivery: str) -> str:
        return str(self.delivery(delivery)["state"])

    def answered(self, delivery: str) -> bool:
        """Whether it came to that; fails when it ended otherwise, because it will not change any more."""
        found = self.delivery(delivery)
        assert found["state"] == "answered" or found["state"] not in ENDED, found
        return bool(found["state"] == "answered")

    @contextmanager
    def advising(
        self, when: Callable[[], Any], text: str, has_it: Callable[[], bool], gate: threading.Event
    ) -> Iterator[Advised]:
        """Advises a program that runs to its end, *when* it is so far; opens *gate* once its daemon has it."""
        done, advised = threading.Event(), Advised()

        def help() -> None:
            while not when():
                if done.wait(0.05):
                    return
            advised.delivery = self.inject(text)
            while not has_it() and not done.wait(0.05):
                pass
            gate.set()

        helper = threading.Thread(target=help)
        helper.start()
        try:
            yield advised
        finally:
            done.set()
            gate.set()
            helper.join()

    def check(self, driver: str = "user:manu") -> None:
        """What must hold of any record: no number missing, nothing twice, each event under its driver and epoch."""
        events = self.events()
        captured = [event for event in events if event.get("client_id") and event["actor"] == driver]

        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        named = [event["client_id"] for event in captured]
        assert len(named) == len(set(named))
        assert [event for event in captured if not event["epoch"] and event["kind"] in CAPTURED] == []

    def watch(self) -> Watcher:
        return Watcher(self)


@dataclass
class Advised:
    """What was advised meanwhile."""

    delivery: str = ""


def of_turn(floor: Floor, text: str) -> list[Json]:
    """What was captured of the turn whose prompt is *text*, without notices."""
    events = floor.events()
    turn = next(event["turn"] for event in events if event["kind"] == "prompt" and event["body"] == text)
    return [event for event in events if event["turn"] == turn and event["kind"] != "notice"]


def replied(floor: Floor, text: str) -> Callable[[], bool]:
    return lambda: text in floor.bodies("reply")


class Watcher:
    """A subscriber of the project: ``with floor.watch() as seen``; notes when each event came."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.came: list[tuple[float, Json]] = []

    def __enter__(self) -> Watcher:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)

    def when(self, fits: Callable[[Json], bool], seconds: float = 15) -> float:
        """The moment at which the first event that fits came."""
        found: list[float] = []

        def there() -> bool:
            found[:] = [at for at, event in list(self.came) if fits(event)]
            return bool(found)

        until(there, seconds)
        return found[0]

    def _run(self) -> None:
        self._task = self._loop.create_task(self._follow())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _follow(self) -> None:
        async with (
            Client(self._floor.url, self._floor.token) as client,
            client.socket("pj") as socket,
        ):
            self._ready.set()
            while True:
                frame = await socket.receive()
                if frame["type"] == "event":
                    self.came.append((time.time(), frame["event"]))
