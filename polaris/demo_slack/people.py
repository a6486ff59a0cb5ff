"""The workspaces of the stand-in for Slack, and what people do in them.

Teams, tokens, channels and messages are plain dicts in the shape that Slack's API gives them, so that a test can look
and change. Whatever somebody does is told to the app as Slack would: only while it is installed, only with the scope,
messages only of channels that the bot is in.
"""

from __future__ import annotations

import asyncio
import html
import itertools
import re
import secrets
import time
import uuid
from collections.abc import Iterable
from typing import Any

from polaris.demo_slack.events import Deliveries

SCOPES = (
    "chat:write,chat:write.customize,channels:manage,channels:join,channels:read,channels:history,"
    "users:read,users:read.email,reactions:write"
)
USER = {"deleted": False, "is_bot": False, "is_restricted": False, "is_ultra_restricted": False, "is_stranger": False}
EVENT_SCOPES = {"message": "channels:history", "user_change": "users:read"}  # all others: channels:read
ALWAYS = ("tokens_revoked", "app_uninstalled", "app_rate_limited")


class Workspaces(Deliveries):
    """Teams by id; each has ``["channels"]`` and ``["users"]`` by id, ``["messages"]`` and ``["hints"]`` by channel."""

    def __init__(self, app_id: str, signing_secret: str, ack_timeout: float) -> None:
        super().__init__(app_id, signing_secret, ack_timeout)
        self.url = ""
        self.teams: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self._count = itertools.count(1)

    # What there is

    def team(self, team: str, name: str = "T", users: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
        """Makes a workspace. Of a user only ``id`` is needed; ``email`` and ``name`` are put where Slack has them."""
        self.teams[team] = {
            "id": team,
            "name": name,
            "url": f"https://{re.sub('[^a-z0-9]+', '-', name.lower())}.slack.com/",
            "restricted": False,  # True: only administrators may make channels
            "channels": {},
            "users": {},
            "messages": {},
            "hints": {},
        }
        # Slackbot is a person to Slack: its is_bot is false.
        for user in ({"id": "USLACKBOT", "name": "Slackbot"}, *users):
            self.person(team, **user)
        return self.teams[team]

    def person(self, team: str, id: str, name: str = "", email: str | None = None, **more: Any) -> dict[str, Any]:
        """Makes somebody in *team*; *more* are flags of Slack such as ``is_restricted``, or a ``profile``."""
        called = name or id.lower()
        profile = {
            "real_name": called,
            "display_name": called,
            "email": email,
            "image_192": f"{self.url}/avatar/{team}/{id}.svg",
        } | more.pop("profile", {})
        handle = re.sub(r"[^a-z0-9._-]+", ".", called.lower())
        user = {
            "id": id,
            "team_id": team,
            "name": handle,
            "real_name": profile["real_name"],
            "is_email_confirmed": True,
            "updated": int(time.time()),
            **USER,
            **more,
            "profile": profile,
        }
        self.teams[team]["users"][id] = user
        return user

    def channel(self, team: str, name: str, *, bot: bool = True, members: Iterable[str] = (), **more: Any) -> str:
        """Somebody made a channel; answers its id. *bot*: the app is in it."""
        flags = {"is_channel": True, "is_archived": False, "is_private": False, "is_ext_shared": False}
        words = {"topic": {"value": ""}, "purpose": {"value": ""}, "creator": "U1", "created": int(time.time())}
        number = "C" + secrets.token_hex(5).upper()
        inside = {*members, *([self.bot_user(team)] if bot else [])}
        self.teams[team]["channels"][number] = {"id": number, "name": name, **flags, **words, "members": inside, **more}
        return number

    def bot(self, team: str, scopes: str = SCOPES) -> str:
        """Installs the app in *team*; answers the token."""
        token = f"xoxb-{team}-{secrets.token_hex(12)}"
        user, bot_id = self.bot_user(team), "B" + team[1:]
        self.tokens[token] = {"team": team, "scopes": set(scopes.split(",")), "bot_id": bot_id, "user": user}
        if user not in self.teams[team]["users"]:
            self.person(team, user, "polaris", is_bot=True, profile={"bot_id": bot_id, "api_app_id": self.app_id})
        return token

    @staticmethod
    def bot_user(team: str) -> str:
        """The app's user in a workspace."""
        return "UBOT" + team[1:]

    def named(self, team: str, name: str) -> dict[str, Any]:
        """The channel that is called *name* now."""
        return next(c for c in self.teams[team]["channels"].values() if c["name"] == name)

    def messages(self, team: str, channel: str, thread_ts: str | None = None) -> list[dict[str, Any]]:
        """What stands in a channel (an id or a name), in order; with *thread_ts* the replies there."""
        known = self.teams[team]["channels"]
        number = channel if channel in known else self.named(team, channel)["id"]
        found = self.teams[team]["messages"].get(number, [])
        return [m for m in found if thread_ts is None or (m.get("thread_ts") == thread_ts and m["ts"] != thread_ts)]

    def posts(self, team: str, channel: str) -> list[dict[str, Any]]:
        """Of `messages` those that the app wrote."""
        return [message for message in self.messages(team, channel) if message.get("bot_id")]

    def hints(self, team: str, user: str | None = None) -> list[dict[str, Any]]:
        """What the app told people privately, in any channel of *team*."""
        every = itertools.chain.from_iterable(self.teams[team]["hints"].values())
        return [hint for hint in every if user in (None, hint["recipient"])]

    def message(self, team: str, channel: str, ts: str) -> dict[str, Any] | None:
        return next((m for m in self.teams[team]["messages"].get(channel, []) if m["ts"] == ts), None)

    def reactions(self, team: str, channel: str, ts: str) -> list[str]:
        """The names of the reactions under a message."""
        return list((self.message(team, channel, ts) or {}).get("reacted", {}))

    def timestamp(self) -> str:
        """A ts, rising and given once."""
        return f"{int(time.time())}.{next(self._count):06d}"

    # What people do

    async def say(
        self,
        team: str,
        channel: str,
        user: str,
        text: str,
        *,
        external_team: str = "",
        wait: bool = True,
        **more: Any,
    ) -> str:
        """Somebody posts *text* (as on the wire: escaped, mentions as ``<@U…>``); answers the ts.

        *external_team*: a Slack Connect member. *more* are fields of the event such as ``thread_ts`` or ``subtype``.
        """
        message: dict[str, Any] = {
            "type": "message",
            "user": user,
            "text": text,
            "ts": self.timestamp(),
            "team": external_team or team,
            "client_msg_id": str(uuid.uuid4()),
        } | more
        if external_team:
            message |= {"user_team": external_team, "source_team": external_team}
        self.teams[team]["messages"].setdefault(channel, []).append(message)
        await self._told(team, {**message, "channel": channel}, wait, external=bool(external_team))
        return str(message["ts"])

    async def write(
        self, team: str, channel: str, user: str, words: str, thread_ts: str | None = None, *, wait: bool = True
    ) -> str:
        """Somebody types *words* into Slack's window, which escapes them and makes known ``@names`` mentions."""
        people = {person["name"]: number for number, person in self.teams[team]["users"].items()}

        def mention(found: re.Match[str]) -> str:
            return f"<@{people[found[1]]}>" if found[1] in people else found[0]

        text = re.sub(r"(?<![\w.])@([a-z0-9._-]*[a-z0-9_-])", mention, html.escape(words, quote=False))
        thread: dict[str, Any] = {"thread_ts": thread_ts} if thread_ts else {}
        return await self.say(team, channel, user, text, wait=wait, **thread)

    async def edit(
        self, team: str, channel: str, ts: str, text: str, *, user: str | None = None, wait: bool = True
    ) -> None:
        """Somebody (the author, if nobody is named) changes what a message says."""
        message = self.message(team, channel, ts)
        assert message is not None
        before = dict(message)
        message |= {"text": text, "edited": {"user": user or message.get("user"), "ts": self.timestamp()}}
        changed = {"message": dict(message), "previous_message": before}
        await self._told(team, self._hidden(channel, "message_changed") | changed, wait)

    async def delete(self, team: str, channel: str, ts: str, *, wait: bool = True) -> None:
        """Somebody deletes a message."""
        message = self.message(team, channel, ts)
        assert message is not None
        self.teams[team]["messages"][channel].remove(message)
        gone = {"deleted_ts": ts, "previous_message": message}
        await self._told(team, self._hidden(channel, "message_deleted") | gone, wait)

    async def rename(self, team: str, channel: str, name: str, *, wait: bool = True) -> None:
        self.teams[team]["channels"][channel]["name"] = name
        about = {
            "id": channel,
            "name": name,
            "name_normalized": name,
            "is_channel": True,
            "created": 1,
            "is_mpim": False,
        }
        await self._told(team, {"type": "channel_rename", "channel": about}, wait)

    async def archive(self, team: str, channel: str, *, wait: bool = True) -> None:
        self.teams[team]["channels"][channel]["is_archived"] = True
        await self._told(team, {"type": "channel_archive", "channel": channel, "user": "U1", "is_moved": 0}, wait)

    async def unarchive(self, team: str, channel: str, *, wait: bool = True) -> None:
        self.teams[team]["channels"][channel]["is_archived"] = False
        await self._told(team, {"type": "channel_unarchive", "channel": channel, "user": "U1"}, wait)

    async def delete_channel(self, team: str, channel: str, *, wait: bool = True) -> None:
        del self.teams[team]["channels"][channel]
        self.teams[team]["messages"].pop(channel, None)
        await self._told(team, {"type": "channel_deleted", "channel": channel, "actor_id": "U1"}, wait)

    async def kick(self, team: str, channel: str, *, wait: bool = True) -> None:
        """Somebody removes the app from a channel."""
        bot = self.bot_user(team)
        self.teams[team]["channels"][channel]["members"].discard(bot)
        left = {"type": "member_left_channel", "user": bot, "channel": channel, "channel_type": "C", "team": team}
        await self._told(team, left, wait)
        await self._told(team, {"type": "channel_left", "channel": channel, "actor_id": "U1"}, wait)

    async def make_private(self, team: str, channel: str) -> None:
        """Slack says nothing of it: an app without the scopes of groups only stops to hear."""
        self.teams[team]["channels"][channel]["is_private"] = True

    async def share(
        self, team: str, channel: str, other: str = "TOTHER", *, shared: bool = True, wait: bool = True
    ) -> None:
        """A channel is shared with the workspace *other*, or is not any more."""
        self.teams[team]["channels"][channel]["is_ext_shared"] = shared
        event = {"type": "channel_shared", "connected_team_id": other} if shared else {"type": "channel_unshared"}
        if not shared:
            event |= {"previously_connected_team_id": other, "is_ext_shared": False}  # type: ignore[dict-item]
        await self._told(team, {**event, "channel": channel}, wait)

    async def change_id(self, team: str, channel: str, *, wait: bool = True) -> str:
        """Slack gives a channel another id, as when a shared channel is moved; answers the new one."""
        new = "C" + secrets.token_hex(5).upper()
        channels, messages = self.teams[team]["channels"], self.teams[team]["messages"]
        channels[new] = {**channels.pop(channel), "id": new}
        messages[new] = messages.pop(channel, [])
        event = {"type": "channel_id_changed", "old_channel_id": channel, "new_channel_id": new}
        await self._told(team, event, wait)
        return new

    async def change_user(self, team: str, user: str, *, wait: bool = True, **changes: Any) -> None:
        """Somebody's data changes: flags, ``email`` or ``name``."""
        person = self.teams[team]["users"][user]
        if "email" in changes:
            person["profile"]["email"] = changes.pop("email")
        if "name" in changes:
            name = changes.pop("name")
            person["profile"] |= {"real_name": name, "display_name": name}
            person["real_name"] = name
        person |= changes
        await self._told(team, {"type": "user_change", "user": person}, wait)

    async def revoke(self, team: str, *, wait: bool = True) -> None:
        """An administrator takes the app's tokens away."""
        self._kill(team, "revoked")
        await self._told(team, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user(team)]}}, wait)

    async def uninstall(self, team: str, *, wait: bool = True) -> None:
        """An administrator removes the app: two events, in no order that one can rely on."""
        self._kill(team, "uninstalled")
        for channel in self.teams[team]["channels"].values():
            channel["members"].discard(self.bot_user(team))
        await self._told(team, {"type": "app_uninstalled"}, wait)
        await self._told(team, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user(team)]}}, wait)

    # How it is told

    def _kill(self, team: str, how: str) -> None:
        for bot in self.tokens.values():
            if bot["team"] == team:
                bot.setdefault("revoked", how)

    def _hidden(self, channel: str, subtype: str) -> dict[str, Any]:
        return {"type": "message", "subtype": subtype, "hidden": True, "channel": channel, "ts": self.timestamp()}

    def hears(self, team: str, event: dict[str, Any]) -> bool:
        """Whether the app gets *event*: it is installed, has the scope and is where it happened."""
        kind = event["type"]
        if kind in ALWAYS:
            return True
        scopes: set[str] = set().union(
            *(bot["scopes"] for bot in self.tokens.values() if bot["team"] == team and not bot.get("revoked"))
        )
        if EVENT_SCOPES.get(kind, "channels:read") not in scopes:
            return False
        if kind != "message":
            return True
        channel = self.teams[team]["channels"].get(event["channel"])
        return bool(channel and self.bot_user(team) in channel["members"] and not channel["is_private"])

    async def _told(self, team: str, event: dict[str, Any], wait: bool, external: bool = False) -> None:
        task = self.tell(team, event, external)
        if wait and task is not None:
            await asyncio.wait([task])

    def tell(self, team: str, event: dict[str, Any], external: bool = False) -> asyncio.Task[Any] | None:
        """Begins to deliver *event*, if the app may hear it."""
        if not self.hears(team, event):
            return None
        if event["type"] == "message":
            event = {"channel_type": "channel", **event}
        return self.spawn(self.emit(team, {"event_ts": event.get("ts") or self.timestamp(), **event}, external))
