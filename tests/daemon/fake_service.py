"""A service in memory that speaks just enough of the API for faults that the real one cannot be made to have."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]


class FakeService:
    """One project, any sessions. ``hang`` makes it take frames and answer nothing; ``refuse`` names client ids."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.settled: list[tuple[str, str]] = []
        self.receipts: list[Json] = []
        self.deliveries: dict[str, Json] = {}
        self.seats: dict[str, tuple[str | None, int]] = {}
        self.endings: dict[str, str] = {}
        self.actors = {"token-of-manu": "user:manu", "token-of-krishna": "user:krishna"}
        self.lease_seconds = 60.0
        self.hang = False
        self.refuse: dict[str, str] = {}
        self.poison: str | None = None
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.connections = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> FakeService:
        app = web.Application()
        app.router.add_get("/me", self._me)
        app.router.add_post("/projects/{p}/sessions/{s}/join", self._join)
        app.router.add_post("/projects/{p}/sessions/{s}/driver", self._join)
        app.router.add_post("/projects/{p}/sessions/{s}/handoff", self._release)
        app.router.add_get("/projects/{p}/sessions/{s}/messages", self._messages)
        app.router.add_get("/projects/{p}/sessions/{s}/ws", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        for socket in list(self.sockets.values()):
            await socket.close(code=1001)
        await self._runner.cleanup()

    async def advise(self, session: str, delivery_id: str, text: str, **more: Any) -> None:
        epoch = self.seats[session][1]
        marker = f"polaris:advice:{delivery_id}"
        row = {"delivery_id": delivery_id, "state": "queued", "epoch": epoch, "marker": marker} | more
        self.deliveries[delivery_id] = row | {"text": f"[{marker}] {text}", "session": session}
        await self.sockets[session].send_json({"type": "advice", "delivery": self.deliveries[delivery_id]})

    def give_seat(self, session: str, actor: str | None, ending: str = "driver.expired") -> None:
        """Somebody else's claim, or an open seat that ended so."""
        self.seats[session] = (actor, self.seats[session][1] + (actor is not None))
        self.endings[session] = ending

    def _actor(self, request: web.Request) -> str:
        actor = self.actors.get(request.headers["Authorization"].removeprefix("Bearer "))
        if actor is None:
            raise web.HTTPUnauthorized(
                text='{"code":"token_revoked","message":"gone"}', content_type="application/json"
            )
        return actor

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"org": "acme", "actor": self._actor(request), "role": "member", "redaction_key": "a2V5"}
        )

    async def _join(self, request: web.Request) -> web.Response:
        actor, session = self._actor(request), request.match_info["s"]
        driver, epoch = self.seats.get(session, (None, 0))
        if driver is None:
            self.seats[session] = (actor, epoch + 1)
        elif driver != actor and request.path.endswith("/driver"):
            problem = {
                "code": "seat_is_held",
                "message": f"{driver} drives.",
                "hint": None,
                "details": {"driver": driver},
            }
            return web.json_response(problem, status=409)
        driver_now, epoch_now = self.seats[session]
        claimed = driver is None
        row = {"project": request.match_info["p"], "name": session, "driver": driver_now, "epoch": epoch_now}
        return web.json_response(row | {"seat": "held", "created": claimed, "claimed": claimed})

    async def _release(self, request: web.Request) -> web.Response:
        session = request.match_info["s"]
        if self.seats[session][0] != self._actor(request):
            return web.json_response({"code": "not_driver", "message": "You do not drive."}, status=409)
        self.give_seat(session, None, "driver.released")
        return web.json_response({"epoch": self.seats[session][1], "driver": None})

    async def _messages(self, request: web.Request) -> web.Response:
        kind = self.endings.get(request.match_info["s"])
        return web.json_response({"items": [{"kind": kind, "seq": 1}] if kind else [], "first_seq": 1, "last_seq": 1})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        actor, session = self._actor(request), request.match_info["s"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        self.sockets[session] = socket
        driver, epoch = self.seats[session]
        hello = {"type": "hello", "actor": actor, "driver": driver, "epoch": epoch, "lease_seconds": self.lease_seconds}
        await socket.send_json(hello)
        for row in self.deliveries.values():
            if row["session"] == session and row["state"] in ("queued", "sent") and driver == actor:
                await socket.send_json({"type": "advice", "delivery": row})
        async for message in socket:
            if message.type is WSMsgType.TEXT and not self.hang:
                frame = json.loads(message.data)
                await socket.send_json(self._answer(frame, actor, session) | {"id": frame["id"]})
        return socket

    def _answer(self, frame: Json, actor: str, session: str) -> Json:
        driver, epoch = self.seats[session]
        if frame["type"] == "heartbeat":
            return {
                "type": "lease",
                "held": (driver, epoch) == (actor, frame["epoch"]),
                "driver": driver,
                "epoch": epoch,
            }
        if frame["type"] == "settle":
            self.settled.append((frame["delivery"], frame["state"]))
            self.receipts.append(frame)
            self.deliveries[frame["delivery"]]["state"] = frame["state"]
            return {"type": "settled", "delivery": self.deliveries[frame["delivery"]]}
        if any(event["body"] == self.poison for event in frame["events"]):
            return {"type": "problem", "code": "internal", "message": "A fault.", "status": 500}
        results = []
        for event in frame["events"]:
            if code := self.refuse.get(event["client_id"]):
                results.append({"client_id": event["client_id"], "code": code, "message": "no"})
                continue
            known = any(one["client_id"] == event["client_id"] and one["session"] == session for one in self.events)
            if not known:
                self.events.append(event | {"actor": actor, "session": session, "seq": len(self.events) + 1})
            results.append({"client_id": event["client_id"], "seq": 1, "created": not known, "late": False})
        return {"type": "pushed", "results": results}


async def until(fits: Any, seconds: float = 10.0) -> Any:
    """Waits for a condition, not for a time; answers its value."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (value := fits()):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError("it did not come about in time")
        await asyncio.sleep(0.01)
    return value
