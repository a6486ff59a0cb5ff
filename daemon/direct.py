"""The service as whom a credential names: over its API, or directly over SQL where the address is ``postgresql://``.

What clients share is here: the pool of HTTP connections, and the lines to databases with their one listener. The
modules of the direct link, and with them the driver, are loaded when the first such address comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aiohttp

from polaris.addresses import is_direct
from polaris.client import Client
from polaris.settings import Credential

if TYPE_CHECKING:
    from polaris.db.direct_line import Exchange


class Opener:
    """Makes clients between `open` and `close`. *lease_seconds*: of seats on a direct link; the API has its own."""

    def __init__(self, lease_seconds: int) -> None:
        self._lease_seconds = lease_seconds
        self._http: aiohttp.ClientSession | None = None
        self._exchange: Exchange | None = None

    @property
    def is_open(self) -> bool:
        return self._http is not None

    def open(self) -> None:
        # Each session has a link, and a link keeps its connection: the limit of a hundred would be one of sessions.
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        http, self._http = self._http, None
        exchange, self._exchange = self._exchange, None
        if http is not None:
            await http.close()
        if exchange is not None:
            await exchange.close()

    def client(self, credential: Credential) -> Client:
        """To be opened with ``async with``. A direct client has the same methods (tests/contract holds them equal)."""
        if not is_direct(credential.url):
            return Client(credential.url, credential.token, http=self._http)
        from polaris.db.direct import DirectClient
        from polaris.db.direct_line import Exchange

        if self._exchange is None:
            self._exchange = Exchange()
        direct = DirectClient(credential.token, lease_seconds=self._lease_seconds, exchange=self._exchange)
        return cast(Client, direct)
