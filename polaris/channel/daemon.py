"""Asking the daemon of this machine, over HTTP on asyncio streams: aiohttp would cost more time than all the rest.

A request is a connection of its own. Port and token are read for each, so that a daemon that was started again, on
another port even, is found.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from polaris.errors import PolarisError, Unavailable, from_problem

Json = dict[str, Any]

NOBODY = 0  # without daemon.json no daemon runs, and whoever listens on the usual port may be another user
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 30.0
ANSWER_BYTES = 32 * 1024 * 1024
# A request that may be repeated is: so a daemon that is just being started again is not noticed.
PAUSES = (0.1, 0.3, 0.6)


class Lost(Unavailable):
    """The connection to the daemon broke off."""

    code = "daemon_unreachable"


class Daemon:
    """The daemon of one home."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.home = Path(environ.get("POLARIS_HOME") or Path(environ.get("HOME") or Path.home()) / ".polaris")

    def port(self) -> int:
        """``POLARIS_PORT``, else what the running daemon wrote down, else `NOBODY`; as capture.sh finds it."""
        text = self._environ.get("POLARIS_PORT", "")
        if text.isascii() and text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        try:
            found = json.loads((self.home / "daemon.json").read_text())["port"]
        except (OSError, ValueError, KeyError, TypeError):
            return NOBODY
        return found if isinstance(found, int) and 0 < found < 65536 else NOBODY

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        repeat: bool = False,
    ) -> Json:
        """The decoded answer. Raises the daemon's problem, or `Unavailable` with what to do.

        *repeat*: asking twice does no harm.
        """
        if query:
            path += "?" + urlencode(
                {name: value for name, value in query.items() if value is not None}, quote_via=quote
            )
        for pause in (*(PAUSES if repeat else ()), None):
            try:
                async with asyncio.timeout(seconds):
                    return await self._once(method, path, body)
            except (OSError, EOFError, TimeoutError, Lost):
                if pause is None:
                    raise self.away() from None
                await asyncio.sleep(pause)
        raise AssertionError

    async def _once(self, method: str, path: str, body: Json | None) -> Json:
        async with self._asked(method, path, body) as (status, headers, reader):
            raw = b"".join([part async for part in _content(headers, reader)])
        try:
            found = json.loads(raw) if raw else {}
        except ValueError:
            found = None
        if not 200 <= status < 300:
            raise from_problem(status, found)
        if not isinstance(found, dict):
            raise self.away()
        return found

    @asynccontextmanager
    async def lines(self, path: str) -> AsyncIterator[AsyncIterator[Json]]:
        """An answer that never ends: one JSON object a line. Raises as `call` does; ends when the daemon ends it."""
        try:
            async with self._asked("GET", path, None) as (status, headers, reader):
                if status == 200:
                    yield _objects(_content(headers, reader))
                    return
                raw = b"".join([part async for part in _content(headers, reader)])
        except (OSError, EOFError, TimeoutError):
            raise self.away() from None
        try:
            found = json.loads(raw) if raw else None
        except ValueError:
            found = None
        raise from_problem(status, found)

    @asynccontextmanager
    async def _asked(
        self, method: str, path: str, body: Json | None
    ) -> AsyncIterator[tuple[int, Mapping[str, str], asyncio.StreamReader]]:
        """Sends one request; answers status, headers and where the content comes."""
        port, raw = self.port(), b"" if body is None else json.dumps(body).encode()
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"X-Polaris-Token: {self._token()}",
            "Content-Type: application/json",
            f"Content-Length: {len(raw)}",
            "Connection: close",
        ]
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024 * 1024)
        try:
            writer.write("\r\n".join([*head, "", ""]).encode("latin-1", "replace") + raw)
            await writer.drain()
            status, headers = await _head(reader)
            yield status, headers, reader
        finally:
            writer.transport.abort()

    def _token(self) -> str:
        try:
            token = (self.home / "daemon.token").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            token = ""
        return token if token.isprintable() else ""

    def away(self) -> PolarisError:
        return Unavailable(
            f"The Polaris daemon of this machine does not answer on port {self.port()}.",
            code="daemon_unreachable",
            hint="Start it with `polaris start`, then try again; `polaris doctor` finds out what is wrong.",
        )


async def _head(reader: asyncio.StreamReader) -> tuple[int, Mapping[str, str]]:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.LimitOverrunError, asyncio.IncompleteReadError) as error:
        raise Lost() from error
    words = lines[0].split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise Lost()  # a stranger has the port
    pairs = (line.partition(":") for line in lines[1:] if line)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _content(headers: Mapping[str, str], reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The content in pieces as they come. Raises `Lost` when it broke off."""
    total = 0
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                yield (await reader.readexactly(size + 2))[:-2]
        elif "content-length" in headers:
            left = int(headers["content-length"])
            if left > ANSWER_BYTES:
                raise Lost()
            yield await reader.readexactly(left)
        else:
            while part := await reader.read(65536):
                total += len(part)
                if total > ANSWER_BYTES:
                    raise Lost()
                yield part
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise Lost() from error


async def _objects(parts: AsyncIterator[bytes]) -> AsyncIterator[Json]:
    rest = b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


def environment() -> Mapping[str, str]:
    return os.environ
