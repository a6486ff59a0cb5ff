"""The API process: `make_app` for tests, `serve` for everybody else.

``asyncio.Runner(loop_factory=server.loop_factory())`` gives it uvloop where there is one.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import signal
from collections.abc import Callable
from contextlib import suppress

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

import polaris
from polaris.http import openapi, problems, slack
from polaris.http.api import OPERATIONS
from polaris.http.limits import Limits
from polaris.http.operations import install
from polaris.http.service import SERVICE, Service
from polaris.http.web import site
from polaris.http.web.cli_login import DESK, Desk
from polaris.http.web.dns import NAMES, Names
from polaris.http.web.pages import PAGES
from polaris.http.web.sign_in import DOOR, Door
from polaris.model import BATCH_BYTES
from polaris.settings import Settings

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 10.0
LINE_BYTES = 64 << 10  # of a request: 2,000 letters of a query, each with its four bytes written as %xx


def make_app(settings: Settings, database_url: str, limits: Limits | None = None) -> web.Application:
    """The application; it opens and closes its connections with `AppRunner`'s setup and cleanup."""
    service = Service(settings, database_url, limits or Limits())
    app = web.Application(middlewares=[_count, site.lost, problems.middleware], client_max_size=BATCH_BYTES)
    app[SERVICE] = service
    app.cleanup_ctx.append(service.running)
    app.on_shutdown.append(_end_streams)
    install(app, OPERATIONS, service.enter)
    app.router.add_get("/openapi.json", _describe)
    app.router.add_post("/slack/events", slack.events)
    site.install(app, PAGES)
    app[DOOR], app[DESK], app[NAMES] = Door.of(settings), Desk(), Names()
    return app


async def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    database_url: str,
    ready: Callable[[str], None] | None = None,
    limits: Limits | None = None,
) -> None:
    """Runs the API until SIGTERM or SIGINT, or until it is cancelled; port 0 takes any.

    *ready* is called with the URL once it answers. The end is graceful: no new connections, sockets closed with 1001,
    streams ended, pushes in flight finished. Raises `DatabaseUnavailable` or `Misconfigured` when it cannot begin.
    """
    app = make_app(settings, database_url, limits)
    runner = web.AppRunner(
        app, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False, access_log=None, max_line_size=LINE_BYTES
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        for number in signals:
            with suppress(NotImplementedError):  # a loop that cannot, as on Windows
                loop.add_signal_handler(number, stop.set)
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{site.port}"
        logger.info("the API answers", extra={"url": url})
        # What was loaded so far stays for good, and requests leave hardly any cycles: the collector need not look at
        # the former again, nor so often at the latter. A tenth of the time of a small request.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        if ready is not None:
            ready(url)
        await stop.wait()
        logger.info("the API stops")
    finally:
        for number in signals:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
        await runner.cleanup()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's loops where it is installed; None means asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@functools.cache
def _description() -> bytes:
    return orjson.dumps(openapi.document(OPERATIONS, version=polaris.__version__))


async def _describe(request: web.Request) -> web.Response:
    return web.Response(body=_description(), content_type="application/json")


async def _end_streams(app: web.Application) -> None:
    app[SERVICE].registry.end_all()


@web.middleware
async def _count(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    request.app[SERVICE].metrics.count(response.status)
    return response
