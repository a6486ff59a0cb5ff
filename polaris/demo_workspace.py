"""Slack in the demo: a stand-in on this machine, connected as an administrator would, and its channel held to account.

What the service and the bridge see is Slack's own protocol; the stand-in (`polaris.demo_slack`) runs in this process.
"""

from __future__ import annotations

import asyncio
import base64
import html
import re
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from polaris import render
from polaris.demo_browser import Page, browser, open_page, press
from polaris.demo_slack import FakeSlack
from polaris.demo_slack.page import EMOJI
from polaris.demo_stage import PATIENCE_SECONDS, DemoFailed

TEAM = "T1"
PEOPLE = {"manu": "U1", "krishna": "U2", "priya": "U3"}  # handle → id in the workspace
ANSWERED = "white_check_mark"
SPACE_SECONDS = 1.0  # Slack takes no more than one message a second in a channel
LOOK_SECONDS = 0.05
TELL_SECONDS = 5.0
CALL = "] 🔧"
NOT_POSTED = ("tool.result", "delivery")
Json = dict[str, Any]

# What mrkdwn is made of, and what nobody sees.
_BOLD = re.compile(r"\*(\[[^\]\n]*\])\*")
_LINK = re.compile(r"<[^<>|]+\|([^<>]*)>")
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))
_CALLS = re.compile(r"🔧 (\d+) calls? · ")


def email(handle: str) -> str:
    """The address that somebody has here and there, by which Slack's people are recognized."""
    return f"{handle}@acme.example"


@asynccontextmanager
async def workspace(show: Callable[[str], None]) -> AsyncIterator[Workspace]:
    """A workspace with the people of the story, in which the app is not installed; its secrets are made on the spot."""
    slack = FakeSlack(secrets.token_hex(16), rate=SPACE_SECONDS, ack_timeout=3.0)
    slack.client_secret = secrets.token_hex(16)
    await slack.start()
    try:
        slack.team(TEAM, "Acme", [{"id": at, "name": who, "email": email(who)} for who, at in PEOPLE.items()])
        yield Workspace(slack, show)
    finally:
        await slack.stop()


