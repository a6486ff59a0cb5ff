"""The Web API of the stand-in for Slack: what each method does, and with which errors it refuses.

Only methods that Polaris may use. Reading a channel back (conversations.history) is missing on purpose: Slack allows
it once a minute to most apps, so nothing may depend on it.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from polaris.demo_slack.channels import Answer, Channels, RefusedCall, page_of, true
from polaris.demo_slack.page import EMOJI

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


class Methods(Channels):
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
        page, following = page_of(everybody, args)
        return {"members": page, "cache_ts": int(time.time()), "response_metadata": {"next_cursor": following}}

    def _person(self, user: Any, bot: Any) -> Answer:
        profile = dict(user["profile"])
        if "users:read.email" not in bot["scopes"] or profile.get("email") is None:
            profile.pop("email", None)
        return {**user, "profile": profile}

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
