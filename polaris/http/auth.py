"""Who asks: the bearer token of a request, and the end of everything that hangs on a token that died.

A token is only ever taken from the header, never from a URL (URLs are logged). What it means is remembered for up to
three seconds under its digest; a revocation on the control channel forgets at once, and every three seconds one query
asks for all tokens behind live sockets and streams, in case the notification was lost.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import hdrs, web

from polaris import tokens
from polaris.db import calls
from polaris.db.pool import Database
from polaris.db.rows import Identity
from polaris.errors import Forbidden, NotFound, Unauthorized

REMEMBER_SECONDS = 3.0
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """The participant behind a request, and by which credential: a token, or a browser's session."""

    org_id: int
    org: str
    actor: str
    role: str
    token_id: int | None
    project_id: int | None
    expires_at: datetime | None
    redaction_key: bytes
    web_session_id: int | None = None

    @property
    def credential(self) -> tuple[str, int | None]:
        """What requests are counted under."""
        return ("token", self.token_id) if self.token_id is not None else ("web", self.web_session_id)

    def everywhere(self) -> None:
        """Raises 403 for a token that is limited to one project."""
        if self.project_id is not None:
            raise Forbidden("This token is for one project.", code="token_is_for_one_project")

    def within(self, project_id: int) -> None:
        """Raises 404 for a project that the token is not for."""
        if self.project_id is not None and self.project_id != project_id:
            raise NotFound("There is no such project.", code="no_such_project")

    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


CALLER = web.RequestKey("caller", Caller)


class Authenticator:
    """Turns a header into a `Caller`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[float, Caller]] = {}
        self._asking: dict[bytes, asyncio.Task[Caller]] = {}
        self._generation = 0

    async def identify(self, request: web.Request) -> Caller:
        """Raises 401 ``token_missing``, ``_malformed``, ``_unknown``, ``_revoked`` or ``_expired``."""
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        scheme, _, token = header.partition(" ")
        if not header or scheme.lower() != "bearer":
            raise Unauthorized
        token = token.strip()
        digest = tokens.digest(token)
        found = self._known.get(digest)
        if found is not None and found[0] > time.monotonic() and not found[1].expired():
            return found[1]
        if not tokens.well_formed(token):
            raise Unauthorized("This is not a token of Polaris.", code="token_malformed")
        asking = self._asking.get(digest)
        if asking is None:  # many requests with one token ask once
            asking = self._asking[digest] = asyncio.create_task(self._ask(digest))
            asking.add_done_callback(lambda task: self._asked(digest, task))
        return await asyncio.shield(asking)

    def forget(self) -> None:
        """The next request of each token asks again."""
        self._generation += 1
        self._known.clear()
        self._asking.clear()

    def _asked(self, digest: bytes, task: asyncio.Task[Caller]) -> None:
        if self._asking.get(digest) is task:
            del self._asking[digest]
        if not task.cancelled():
            task.exception()  # looked at, also when every request that waited for it is gone

    async def _ask(self, digest: bytes) -> Caller:
        generation = self._generation
        async with self._database.connection() as conn:
            identity: Identity = await calls.authenticate(conn, hash=digest)
        caller = Caller(
            identity.org_id,
            identity.org,
            identity.actor,
            identity.role,
            identity.token_id,
            identity.project_id,
            identity.expires_at,
            identity.redaction_key,
        )
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        if generation == self._generation:  # not what was asked before a revocation and answered after it
            self._known[digest] = (time.monotonic() + REMEMBER_SECONDS, caller)
        return caller
