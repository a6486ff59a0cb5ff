"""A stand-in for the models: it answers the coding agents on loopback and keeps every request that they made.

What it says is a script: a list of `Turn`s under a name. The newest text of the user that holds ``STUB:<name>`` chooses
the script, and the number of the assistant's turns since then is the place in it. So nothing is remembered between
requests: a sub-agent, a woken session, an injected text choose a script of their own by naming it. Where nothing is
named, the script ``""`` speaks. `model_apis` speaks the four dialects; this module knows none of them.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from model_apis import Handler

Json = dict[str, Any]

MARK = re.compile(r"STUB:([A-Za-z0-9_.-]+)")
# A gate that nobody opens ends a test with a failure, not with a hang.
GATE_SECONDS = 60.0
# Where a request keeps what the model reads, in any of the dialects.
READ_BY_THE_MODEL = ("system", "instructions", "messages", "input", "contents")


@dataclass(frozen=True)
class Call:
    """A tool call of the model. *namespace* is Codex's way to name an MCP server."""

    name: str
    input: Json = field(default_factory=dict)
    namespace: str = ""


@dataclass(frozen=True)
class Turn:
    """One answer of the model.

    *gate*: the answer waits until this is set. *stall*: the first half of the text is sent, the rest waits for this.
    *status*: an HTTP error in place of an answer.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    gate: threading.Event | None = None
    stall: threading.Event | None = None
    status: int = 0


@dataclass(frozen=True)
class Request:
    """What an agent asked: when, in which dialect, and which turn of which script it got (``main.0``)."""

    at: float
    api: str
    label: str
    body: Json

    @property
    def read(self) -> str:
        """Everything that the model would have read, as one text."""
        return "\n".join(_texts({name: self.body.get(name) for name in READ_BY_THE_MODEL}))


class Stub:
    """The server; ``with Stub() as stub``. Scripts may be added while it runs."""

    def __init__(self, scripts: Mapping[str, Sequence[Turn]] | None = None) -> None:
        self.scripts: dict[str, Sequence[Turn]] = dict(scripts or {})
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        handler = type("Handler", (Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Stub:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for turn in (turn for script in self.scripts.values() for turn in script):
            for event in (turn.gate, turn.stall):
                if event is not None:
                    event.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, api: str, messages: Sequence[tuple[str, str]], body: Json, *, aside: bool) -> Turn:
        """The answer to a request of these ``(role, text)`` messages. *aside*: a title or a topic is wanted."""
        turn, label = self._choose(messages, aside)
        with self._lock:
            self.requests.append(Request(time.time(), api, label, body))
        if turn.gate is not None:
            turn.gate.wait(GATE_SECONDS)
        return turn

    def _choose(self, messages: Sequence[tuple[str, str]], aside: bool) -> tuple[Turn, str]:
        if aside:
            return Turn(json.dumps({"title": "Stub session", "isNewTopic": True})), "aside"
        name, place = "", 0
        for role, text in messages:
            named = MARK.findall(text) if role == "user" else []
            if named:
                name, place = named[-1], 0
            elif role == "assistant":
                place += 1
        script = self.scripts.get(name)
        if script is None:
            return Turn("Nothing to do."), name or "default"
        return script[place] if place < len(script) else Turn(f"Script {name} is at its end."), f"{name}.{place}"

    def asked(self, label: str) -> list[Request]:
        """The requests that got this turn (``main.0``)."""
        return [request for request in list(self.requests) if request.label == label]

    def read(self, text: str) -> list[Request]:
        """The requests in which the model would have read *text*."""
        return [request for request in list(self.requests) if text in request.read]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
