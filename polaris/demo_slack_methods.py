"""The Web API of the stand-in for Slack: what each method does, and with which errors it refuses.

Only methods that Polaris may use. Reading a channel back (conversations.history) is missing on purpose: Slack allows
it once a minute to most apps, so nothing may depend on it.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from typing import Any

from polaris.demo_slack_page import EMOJI
from polaris.demo_slack_people import Workspaces

Answer = dict[str, Any]
NEEDED = {
    "conversations.create": "channels:manage",
    "conversations.rename": "channels:manage",
    "conversations.archive": "channels:manage",
    "conversations.unarchive": "channels:manage",
    "conversations.invite": "channels:manage",
    "conversations.leave": "channels:manage",
    "conversations.setTopic": "channels:manage",
    "conversations.setPurpose": "channels:manage",
    "conversations.join": "channels:join",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "conversations.members": "channels:read",
    "users.lookupByEmail": "users:read.email",
    "users.list": "users:read",
    "users.info": "users:read",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "team.info": "team:read",
}
LARGE_TEAM = 1000  # so many people are not given out without a limit
CODE_SECONDS = 600


class RefusedCall(Exception):
    """A call that Slack answers with ``ok: false``."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **extra}


def true(word: Any) -> bool:
    return word in (True, "1", "true", "True")