@dataclass
class Workspace:
    """The workspace Acme, and what is asked and done there. The channel is that of the story's project."""

    slack: FakeSlack
    show: Callable[[str], None]
    channel: str = "pj"

    @property
    def url(self) -> str:
        """Its window."""
        return f"{self.slack.url}/"

    @property
    def settings(self) -> dict[str, str]:
        """What the service and the bridge need to take the stand-in for Slack."""
        return {
            "POLARIS_SLACK_URL": self.slack.url,
            "POLARIS_SLACK_CLIENT_ID": self.slack.client_id,
            "POLARIS_SLACK_CLIENT_SECRET": self.slack.client_secret,
            "POLARIS_SLACK_SIGNING_SECRET": self.slack.signing_secret,
            # As `polaris slack new-key` makes one.
            "POLARIS_SLACK_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }

    async def connect(self, site: str, org: str, owner: str) -> None:
        """The way of docs/slack.md, steps 3 to 5, as the administrator *owner* (a handle) of *org* with a browser.

        *owner* has no address here, so the browser also says which person of the workspace that is.
        """
        self.slack.events_url = f"{site}/slack/events"
        if not await self.slack.verify_url():
            raise DemoFailed("The service does not answer Slack at its address for events.")
        here = f"{site}/o/{org}/settings/slack"
        async with browser() as http:
            page = await open_page(http, f"{site}/sign-in")
            await press(http, page, "/sign-in/local", f':{owner}"')
            page = await open_page(http, here)
            page = await press(http, page, f"/o/{org}/settings/slack/connect")
            if not page.url.startswith(f"{self.slack.url}/oauth/"):
                raise DemoFailed(f"Connect Slack led to {page.url}: {page.words}")
            page = await press(http, page, "", answer="allow", who=f"{TEAM} {PEOPLE[owner]}")
            if page.url != here or "Acme is connected." not in page.words:
                raise DemoFailed(f"Slack was not connected: {page.words}")
            form = f"/o/{org}/settings/slack/people/{PEOPLE[owner]}"

            async def read() -> Page | None:
                found = await open_page(http, f"{here}/people")
                return found if f'"{form}"' in found.text else None

            page = await _patiently(read, "the bridge reads the people of the workspace")
            page = await press(http, page, form, member=f"user:{owner}")
        for who in PEOPLE:
            if not re.search(rf"{re.escape(email(who))}\s+user:{who}\s", page.words):
                raise DemoFailed(f"Polaris does not recognize {who} of Slack: {page.words}")
        self.show(f"Its workspace Acme is connected; {', '.join(PEOPLE)} are recognized.")

    async def write(self, who: str, words: str) -> None:
        """Somebody joins the channel and writes there; returns when the service has taken the message."""
        number = self.slack.named(TEAM, self.channel)["id"]
        self.slack.teams[TEAM]["channels"][number]["members"].add(PEOPLE[who])
        ts = await self.slack.write(TEAM, number, PEOPLE[who], words)
        told = {event_id for event_id, envelope in self.slack.sent.items() if envelope["event"].get("ts") == ts}
        if not any(delivery.acknowledged for delivery in self.slack.deliveries if delivery.event_id in told):
            raise DemoFailed("The service did not take a message of Slack.")

    async def reads(self, who: str, body: str) -> None:
        """Waits until somebody can read *body* in the channel."""
        self.show(f"  … {who} reads #{self.channel}, which gets one message a second")
        await _patiently(lambda: _ready(any(body in line for line in self._ours())), f"{body!r} is in Slack")

    async def complete(self, record: Sequence[Json]) -> None:
        """Waits until the channel has all of *record*, and every piece of advice its ✅.

        Raises `DemoFailed` when something does not come, is there twice, or in another order.
        """
        told, begun = time.monotonic(), time.monotonic()
        before: object = None
        while True:
            lost, left = self._lost(record), self._unanswered(record)
            if not lost and not left:
                break
            now = time.monotonic()
            if (lost, left) != before:
                before, begun = (lost, left), now
            elif now - begun > PATIENCE_SECONDS:
                raise DemoFailed(f"Not in Slack after {PATIENCE_SECONDS:.0f} s: {list(lost) or left}")
            if now - told >= TELL_SECONDS:
                told = now
                self.show(f"  … {lost.total()} of {self._wanted(record).total()} are still to come")
            await asyncio.sleep(LOOK_SECONDS)
        if doubled := self._doubled(record):
            raise DemoFailed(f"In Slack twice, or never said: {list(doubled)}")
        # A tool's line stays where its first call was.
        found = [line for line in self._ours() if not line.endswith(CALL)]
        if found != [_line(e) for e in record if self._is_posted(e) and e["kind"] != "tool.call"]:
            raise DemoFailed(f"In Slack in another order than it was said: {found}")
        if hasty := self.slack.called("chat.postMessage", "429"):
            raise DemoFailed(f"Slack said {len(hasty)} times that it is too fast.")

    def rows(self, record: Sequence[Json]) -> list[tuple[str, str]]:
        """The figures, of a channel that is complete."""
        waits, ours = self._waits(record)
        asked = [m for m in self.slack.messages(TEAM, self.channel) if not m.get("bot_id")]
        answered = [message for message in asked if list(message.get("reacted", {})) == [ANSWERED]]
        return [
            ("posts in Slack", f"{len(self.slack.posts(TEAM, self.channel))}, one a second at most"),
            (
                "event → Slack",
                f"p50 {statistics.median(waits):.1f} s; without the wait for the channel's next second "
                f"{statistics.median(ours) * 1000:.0f} ms ({len(waits)} events)",
            ),
            ("lost in Slack", str(self._lost(record).total())),
            ("doubles in Slack", str(self._doubled(record).total())),
            ("advice from Slack", f"{len(asked)} given, {len(answered)} answered"),
        ]

    def lines(self, colour: bool) -> Iterator[str]:
        """The channel as it stands in Slack, a message a line, what answers it indented."""
        messages = self.slack.messages(TEAM, self.channel)
        for root in messages:
            if root.get("thread_ts", root["ts"]) == root["ts"]:
                yield from self._shown(root, "", colour)
                for reply in self.slack.messages(TEAM, self.channel, root["ts"]):
                    yield from self._shown(reply, "    ", colour)

    def _shown(self, message: Json, indent: str, colour: bool) -> Iterator[str]:
        user = self.slack.teams[TEAM]["users"].get(message.get("user"), {})
        name = render.clean(str(message.get("username") or user.get("real_name") or "polaris"))
        bold, badge = ("\x1b[1m{}\x1b[0m", "\x1b[2mAPP\x1b[0m") if colour else ("{}", "APP")
        who = bold.format(name) + (f" {badge}" if message.get("bot_id") else "")
        reactions = "".join(f" {EMOJI[reaction]}" for reaction in message.get("reacted", {}))
        first, *more = _plain(str(message["text"]))
        yield f"{indent}{who}  {first}{'' if more else reactions}"
        for number, line in enumerate(more, 1):
            yield f"{indent}  {line}{reactions if number == len(more) else ''}"

    # Held against the record

    def _ours(self) -> list[str]:
        """What the app wrote in the channel, line by line, each call of a tool as a line."""
        if not any(channel["name"] == self.channel for channel in self.slack.teams[TEAM]["channels"].values()):
            return []
        every = [line for post in self.slack.posts(TEAM, self.channel) for line in _plain(str(post["text"]))]
        found = []
        for line in every:
            calls = _CALLS.search(line)
            found += [line[: calls.start()] + "🔧"] * int(calls[1]) if calls else [line]
        return found

    def _wanted(self, record: Sequence[Json]) -> Counter[str]:
        """The lines that have to be in the channel. What somebody said in Slack stands there already."""
        return Counter(_line(event) for event in record if self._is_posted(event))

    def _is_posted(self, event: Json) -> bool:
        theirs = [_plain(str(m["text"]))[0] for m in self.slack.messages(TEAM, self.channel) if not m.get("bot_id")]
        is_theirs = event["kind"] == "advice" and f"@{event['session']} {event['body']}" in theirs
        return event["kind"] not in NOT_POSTED and not is_theirs

    def _lost(self, record: Sequence[Json]) -> Counter[str]:
        return self._wanted(record) - Counter(self._ours())

    def _doubled(self, record: Sequence[Json]) -> Counter[str]:
        return Counter(self._ours()) - self._wanted(record)

    def _unanswered(self, record: Sequence[Json]) -> list[str]:
        """Advice whose message has not its ✅."""
        advice = [str(event["body"]) for event in record if event["kind"] == "advice"]
        marked = [m for m in self.slack.messages(TEAM, self.channel) if list(m.get("reacted", {})) == [ANSWERED]]
        return [body for body in advice if not any(body in "\n".join(_plain(str(m["text"]))) for m in marked)]

    def _waits(self, record: Sequence[Json]) -> tuple[list[float], list[float]]:
        """Seconds from the record to Slack, of each event; and without those that the rule of the channel cost."""
        ahead = time.time() - time.monotonic()
        posts = self.slack.called("chat.postMessage", "ok")
        waits, ours = [], []
        for event in record:
            number = next((n for n, post in enumerate(posts) if _has(post.args["text"], _line(event))), None)
            if number is None or not self._is_posted(event):
                continue  # another call in a running line, which is edited
            recorded = datetime.fromisoformat(event["recorded_at"]).timestamp()
            at = posts[number].at + ahead
            free = posts[number - 1].at + ahead + SPACE_SECONDS if number else 0.0
            waits.append(at - recorded)
            ours.append(max(at - max(recorded, free), 0.0))
        return waits, ours


def _line(event: Json) -> str:
    """An event as the channel has it: as on the floor, but for quotes, and for Polaris' own words."""
    if event["kind"] == "tool.call":
        return re.sub(r"\] .*", CALL, render.line(event))
    if event["kind"] == "notice":
        return f"[notice on {event['session']}] {event['body']}"
    return re.sub(r'\A· |(?<=\] )"|"\Z', lambda found: "◆ " if found[0] == "· " else "", render.line(event))


def _has(text: str, words: str) -> bool:
    return any(line.startswith(words) for line in _plain(text))


def _plain(text: str) -> list[str]:
    """mrkdwn as one reads it, line by line."""
    bare = _LINK.sub(r"\1", _BOLD.sub(r"\1", text.translate(_UNSEEN))).replace("`", "")
    return [render.clean(line) for line in html.unescape(bare).split("\n")]


async def _patiently(look: Callable[[], Any], what: str) -> Any:
    """The first answer of *look* that is one. Raises `DemoFailed` when none comes in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := await look():
            return found
        await asyncio.sleep(LOOK_SECONDS)
    raise DemoFailed(f"This did not happen within {PATIENCE_SECONDS:.0f} s: {what}.")


async def _ready(found: bool) -> bool:
    return found
