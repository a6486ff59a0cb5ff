"""The channels of the stand-in for Slack, as its Web API lets an app make and change them.

Private channels do not exist for the app, which has not the scopes of groups.
"""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from polaris.demo_slack.people import Workspaces

Answer = dict[str, Any]


class RefusedCall(Exception):
    """A call that Slack answers with ``ok: false``."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **extra}


def true(word: Any) -> bool:
    return word in (True, "1", "true", "True")


class Channels(Workspaces):
    """The methods ``conversations.…``, each with the workspace, the app's bot and the arguments."""

    def conversations_create(self, team: Any, bot: Any, args: Any) -> Answer:
        name = self._new_name(team, args)
        if team["restricted"]:
            raise RefusedCall("restricted_action")
        number = self.channel(team["id"], name, creator=bot["user"])
        return {"channel": self._shown(team["channels"][number], bot)}

    def conversations_rename(self, team: Any, bot: Any, args: Any) -> Answer:
        channel = self._inside(team, bot, args)
        if channel["creator"] != bot["user"]:
            raise RefusedCall("not_authorized")
        channel["name"] = self._new_name(team, args)
        about = {"id": channel["id"], "name": channel["name"], "name_normalized": channel["name"], "created": 1}
        self.tell(team["id"], {"type": "channel_rename", "channel": about})
        return {"channel": self._shown(channel, bot)}

    @staticmethod
    def _new_name(team: Any, args: Any) -> str:
        name = str(args.get("name", ""))
        if not name:
            raise RefusedCall("invalid_name_required")
        if len(name) > 80:
            raise RefusedCall("invalid_name_maxlength")
        if not re.search(r"\w", name):
            raise RefusedCall("invalid_name_punctuation")
        if name != name.lower() or not re.fullmatch(r"[\w-]+", name):
            raise RefusedCall("invalid_name_specials")
        if any(channel["name"] == name for channel in team["channels"].values()):
            raise RefusedCall("name_taken")  # by an archived or a private one too
        return name

    def conversations_list(self, team: Any, bot: Any, args: Any) -> Answer:
        hide = true(args.get("exclude_archived"))
        found = [
            self._shown(c, bot)
            for c in team["channels"].values()
            if not (c["is_archived"] and hide) and not c["is_private"]
        ]
        page, following = page_of(found, args)
        return {"channels": page, "response_metadata": {"next_cursor": following}}

    def conversations_info(self, team: Any, bot: Any, args: Any) -> Answer:
        return {"channel": self._shown(self._channel(team, args), bot)}

    def conversations_members(self, team: Any, bot: Any, args: Any) -> Answer:
        page, following = page_of(sorted(self._channel(team, args)["members"]), args)
        return {"members": page, "response_metadata": {"next_cursor": following}}

    def conversations_join(self, team: Any, bot: Any, args: Any) -> Answer:
        channel = self._open(team, args)
        already = bot["user"] in channel["members"]
        channel["members"].add(bot["user"])
        return {"channel": self._shown(channel, bot)} | ({"warning": "already_in_channel"} if already else {})

    def conversations_leave(self, team: Any, bot: Any, args: Any) -> Answer:
        channel = self._open(team, args)
        if bot["user"] not in channel["members"]:
            return {"not_in_channel": True}
        channel["members"].discard(bot["user"])
        return {}

    def conversations_invite(self, team: Any, bot: Any, args: Any) -> Answer:
        channel, errors = self._inside(team, bot, args), {}
        wanted = [user for user in str(args.get("users", "")).split(",") if user]
        if not wanted:
            raise RefusedCall("no_user")
        for user in wanted:
            known = team["users"].get(user)
            if not known or known["deleted"]:
                errors[user] = "user_not_found"
            elif user == bot["user"]:
                errors[user] = "cant_invite_self"
            elif user in channel["members"]:
                errors[user] = "already_in_channel"
            elif known["is_ultra_restricted"]:
                errors[user] = "user_is_restricted"
        if errors and not true(args.get("force")):
            each = [{"user": user, "ok": False, "error": error} for user, error in errors.items()]
            raise RefusedCall(next(iter(errors.values())), errors=each)
        channel["members"] |= set(wanted) - set(errors)
        return {"channel": self._shown(channel, bot)}

    def conversations_setTopic(self, team: Any, bot: Any, args: Any) -> Answer:
        return self._describe(team, bot, args, "topic")

    def conversations_setPurpose(self, team: Any, bot: Any, args: Any) -> Answer:
        return self._describe(team, bot, args, "purpose")

    def _describe(self, team: Any, bot: Any, args: Any, what: str) -> Answer:
        channel = self._inside(team, bot, args)
        if len(str(args.get(what, ""))) > 250:
            raise RefusedCall("too_long")
        channel[what] = {"value": args.get(what, ""), "creator": bot["user"], "last_set": int(time.time())}
        return {"channel": self._shown(channel, bot)}

    def conversations_archive(self, team: Any, bot: Any, args: Any) -> Answer:
        channel = self._channel(team, args)
        if channel["is_archived"]:
            raise RefusedCall("already_archived")
        if channel["name"] == "general":
            raise RefusedCall("cant_archive_general")
        self._inside(team, bot, args)
        channel["is_archived"] = True
        self.tell(team["id"], {"type": "channel_archive", "channel": channel["id"], "user": bot["user"]})
        return {}

    def conversations_unarchive(self, team: Any, bot: Any, args: Any) -> Answer:
        raise RefusedCall("not_in_channel" if self._channel(team, args)["is_archived"] else "not_archived")

    # What the methods share

    def installed(self, team: str) -> bool:
        return any(bot["team"] == team and not bot.get("revoked") for bot in self.tokens.values())

    def _channel(self, team: Any, args: Any) -> Any:
        channel = team["channels"].get(args.get("channel"))
        if not channel or channel["is_private"]:  # without the scopes of groups it does not see private ones
            raise RefusedCall("channel_not_found")
        return channel

    def _open(self, team: Any, args: Any) -> Any:
        channel = self._channel(team, args)
        if channel["is_archived"]:
            raise RefusedCall("is_archived")
        return channel

    def _inside(self, team: Any, bot: Any, args: Any) -> Any:
        channel = self._open(team, args)
        if bot["user"] not in channel["members"]:
            raise RefusedCall("not_in_channel")
        return channel

    def _message(self, team: Any, channel: Any, args: Any, key: str) -> Any:
        message = self.message(team["id"], channel["id"], str(args.get(key)))
        if message is None:
            raise RefusedCall("message_not_found")
        return message

    @staticmethod
    def _shown(channel: Any, bot: Any) -> Answer:
        public = {k: v for k, v in channel.items() if k != "members"}
        return {**public, "is_member": bot["user"] in channel["members"], "num_members": len(channel["members"])}


def page_of(rows: list[Any], args: Any) -> tuple[list[Any], str]:
    """A page of *rows* by ``cursor`` and ``limit``, and the cursor of the next one."""
    try:
        limit = int(args.get("limit") or 100)
        begin = int(base64.b64decode(args["cursor"])) if args.get("cursor") else 0
    except ValueError as error:
        raise RefusedCall("invalid_cursor" if args.get("cursor") else "invalid_limit") from error
    if not 1 <= limit <= 1000:
        raise RefusedCall("invalid_limit")
    end = begin + limit
    return rows[begin:end], base64.b64encode(str(end).encode()).decode() if end < len(rows) else ""
