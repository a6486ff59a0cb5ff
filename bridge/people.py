"""Who is who in a workspace: Slack's word on people, kept where the matching with members happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from polaris import log
from polaris.db import slack_calls
from polaris.db.slack_calls import Jsonb

from .envelope import person
from .place import Place, TokenRefused
from .web_api import Limited, Refused

LOG = log.get("bridge.people")

PAGE = 200
UNKNOWN = frozenset({"user_not_found", "users_not_found", "user_not_visible", "invalid_user_id"})


async def look_up(place: Place, user_ids: Iterable[str]) -> None:
    """Asks Slack for these people and writes them down; whom it does not know is passed over.

    Raises `TokenRefused`, `Replaced`, and what `WebApi.call` raises.
    """
    found = []
    for user_id in dict.fromkeys(user_ids):
        try:
            answer = await _call(place, "users.info", user=user_id)
        except Refused as refusal:
            if refusal.error not in UNKNOWN:
                raise
            LOG.info("Slack does not know somebody", extra={"org": place.workspace.org, "user": user_id})
            continue
        found.append(person(answer.get("user"), place.workspace.team_id))
    await _write(place, found)


async def read_all(place: Place) -> None:
    """Reads the list of all people, page by page, however long Slack makes it wait in between.

    Raises `TokenRefused`, `Replaced`, and what `WebApi.call` raises except `Limited`.
    """
    cursor, count = "", 0
    while True:
        try:
            answer = await _call(place, "users.list", limit=PAGE, cursor=cursor or None)
        except Limited as limit:
            await asyncio.sleep(limit.seconds)
            continue
        members = answer.get("members")
        found = [person(user, place.workspace.team_id) for user in (members if isinstance(members, list) else [])]
        following = answer.get("response_metadata")
        cursor = str(following.get("next_cursor") or "") if isinstance(following, dict) else ""
        count += await _write(place, found, whole=not cursor)
        if not cursor:
            LOG.info("the list of people is read", extra={"org": place.workspace.org, "people": count})
            return


async def _write(place: Place, found: Iterable[dict[str, Any] | None], whole: bool = False) -> int:
    people = [one for one in found if one is not None]
    if not people and not whole:
        return 0
    return await place.write(slack_calls.write_slack_people, Jsonb(people), whole)


async def _call(place: Place, method: str, **arguments: Any) -> dict[str, Any]:
    try:
        return await place.call(method, **arguments)
    except Refused as refusal:
        if refusal.error == "missing_scope":
            raise TokenRefused(refusal.error) from refusal
        raise
