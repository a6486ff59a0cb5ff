"""The server behind the door: the SDK's loop over our own lines, and the tools.

`serve_loop` and not `Server.run`: the latter would take a connection of protocol 2026-07-28 (see `greeting`).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.runner import serve_loop
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    InitializeRequestParams,
    JSONRPCNotification,
    JSONRPCResponse,
    ListToolsResult,
    NotificationParams,
    PaginatedRequestParams,
    ServerCapabilities,
    TextContent,
    Tool,
    ToolAnnotations,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from polaris import __version__, log
from polaris.errors import PolarisError

from . import greeting, texts
from .calls import Calls
from .daemon import Daemon, environment
from .door import Door, Line
from .identity import Identity
from .push import keep_pushing
from .tools import TOOLS, ToolSpec

LOG = log.get("channel")

Sending = MemoryObjectSendStream[SessionMessage]
Context = ServerRequestContext[Any, Any]


class ChannelServer(Server[Any]):
    """A low-level server that has the channel's capability in every answer."""

    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,
    ) -> ServerCapabilities:
        merged = {**greeting.EXPERIMENTAL, **(experimental_capabilities or {})}
        return super().get_capabilities(notification_options, merged, extensions, protocol_version=protocol_version)


class Connection:
    """One client: its tools, and what is pushed to it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.daemon = Daemon(environ)
        self.identity = Identity(self.daemon, environ)
        self.calls = Calls(self.daemon, self.identity, environ.get("POLARIS_TOKEN") or None)
        self.ready = anyio.Event()
        self.server = ChannelServer(
            greeting.NAME,
            title=greeting.TITLE,
            version=__version__,
            instructions=greeting.INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self.server.middleware.append(self._watch)
        self.server.add_notification_handler("notifications/initialized", NotificationParams, self._initialized)

    async def serve(self, door: Door) -> None:
        """Serves until the client goes."""
        read, lines = _lines(door)
        outgoing, incoming = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as group:
            group.start_soon(_write, door, incoming)
            group.start_soon(self._push, outgoing.clone())
            options = self.server.create_initialization_options()
            async with self.server.lifespan(self.server) as state:
                await serve_loop(self.server, lines, outgoing, lifespan_state=state, init_options=options)
            read.close()
            group.cancel_scope.cancel()

    async def _list(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_advertised(name, spec) for name, spec in TOOLS.items()])

    async def _call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        spec = TOOLS.get(params.name)
        if spec is None:
            raise MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        try:
            asked = spec.takes.model_validate(params.arguments or {})
        except ValidationError as error:
            return _failed(_wrong(error))
        meta = context.params.get("_meta") if context.params else None
        try:
            outcome = await self.calls.run(params.name, asked, meta if isinstance(meta, dict) else None)
        except PolarisError as error:
            return _failed(texts.failure(error))
        except Exception:
            LOG.exception("a tool failed", extra={"tool": params.name})
            return _failed("Polaris has a fault here; its log tells more.")
        blocks: list[ContentBlock] = [TextContent(text=text) for text in (outcome.text, *outcome.advice)]
        return CallToolResult(content=blocks, structured_content=outcome.answer.model_dump(mode="json"))

    async def _push(self, outgoing: Sending) -> None:
        """Once the client is ready, and never before."""

        async def push(method: str, params: dict[str, Any]) -> None:
            await outgoing.send(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=method, params=params)))

        async with outgoing:
            await self.ready.wait()
            await keep_pushing(self.daemon, self.identity, push)

    async def _initialized(self, context: Context, params: NotificationParams) -> None:
        self.ready.set()

    async def _watch(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Learns who the client is, and refuses the protocol without a handshake in plain words."""
        params = ctx.params or {}
        if ctx.method == "initialize":
            result = await call_next(ctx)
            self.identity.greet(InitializeRequestParams.model_validate(params, by_name=False).client_info.name)
            return result
        meta = params.get("_meta")
        modern = isinstance(meta, dict) and greeting.ENVELOPE in meta
        if ctx.request_id is not None and (modern or ctx.method == "server/discover"):
            told = greeting.refused(ctx.method, meta.get(greeting.ENVELOPE) if isinstance(meta, dict) else None)
            raise MCPError(code=told["code"], message=told["message"], data=told["data"])
        return await call_next(ctx)


async def serve(door: Door) -> None:
    await Connection(environment()).serve(door)


def _lines(
    door: Door,
) -> tuple[MemoryObjectSendStream[SessionMessage | Exception], MemoryObjectReceiveStream[SessionMessage | Exception]]:
    """What the door hands over, as the SDK reads it; a line that is no message becomes the error that says so."""
    send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](math.inf)
    loop = asyncio.get_running_loop()

    def take(line: Line) -> None:
        if line is None:
            send.close()
            return
        try:
            send.send_nowait(SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False)))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass  # it ends already
        except Exception as error:
            send.send_nowait(error)

    def handed(line: Line) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is over
            loop.call_soon_threadsafe(take, line)

    door.attach(handed)
    return send, receive


async def _write(door: Door, incoming: MemoryObjectReceiveStream[SessionMessage]) -> None:
    """Puts what the SDK says on the wire, except the answer that the door gave already."""
    async with incoming:
        async for message in incoming:
            said = message.message
            if isinstance(said, JSONRPCResponse) and said.id == door.answered and door.answered is not None:
                door.answered = None
                continue
            line = said.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
            await asyncio.to_thread(door.write, line.encode("utf-8", "replace"))


def listing() -> list[dict[str, Any]]:
    """The tools as they are on the wire: what `door` reads from ``tools.json``."""
    tools = ListToolsResult(tools=[_advertised(name, spec) for name, spec in TOOLS.items()])
    return list(tools.model_dump(by_alias=True, exclude_none=True, mode="json")["tools"])


def _advertised(name: str, spec: ToolSpec) -> Tool:
    return Tool(
        name=name,
        title=spec.title,
        description=spec.description,
        input_schema=spec.input_schema(),
        output_schema=spec.output_schema(),
        annotations=ToolAnnotations(
            title=spec.title,
            read_only_hint=not spec.changes,
            destructive_hint=spec.ends,
            idempotent_hint=spec.repeatable,
            open_world_hint=True,
        ),
    )


def _failed(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def _wrong(error: ValidationError) -> str:
    """What is wrong with the arguments, by name; the values are not repeated."""
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors())
