"""What the workers of one workspace share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from polaris.db.pool import Database
from polaris.db.slack_rows import WorkspaceRow
from polaris.errors import PolarisError

from .web_api import TOKEN_ERRORS, Refused, WebApi

R = TypeVar("R")


class Replaced(Exception):
    """Another bridge has the workspace, or it was disconnected: everything for it ends here, at once."""


class TokenRefused(Exception):
    """Slack does not take the workspace's token any more; the text is Slack's error."""


@dataclass
class Place:
    """One workspace, while this process has its lease. Its workers write with ``fence`` and are woken by the events."""

    workspace: WorkspaceRow
    fence: int
    database: Database
    api: WebApi
    public_url: str | None
    # Something may be new: in the inbox, among the posts, among projects, channels, settings and people.
    inbox: asyncio.Event = field(default_factory=asyncio.Event)
    posts: asyncio.Event = field(default_factory=asyncio.Event)
    channels: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """A method of Slack. Raises `TokenRefused`, and whatever else `WebApi.call` raises."""
        try:
            return await self.api.call(method, **arguments)
        except Refused as refusal:
            if refusal.error in TOKEN_ERRORS:
                raise TokenRefused(refusal.error) from refusal
            raise

    async def read(self, call: Callable[..., Awaitable[R]], *args: Any, **kwargs: Any) -> R:
        """A stub that begins with the organization."""
        return await self.database.ask(call, self.workspace.org_id, *args, **kwargs)

    async def write(self, call: Callable[..., Awaitable[R]], *args: Any, **kwargs: Any) -> R:
        """A stub that begins with organization and fence. Raises `Replaced` when the lease is lost."""
        try:
            return await self.database.ask(call, self.workspace.org_id, self.fence, *args, **kwargs)
        except PolarisError as error:
            if error.code == "bridge_was_replaced":
                raise Replaced from error
            raise
