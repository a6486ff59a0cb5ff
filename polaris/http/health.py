"""Alive, ready, measured: for supervisors and Prometheus, without a token and without a name in the answer."""

from __future__ import annotations

import orjson
from aiohttp import web

from polaris.http import metrics
from polaris.http.service import SERVICE
from polaris.model import Answer


class Alive(Answer):
    status: str


class Ready(Answer):
    database: bool
    migrations: bool
    listener: bool


async def healthz(request: web.Request) -> Alive:
    """This process answers."""
    return Alive(status="ok")


async def readyz(request: web.Request) -> web.Response:
    """Everything that it needs is there; 503 while something lacks."""
    found = await request.app[SERVICE].check()
    status = 200 if all(found.values()) else 503
    return web.Response(status=status, body=orjson.dumps(found), content_type="application/json")


async def measure(request: web.Request) -> web.Response:
    return web.Response(body=await request.app[SERVICE].measure(), headers={"Content-Type": metrics.CONTENT_TYPE})