class Methods(Workspaces):
    """``call("chat.postMessage", arguments, token)`` answers what Slack would."""

    client_id = "111.222"
    client_secret = "the-client-secret"
    app_token = "xapp-1-A0POLARIS-1-good"
    echo_metadata = True  # whether the app's own posts come back with their metadata

    def __init__(self, app_id: str, signing_secret: str, ack_timeout: float) -> None:
        super().__init__(app_id, signing_secret, ack_timeout)
        self.codes: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, args: dict[str, Any], token: str) -> Answer:
        try:
            return {"ok": True, **self.call(method, args, token)}
        except RefusedCall as refusal:
            return refusal.answer

    def call(self, method: str, args: dict[str, Any], token: str) -> Answer:
        if method == "apps.connections.open":
            if token != self.app_token:
                raise RefusedCall("invalid_auth" if token else "not_authed")
            ticket = secrets.token_hex(6)
            self.tickets.add(ticket)
            return {"url": f"{self.url.replace('http', 'ws', 1)}/link?ticket={ticket}&app_id={self.app_id}"}
        if method == "oauth.v2.access":
            return self.oauth_v2_access(args)
        if method == "api.test":
            return {"args": args}
        bot = self.tokens.get(token)
        if not bot:
            raise RefusedCall("invalid_auth" if token else "not_authed")
        if bot.get("revoked"):
            raise RefusedCall("account_inactive" if bot["revoked"] == "uninstalled" else "token_revoked")
        if (needed := NEEDED.get(method)) and needed not in bot["scopes"]:
            raise RefusedCall("missing_scope", needed=needed, provided=",".join(sorted(bot["scopes"])))
        implementation = getattr(self, method.replace(".", "_"), None)
        if not implementation or "." not in method:
            raise RefusedCall("unknown_method", req_method=method)
        answer: Answer = implementation(self.teams[bot["team"]], bot, args)
        return answer

    # Who and what

    def oauth_v2_access(self, args: dict[str, Any]) -> Answer:
        if args.get("client_id") != self.client_id:
            raise RefusedCall("invalid_client_id")
        if args.get("client_secret") != self.client_secret:
            raise RefusedCall("bad_client_secret")
        grant = self.codes.get(str(args.get("code")))
        if not grant or time.monotonic() - grant["at"] > CODE_SECONDS:
            raise RefusedCall("invalid_code")
        if grant.get("used"):
            raise RefusedCall("code_already_used")
        if args.get("redirect_uri") != grant["redirect_uri"]:
            raise RefusedCall("bad_redirect_uri")
        grant["used"] = True
        team = self.teams[grant["team"]]
        # Slack gives a workspace the token that it has, and scopes are never fewer than before.
        live = (t for t, bot in self.tokens.items() if bot["team"] == team["id"] and not bot.get("revoked"))
        token = next(live, None) or self.bot(team["id"], grant["scope"])
        self.tokens[token]["scopes"] |= set(grant["scope"].split(","))
        return {
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(sorted(self.tokens[token]["scopes"])),
            "bot_user_id": self.tokens[token]["user"],
            "app_id": self.app_id,
            "team": None if grant.get("enterprise") else {"id": team["id"], "name": team["name"]},
            "enterprise": {"id": "E1", "name": "Grid"} if grant.get("enterprise") else None,
            "is_enterprise_install": bool(grant.get("enterprise")),
            "authed_user": {"id": grant["user"]},
        }

    def auth_test(self, team: Any, bot: Any, args: Any) -> Answer:
        ids = {"team_id": team["id"], "user_id": bot["user"], "bot_id": bot["bot_id"]}
        return {"team": team["name"], "url": team["url"], "user": "polaris", "is_enterprise_install": False, **ids}

    def auth_revoke(self, team: Any, bot: Any, args: Any) -> Answer:
        if true(args.get("test")):
            return {"revoked": False}
        bot["revoked"] = "revoked"
        gone = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot["user"]]}}
        self.tell(team["id"], gone)
        if not self.installed(team["id"]):  # the last token was the installation
            self.tell(team["id"], {"type": "app_uninstalled"})
        return {"revoked": True}

    def team_info(self, team: Any, bot: Any, args: Any) -> Answer:
        return {"team": {"id": team["id"], "name": team["name"], "domain": team["url"].split("//")[1].split(".")[0]}}

    def users_lookupByEmail(self, team: Any, bot: Any, args: Any) -> Answer:
        for user in team["users"].values():
            email = user["profile"].get("email")
            if email and email.lower() == str(args.get("email", "")).lower() and not user["deleted"]:
                return {"user": self._person(user, bot)}
        raise RefusedCall("users_not_found")

    def users_info(self, team: Any, bot: Any, args: Any) -> Answer:
        if args.get("user") not in team["users"]:
            raise RefusedCall("user_not_found")
        return {"user": self._person(team["users"][args["user"]], bot)}

    def users_list(self, team: Any, bot: Any, args: Any) -> Answer:
        everybody = [self._person(user, bot) for user in team["users"].values()]
        if len(everybody) > LARGE_TEAM and not args.get("limit"):
            raise RefusedCall("limit_required")
        page, following = _page(everybody, args)
        return {"members": page, "cache_ts": int(time.time()), "response_metadata": {"next_cursor": following}}

    def _person(self, user: Any, bot: Any) -> Answer:
        profile = dict(user["profile"])
        if "users:read.email" not in bot["scopes"] or profile.get("email") is None:
            profile.pop("email", None)
        return {**user, "profile": profile}

    # Channels

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
        page, following = _page(found, args)
        return {"channels": page, "response_metadata": {"next_cursor": following}}

    def conversations_info(self, team: Any, bot: Any, args: Any) -> Answer:
        return {"channel": self._shown(self._channel(team, args), bot)}

    def conversations_members(self, team: Any, bot: Any, args: Any) -> Answer:
        page, following = _page(sorted(self._channel(team, args)["members"]), args)
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

    # Messages

    def chat_postMessage(self, team: Any, bot: Any, args: Any) -> Answer:
        channel = self._inside(team, bot, args)
        message = self._written(team, bot, args) | {"ts": self.timestamp()}
        if thread := args.get("thread_ts"):
            root = self.message(team["id"], channel["id"], str(thread))
            message["thread_ts"] = (root or {}).get("thread_ts") or thread
        team["messages"].setdefault(channel["id"], []).append(message)
        echo = {**message, "channel": channel["id"]}
        if not self.echo_metadata:
            del echo["metadata"]
        self.tell(team["id"], echo)
        cut = {"warning": "message_truncated"} if len(str(args.get("text", ""))) > 40_000 else {}
        return {"channel": channel["id"], "ts": message["ts"], "message": message, **cut}

    def chat_postEphemeral(self, team: Any, bot: Any, args: Any) -> Answer:
        channel = self._inside(team, bot, args)
        if args.get("user") not in channel["members"]:
            raise RefusedCall("user_not_in_channel")
        hint = self._written(team, bot, args) | {"ts": self.timestamp(), "recipient": args["user"]}
        if args.get("thread_ts"):
            hint["thread_ts"] = args["thread_ts"]
        team["hints"].setdefault(channel["id"], []).append(hint)
        return {"message_ts": hint["ts"]}

    def _written(self, team: Any, bot: Any, args: Any) -> Answer:
        """A message as Slack makes it of the arguments; under another name it is a ``bot_message`` and has no user."""
        if not (args.get("text") or args.get("blocks") or args.get("markdown_text")):
            raise RefusedCall("no_text")
        if args.get("markdown_text") and (args.get("text") or args.get("blocks")):
            raise RefusedCall("markdown_text_conflict")
        face = {name: args[name] for name in ("username", "icon_url", "icon_emoji") if args.get(name)}
        if face and "chat:write.customize" not in bot["scopes"]:
            raise RefusedCall("missing_scope", needed="chat:write.customize", provided=",".join(sorted(bot["scopes"])))
        metadata = args.get("metadata")
        try:
            metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
        except ValueError as error:
            raise RefusedCall("invalid_metadata_format") from error
        icons = {"emoji": face["icon_emoji"]} if "icon_emoji" in face else {"image_48": face.get("icon_url")}
        return {
            "type": "message",
            "text": str(args.get("text") or args.get("markdown_text") or "")[:40_000],
            "bot_id": bot["bot_id"],
            "app_id": self.app_id,
            "team": team["id"],
            "metadata": metadata,
            "unfurl": args.get("unfurl_links"),
            **(
                {"subtype": "bot_message", "username": face.get("username", "polaris"), "icons": icons}
                if face
                else {"user": bot["user"]}
            ),
        }

    def chat_update(self, team: Any, bot: Any, args: Any) -> Answer:
        channel, message = self._own(team, bot, args, "cant_update_message")
        text = str(args.get("text") or "")
        if not text and not args.get("blocks"):
            raise RefusedCall("no_text")
        if args.get("parse") != "none":  # Slack accepts it, and then finds names and channels in the text
            raise RefusedCall("stand_in_wants_parse_none")
        if len(text) > 4000 and not args.get("blocks"):
            raise RefusedCall("msg_too_long")
        before = dict(message)
        message |= {"text": text, "edited": {"user": bot["user"], "ts": self.timestamp()}}
        changed = {"message": dict(message), "previous_message": before}
        self.tell(team["id"], self._hidden(channel["id"], "message_changed") | changed)
        return {"channel": channel["id"], "ts": message["ts"], "text": text, "message": message}

    def chat_delete(self, team: Any, bot: Any, args: Any) -> Answer:
        channel, message = self._own(team, bot, args, "cant_delete_message")
        team["messages"][channel["id"]].remove(message)
        gone = {"deleted_ts": message["ts"], "previous_message": message}
        self.tell(team["id"], self._hidden(channel["id"], "message_deleted") | gone)
        return {"channel": channel["id"], "ts": message["ts"]}

    def _own(self, team: Any, bot: Any, args: Any, refusal: str) -> tuple[Any, Any]:
        channel = self._inside(team, bot, args)
        message = self._message(team, channel, args, "ts")
        if message.get("bot_id") != bot["bot_id"]:
            raise RefusedCall(refusal)
        return channel, message

    def reactions_add(self, team: Any, bot: Any, args: Any) -> Answer:
        reactions, name = self._reactions(team, bot, args)
        if bot["user"] in reactions.setdefault(name, []):
            raise RefusedCall("already_reacted")
        reactions[name].append(bot["user"])
        return {}

    def reactions_remove(self, team: Any, bot: Any, args: Any) -> Answer:
        reactions, name = self._reactions(team, bot, args)
        if bot["user"] not in reactions.get(name, []):
            raise RefusedCall("no_reaction")
        reactions[name].remove(bot["user"])
        if not reactions[name]:
            del reactions[name]
        return {}

    def _reactions(self, team: Any, bot: Any, args: Any) -> tuple[dict[str, list[str]], str]:
        """Who reacted how to a message, by the name of the emoji."""
        channel = self._open(team, args)
        message = self._message(team, channel, args, "timestamp")
        name = str(args.get("name", ""))
        if name not in EMOJI:
            raise RefusedCall("invalid_name")
        return message.setdefault("reacted", {}), name

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


def _page(rows: list[Any], args: Any) -> tuple[list[Any], str]:
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
