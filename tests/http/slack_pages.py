"""A service that knows a Slack app, the stand-in for Slack behind it, and workspaces in every state for its pages."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from api_place import QUICK, Place, running, settle

from polaris.db import slack_calls
from polaris.db.slack_calls import Jsonb
from polaris.db.slack_rows import SlackRow
from polaris.demo_slack import FakeSlack
from polaris.http.limits import Limits

R = TypeVar("R")
KEY = base64.urlsafe_b64encode(b"a key that only the tests have..").decode()
# An app at whose Slack nobody answers: for pages that need none.
UNASKED = {
    "slack_client_id": "1.2",
    "slack_client_secret": "none",
    "slack_keys": (KEY,),
    "slack_url": "http://127.0.0.1:9",
}
PEOPLE = (
    {"id": "U1", "name": "manu", "email": "manu@acme.example"},
    {"id": "U2", "name": "krishna", "email": "krishna@acme.example"},
    {"id": "UGUEST", "name": "Gus Guest", "email": "gus@elsewhere.example"},
)


def app(slack: FakeSlack, **more: Any) -> dict[str, Any]:
    """Settings of a service with the app of *slack*."""
    return {
        "slack_client_id": slack.client_id,
        "slack_client_secret": slack.client_secret,
        "slack_signing_secret": slack.signing_secret,
        "slack_keys": (KEY,),
        "slack_url": slack.url,
    } | more


@asynccontextmanager
async def fake() -> AsyncIterator[FakeSlack]:
    """A stand-in with the workspace T1, Acme, in which the app is not installed."""
    slack = await FakeSlack().start()
    slack.team("T1", "Acme", [dict(person) for person in PEOPLE])
    try:
        yield slack
    finally:
        await slack.stop()


@asynccontextmanager
async def with_slack(
    database: Any, home: Path, slack: FakeSlack, limits: Limits = QUICK, **settings: Any
) -> AsyncIterator[Place]:
    """The service with the organization ``acme`` of ``user:manu``."""
    async with running(database, home, limits, **app(slack, **settings)) as place:
        await settle(place)
        yield place


async def ask(place: Place, call: Callable[..., Awaitable[R]], *args: Any, **kwargs: Any) -> R:
    """A stub of Slack's, for the organization of *place*."""
    return await place.service.database.ask(call, place.org_id, *args, **kwargs)


async def connected(place: Place, org_id: int = 0, team: str = "T1", **more: Any) -> SlackRow:
    """A workspace is connected, without a look at any Slack."""
    asked: dict[str, Any] = {
        "app": "A0POLARIS",
        "name": "Acme",
        "url": "https://acme.slack.com/",
        "bot_user": f"UBOT{team[1:]}",
        "bot_id": f"B{team[1:]}",
        "scopes": "channels:history,channels:join,channels:manage,channels:read,chat:write,chat:write.customize,"
        "reactions:write,users:read,users:read.email",
        "token": b"sealed",
        "token_key": "00000000",
    } | more
    asked["scopes"] = asked["scopes"].split(",")
    database = place.service.database
    (row,) = await database.ask(slack_calls.connect_slack, org_id or place.org_id, "user:manu", team, **asked)
    return row


async def led(place: Place, org_id: int = 0, holder: str = "host 7 abc") -> int:
    """A bridge takes the workspace, for an hour; answers its fence."""
    org = org_id or place.org_id
    fence = await place.service.database.ask(slack_calls.lease_slack, org, holder, 60)
    assert fence is not None
    await place.sql(
        "update polaris_data.slack_workspaces set lease_until = now() + interval '1 hour' where org_id = %s", org
    )
    return fence


def person(number: str, name: str, email: str | None = None, standing: str = "full") -> dict[str, Any]:
    """Somebody as `write_slack_people` takes them."""
    username = name.lower().replace(" ", ".")
    return {
        "id": number,
        "username": username,
        "name": name,
        "email": email,
        "picture": None,
        "standing": standing,
    }


async def peopled(place: Place, fence: int, *people: dict[str, Any], org_id: int = 0) -> None:
    """The bridge has read the whole list."""
    org = org_id or place.org_id
    await place.service.database.ask(slack_calls.write_slack_people, org, fence, Jsonb(list(people)), True)


async def channel(place: Place, fence: int, project: str, state: str = "live", org_id: int = 0, **more: Any) -> str:
    """The bridge has written down how it stands with the channel of *project*; answers the channel's id."""
    org = org_id or place.org_id
    ((number,),) = await place.sql(
        "select project_id from polaris_data.projects where org_id = %s and name = %s", org, project
    )
    known = more.pop("channel", f"C{number}")
    await place.service.database.ask(
        slack_calls.write_slack_channel, org, fence, number, known, more.pop("name", project), state, **more
    )
    return str(known)
