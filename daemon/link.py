"""The live connection to the service of one bound session: events up, receipts up, advice down, the seat kept.

One WebSocket. Events and receipts leave the queue when the service has acknowledged them, in order, and are sent again
after every broken connection; their ids make that harmless. A link ends when nothing is bound to its route any more
and everything has been taken.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from polaris import log
from polaris.client import Backoff, Client, Json, Socket
from polaris.errors import PolarisError, SocketClosed, Unavailable, from_problem
from polaris.settings import Credential
from polaris.tasks import together, wait

from .advice import Advice
from .asked import Asked
from .bindings import Bindings
from .direct import Opener
from .records import Route
from .seat import Seat
from .spool import BATCH_EVENTS, Spool

LOG = log.get("daemon.link")

ANSWER_SECONDS = 30.0
# How often a link that was refused asks again, and looks whether somebody has signed in again (a local file).
REFUSED_SECONDS = 15.0
SIGNED_OUT_SECONDS = 2.0
RECEIPTS = 50
# An event that the service fails at so often, so far apart, is put aside until the daemon starts again.
FAULTS, FAULT_SECONDS = 5, 1.0
# A connection that lived so long was a good one: the next pause is short again.
STEADY_SECONDS = 5.0
SLOW, TOKEN_DEAD, NO_ACCESS = 1013, 4401, 4403
REASONS = {
    TOKEN_DEAD: "the token is not valid any more: sign in again",
    401: "the token is not valid any more: sign in again",
    NO_ACCESS: "no access to the session any more",
}


class Stopped(PolarisError):
    """The service refuses this link; trying again at once would change nothing."""

    status, code = 403, "link_refused"


class Link:
    """The link of one route. `run` returns when there is nothing left to do."""

    def __init__(
        self,
        route_id: int,
        bindings: Bindings,
        spool: Spool,
        advice: Advice,
        credential: Callable[[Route], Credential],
        opener: Opener,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.route_id = route_id
        self._bindings, self._spool, self._advice = bindings, spool, advice
        self._credential, self._opener = credential, opener
        self._patience = answer_seconds
        # connecting, connected, offline, refused
        self.state = "connecting"
        self.reason: str | None = None
        self.last_push: float | None = None
        self._lease_seconds = 60.0
        self._faults = 0
        self._more = asyncio.Event()
        self._seat = Seat(route_id, bindings, advice, self._more.set)
        self.asked = Asked()
        self._nudged = asyncio.Event()
        self._idle = asyncio.Event()
        self._asked: dict[int, asyncio.Future[Json]] = {}
        self._numbers = itertools.count(1)

    @property
    def route(self) -> Route:
        return self._bindings.routes[self.route_id]

    @property
    def holds(self) -> bool:
        """Whether the seat is surely ours at this moment."""
        return self._seat.held

    def wake(self) -> None:
        """There is something new to send."""
        self._more.set()

    def nudge(self) -> None:
        """Something about binding or credential changed: look again now."""
        self._seat.check()
        self._more.set()
        self._nudged.set()

    def over(self) -> None:
        """Everything was taken and the route tidied up: those who wait in `drained` go on."""
        self._idle.set()

    async def drained(self, seconds: float) -> bool:
        """Waits until everything has been taken and the link has ended."""
        return await wait(self._idle, seconds)

    async def run(self) -> None:
        """Connects again and again, until nothing is bound here and nothing waits."""
        backoff = Backoff()
        dead: Credential | None = None
        while not await self._over():
            self._nudged.clear()
            pause = None
            begun = time.monotonic()
            try:
                credential = self._credential(self.route)
                if credential == dead:
                    # Revoked tokens do not come back: nothing is sent until somebody has signed in again.
                    await wait(self._nudged, SIGNED_OUT_SECONDS)
                    continue
                async with (
                    self._opener.client(credential) as client,
                    client.socket(self.route.project, self.route.session) as socket,
                ):
                    await self._converse(client, socket)
            except PolarisError as error:
                code = error.close_code if isinstance(error, SocketClosed) else error.status
                refused = code in (TOKEN_DEAD, NO_ACCESS) or (error.status < 500 and error.status != 429)
                self._offline("refused" if refused else "offline", REASONS.get(code, error.message))
                dead = credential if code in (TOKEN_DEAD, 401) else None
                pause = (0.0 if dead else REFUSED_SECONDS) if refused else None
            if time.monotonic() - begun > STEADY_SECONDS:
                backoff.reset()
            await wait(self._nudged, backoff.seconds() if pause is None else pause)
        self._offline("offline", None)

    async def _converse(self, client: Client, socket: Socket) -> None:
        hello = await _within(socket.receive(), self._patience)
        if hello.get("type") != "hello":
            raise SocketClosed(1002, "no hello")
        if hello.get("actor") != self.route.actor:
            # The profile was signed in as somebody else: nothing may be written under another name.
            raise Stopped(f"{self.route.actor} is not signed in any more.")
        self._lease_seconds = float(hello.get("lease_seconds") or 60)
        self._asked.clear()
        self.state, self.reason = "connected", None
        LOG.info("connected", extra={"place": self.route.place, "actor": self.route.actor})

        async def ask(frame: Json) -> Json:
            return await self._ask(socket, frame)

        await together(
            self._read(socket),
            self._seat.keep(client, ask, self._lease_seconds),
            self.asked.follow(client, self.route, self._drives),
            self._send(client, socket),
        )

    async def _read(self, socket: Socket) -> None:
        while True:
            frame = await socket.receive()
            kind, number = frame.get("type"), frame.get("id")
            if kind == "advice":
                await self._advice.arrived(self._bindings.driver(self.route_id), self.route_id, frame["delivery"])
            elif kind == "event":
                await self._heard(frame["event"])
            elif kind == "resume":
                raise SocketClosed(SLOW, "too slow")
            elif isinstance(number, int) and number in self._asked:
                answer = self._asked.pop(number)
                if not answer.done():
                    answer.set_result(frame)

    async def _heard(self, event: Json) -> None:
        if event.get("session") != self.route.session:
            return
        if str(event.get("kind")).startswith(("driver.", "seat.")):
            self._seat.check()
            self.asked.stir()
        elif event.get("kind") == "delivery":
            told = event.get("payload")
            if isinstance(told, dict) and told.get("state") in ("expired", "declined", "failed"):
                await self._advice.ended(str(told.get("delivery")))

    def _drives(self) -> bool:
        binding = self._bindings.driver(self.route_id)
        return binding is not None and binding.state == "active"

    async def _send(self, client: Client, socket: Socket) -> None:
        """Everything that waits, oldest first; then what may be given up is given up."""
        single = 0
        while True:
            self._more.clear()
            pushed, single = await self._push(socket, single)
            if await self._settle(socket) or pushed:
                continue
            if self.route.releasing is not None:
                await self._release(client)
            if await self._over():
                return
            await self._more.wait()

    async def _push(self, socket: Socket, single: int) -> tuple[bool, int]:
        """One batch; answers whether there was one. After a batch was refused as a whole, *single* events go alone."""
        batch = await self._spool.next(self.route_id, events=1 if single else BATCH_EVENTS)
        if not batch:
            return False, 0
        frame = {"type": "push", "events": [orjson.Fragment(one.event) for one in batch]}
        try:
            results = (await self._ask(socket, frame))["results"]
        except PolarisError as error:
            if error.status == 500:
                # A fault of the service. Perhaps one event brings it about: alone, and aside when it does so again.
                self._faults += 1
                await asyncio.sleep(FAULT_SECONDS)
                if len(batch) == 1 and self._faults < FAULTS:
                    return True, max(single, 1)
            elif error.status > 500 or error.status in (401, 403, 408, 429):
                raise Unavailable(error.message) from error
            if len(batch) > 1:
                return True, len(batch)
            results = [{"code": error.code, "message": error.message}]
        self._faults = 0
        if len(results) != len(batch):
            raise SocketClosed(1002, "as many answers as questions were expected")
        kept = [one.event_id for one, result in zip(batch, results, strict=True) if not result.get("code")]
        refused = [
            (one.event_id, str(result["code"]), str(result.get("message") or ""))
            for one, result in zip(batch, results, strict=True)
            if result.get("code")
        ]
        known = [one.event_id for one, result in zip(batch, results, strict=True) if result.get("created") is False]
        await self._spool.settle(self.route_id, kept, refused, known)
        self.last_push = time.time()
        if refused:
            LOG.warning(
                "events were refused", extra={"place": self.route.place, "count": len(refused), "code": refused[0][1]}
            )
        return True, max(0, single - len(batch))

    async def _settle(self, socket: Socket) -> bool:
        """The oldest receipts, in order; answers whether there were any."""
        receipts = await self._advice.receipts(self.route_id, RECEIPTS)
        for receipt in receipts:
            driver = self._bindings.driver(self.route_id)
            # An attempt is the present seat's; a proof belongs to the seat under which it was handed.
            past = receipt.state in ("seen", "answered")
            frame = {
                "type": "settle",
                "delivery": receipt.delivery_id,
                "state": receipt.state,
                "reason": receipt.reason,
                "path": receipt.path,
                "epoch": driver.epoch if driver and not past else receipt.epoch,
            }
            try:
                await self._ask(socket, frame)
            except PolarisError as error:
                if error.status >= 500 or error.status in (401, 408, 429):
                    raise Unavailable(error.message) from error
                LOG.info("a receipt was refused", extra={"state": receipt.state, "code": error.code})
                await self._advice.refused(receipt)
            else:
                await self._advice.acknowledged(receipt)
        return bool(receipts)

    async def _release(self, client: Client) -> None:
        route = self.route
        try:
            await client.release(route.project, route.session, route.releasing)
        except PolarisError as error:
            if error.status >= 500 or error.status == 429:
                raise
            LOG.info("the seat was not ours to release", extra={"place": route.place, "code": error.code})
        self._seat.given_up()
        await self._bindings.set_releasing(self.route_id, None)

    async def _ask(self, socket: Socket, frame: dict[str, Any]) -> Json:
        """One question and its answer. Raises the service's problem; a service that hangs is left."""
        number = next(self._numbers)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            await _within(socket.send(frame | {"id": number}), self._patience)
            reply: Json = await _within(answer, self._patience)
        finally:
            self._asked.pop(number, None)
        if reply.get("type") == "problem":
            status = reply.get("status")
            raise from_problem(status if isinstance(status, int) else 500, reply)
        return reply

    async def _over(self) -> bool:
        # An agent session that has ended keeps its binding for a resume, but no connection.
        bound = any(one.state != "ended" for one in self._bindings.of_route(self.route_id))
        if bound or self.route.releasing is not None:
            return False
        return self._spool.waiting[self.route_id] <= 0 and not await self._advice.receipts(self.route_id, 1)

    def _offline(self, state: str, reason: str | None) -> None:
        if self.state != state or self.reason != reason:
            LOG.info("not connected", extra={"place": self.route.place, "state": state, "reason": reason})
        self.state, self.reason = state, reason


async def _within(asked: Awaitable[Any], seconds: float) -> Any:
    try:
        return await asyncio.wait_for(asked, seconds)
    except TimeoutError as error:
        raise SocketClosed(4000, "the service does not answer") from error
