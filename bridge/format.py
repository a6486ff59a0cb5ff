"""Events as posts of a channel: who speaks to whom, what is said, and in which thread. Pure; nothing here waits.

A post is an item of ``write_slack_posts`` (the words are told in put_slack_posts.sql), its text mrkdwn of at most
`LIMIT` characters, because chat.update stops at 4,000. Each begins with its attribution in bold, as on the floor:
``*[user:manu/fxm → agent]* Let's go``. The name and picture of a person stand only above what that person wrote
themself; what an agent wrote stands under the agent's name.

Bodies come from anywhere. They reach Slack only through the renderer, which lets nothing in them ping or link in
disguise, and the guard, which lets nothing in them pass itself off as somebody else's words or as Polaris'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from polaris import log, render
from polaris.db.rows import EventRow
from polaris.db.slack_rows import PersonRow, PostRow

from . import mrkdwn
from .guard import TOLD, guarded

LOG = log.get("bridge.format")

LIMIT = 3000  # of a text as Slack gets it
READ = 4500  # characters of a body that are rendered: what comes behind would be cut anyway
LINES_LIMIT = 2900  # of lines of ours that are put together
NAME_CHARACTERS = 80
TOOL_CHARACTERS = 120
REASON_CHARACTERS = 500

ROBOT = ":robot_face:"
# Only names that are known: what an agent calls itself could be a person's name.
AGENTS = {
    "claude-code": "Claude Code",
    "codex": "Codex",
    "gemini-cli": "Gemini CLI",
    "opencode": "OpenCode",
    "cursor": "Cursor",
    "windsurf": "Windsurf",
}
SEATS = {
    "session.created": "made the session",
    "session.archived": "archived the session",
    "driver.claimed": "drives",
    "driver.released": "left the seat",
    "driver.expired": "lost the seat: the lease ran out",
    "driver.taken": "took the seat",
}
IN_THREADS = frozenset({"message", "notice", "turn.interrupted", "tool.call"})
FINAL = frozenset({"reply", "advice", "delivery", "seat.asked", "seat.settled", *SEATS})
SHOWN: dict[str, Callable[[str], bool]] = {
    "all": lambda kind: True,
    "final-only": FINAL.__contains__,
    "muted": lambda kind: False,
    "digest": lambda kind: False,
}
TELLS = frozenset({"delivery", "advice", "annotation", "seat.asked", "seat.settled", "driver.taken"})
ENDS = frozenset({"failed", "expired", "declined"})  # of a piece of advice; the reason is told in its thread

_BLOCK = re.compile(r"```|&gt;|[>•☐☑]|\d+\. ")  # has to begin a line

Item = dict[str, Any]


class Posts(NamedTuple):
    """What events have become: items to be written in this order, and the deliveries whose reaction has changed."""

    items: list[Item]
    deliveries: list[UUID]


@dataclass
class Room:
    """A project's channel, as far as its posts depend on it.

    ``people``: the person of the workspace for each ``user:`` that is one. ``asked`` remembers the key of the last
    prompt of each session, for events that name no turn; ``since`` is the number of the event at which that began.
    """

    org: str
    level: str = "all"
    public_url: str | None = None
    threads_turns: bool = False
    invites_drivers: bool = False
    people: Mapping[str, PersonRow] = field(default_factory=dict)
    since: int = 0
    asked: dict[str, str] = field(default_factory=dict)


def posts(rows: Iterable[EventRow], room: Room) -> Posts:
    """What events of one project are to be in its channel."""
    items: list[Item] = []
    deliveries: list[UUID] = []
    tools: dict[str, Item] = {}
    for row in rows:
        told = _told(row)
        delivery = _uuid(told.get("delivery"))
        if row.kind == "delivery" and delivery is not None:
            deliveries.append(delivery)
        if row.kind == "prompt" and row.session:
            room.asked[row.session] = f"turn:{row.session}:{row.turn}" if row.turn else f"e:{row.seq}"
        if row.kind == "driver.claimed" and room.invites_drivers and room.level != "muted":
            items += _invite(row, room)
        if not SHOWN[room.level](row.kind):
            continue
        try:
            item = _item(row, told, delivery, room)
        except Exception:  # one event that cannot be shown may not hold up those behind it for ever
            LOG.exception("an event could not be shown", extra={"org": room.org, "seq": row.seq, "kind": row.kind})
            item = _event(row, room, "note", _line(f"{row.kind}, event #{row.seq}"))
        if item is None:
            continue
        last = items[-1] if items else None
        if item["kind"] == "tools" and (line := tools.get(item["key"])):
            line["text"], line["calls"] = item["text"], line["calls"] + 1
        elif last is not None and last["kind"] == item["kind"] == "seat" and _fits(last, item):
            last["text"] += "\n" + item["text"]
        else:
            items.append(item)
            if item["kind"] == "tools":
                tools[item["key"]] = item
    return Posts(items, deliveries)


def shown_text(post: PostRow) -> str:
    """A post as it stands in Slack; of tool calls one running line, put together from attribution and newest call."""
    if post.kind != "tools":
        return post.text
    attribution, _, newest = post.text.partition("\n")
    return f"{attribution} 🔧 {post.calls} call{'' if post.calls == 1 else 's'} · newest: {newest}"


def said(attribution: str, body: str, more: str, *, late: str = "") -> str:
    """A body under its attribution, at most `LIMIT` characters; *more* is mrkdwn that leads to the whole of it.

    *late*: what stands behind the attribution of an event that came late.
    """
    begin = body[:READ]
    text = guarded(mrkdwn.render(begin))
    head = f"*[{mrkdwn.escape(attribution)}]*{late}"
    text = f"{head}{chr(10) if _BLOCK.match(text) else ' '}{text}".rstrip()
    return mrkdwn.truncate(text, LIMIT, more, cut=len(begin) < len(body))


def _item(row: EventRow, told: Mapping[str, Any], delivery: UUID | None, room: Room) -> Item | None:
    """The post of one event; None for what is not posted by itself."""
    kind, body = row.kind, row.body or ""
    if kind in SEATS:
        return _event(row, room, "seat", _line(_seat(row, told)))
    if kind == "seat.asked":
        return _asked(row, delivery, room)
    if kind == "seat.settled":
        return _event(row, room, "seat", _line(_settled(row, told)))
    if kind == "delivery":
        return _why(row, told, delivery)
    if kind == "tool.call":
        return _tool(row, room)
    if kind == "turn.interrupted":
        return _event(row, room, "note", _line(f"{_seat_of(row)} interrupted the turn"))
    if kind == "notice":
        words = f"notice on {row.session}" if row.session else "notice"
        return _event(row, room, "note", said(words, body, _more(row, room), late=_late(row)))
    if kind not in ("prompt", "message", "reply", "advice", "floor", "annotation"):
        return None
    item = _event(row, room, "text", said(_attribution(row), body, _more(row, room), late=_late(row)))
    if kind == "prompt" and row.turn:
        item["key"] = f"turn:{row.session}:{row.turn}"
    if kind == "advice" and delivery is not None:
        item |= {"kind": "advice", "key": f"advice:{delivery}", "delivery": str(delivery)}
    return item | _author(row, room)


def _event(row: EventRow, room: Room, kind: str, text: str) -> Item:
    item: Item = {"key": f"e:{row.seq}", "kind": kind, "text": text, "seq": row.seq}
    if row.session:
        item["session"] = row.session
    if row.kind in IN_THREADS or (row.kind == "reply" and room.threads_turns):
        item |= _thread(row, room)
    return item


def _thread(row: EventRow, room: Room) -> Item:
    key = f"turn:{row.session}:{row.turn}" if row.turn else room.asked.get(row.session or "")
    return {"thread_key": key} if key else {}


def _tool(row: EventRow, room: Room) -> Item:
    name, _, what = (row.body or "").partition(": ")
    newest = " ".join(mrkdwn.code(render.shortened(part, TOOL_CHARACTERS)) for part in (name, what) if part.strip())
    # A line without a turn goes on until the next prompt; what it showed before this process was there, stays.
    turn = row.turn or room.asked.get(row.session or "") or f"-{room.since}"
    text = f"*[{mrkdwn.escape(f'agent of {_seat_of(row)}')}]*{_late(row)}\n{newest or '…'}"
    return _event(row, room, "tools", text) | {"key": f"tools:{row.session}:{turn}", "calls": 1} | _author(row, room)


def _why(row: EventRow, told: Mapping[str, Any], delivery: UUID | None) -> Item | None:
    state, reason = told.get("state"), told.get("reason")
    if state not in ENDS or delivery is None:
        return None
    words = f"advice for {row.session}: {state}"
    if isinstance(reason, str) and reason.strip():
        words += f": {render.shortened(reason, REASON_CHARACTERS)}"
    item: Item = {"key": f"why:{delivery}:{state}", "kind": "note", "text": _line(words), "seq": row.seq}
    return item | {"delivery": str(delivery)}


def _invite(row: EventRow, room: Room) -> list[Item]:
    person = room.people.get(row.actor)
    if person is None or person.standing != "full":
        return []
    user = person.user_id
    return [{"key": f"invite:{user}", "kind": "invite", "text": "", "recipient": user, "seq": row.seq}]


def _attribution(row: EventRow) -> str:
    """The same words as `polaris.render.line`."""
    kind, session = row.kind, row.session or ""
    if kind == "prompt":
        return f"{_seat_of(row)} → agent"
    if kind in ("message", "reply"):
        return f"agent → {_seat_of(row)}"
    author = f"agent of {row.actor}" if row.speaker == "agent" and row.actor.startswith("user:") else row.actor
    if kind == "annotation":
        return f"{author} {render.noted(_told(row))}{f' on {session}' if session else ''}"
    return f"{author} → {session or f'#{row.project}'}"


def _asked(row: EventRow, delivery: UUID | None, room: Room) -> Item:
    """Who asks for the seat, with a word to the driver: the one post that calls somebody, and by Polaris itself."""
    author = f"agent of {row.actor}" if row.speaker == "agent" and row.actor.startswith("user:") else row.actor
    words = f"{author} asks {row.target or 'the driver'} for the seat of {row.session}"
    text = said(words, row.body or "", _more(row, room))
    driver = room.people.get(row.target or "")
    called = f"<@{driver.user_id}>, " if driver is not None and driver.standing == "full" else ""
    handle = row.actor.removeprefix("user:")
    gives = f"`handoff {row.session} to {handle}` gives it" if ":" not in handle else "`/polaris give` gives it"
    text += f"\n{TOLD} {called}{gives}, `decline {row.session}` keeps it."
    if delivery is None:  # the policy keeps it from the agent, nobody else
        return _event(row, room, "text", text) | _author(row, room)
    item = _event(row, room, "advice", text) | {"key": f"advice:{delivery}", "delivery": str(delivery)}
    return item | _author(row, room)


def _settled(row: EventRow, told: Mapping[str, Any]) -> str:
    """How a request for the seat ended."""
    words = {
        "declined": f"keeps the seat that {row.target} asked for",
        "expired": "asked for the seat, and nobody answered",
    }.get(str(told.get("how")), "does not ask for the seat any more")
    return f"{_seat_of(row)} {words}{_reason(told)}"


def _seat(row: EventRow, told: Mapping[str, Any]) -> str:
    words = SEATS[row.kind]
    if row.kind == "driver.claimed":
        words = f"{words} (epoch {row.epoch})"
    elif row.kind == "driver.released" and row.target:
        words = f"{words} to {row.target}"
    elif row.kind == "driver.taken":
        words = f"{words} from {row.target}{_reason(told)}"
    return f"{_seat_of(row)} {words}"


def _reason(told: Mapping[str, Any]) -> str:
    reason = told.get("reason")
    return f": {render.shortened(reason, REASON_CHARACTERS)}" if isinstance(reason, str) and reason.strip() else ""


def _late(row: EventRow) -> str:
    """The mark of what came after the seat of its epoch had ended."""
    return f" (late, epoch {row.epoch})" if row.late else ""


def _seat_of(row: EventRow) -> str:
    return f"{row.actor}/{row.session}" if row.session else row.actor


def _author(row: EventRow, room: Room) -> Item:
    """Under which name and picture it stands; none: under Polaris' own."""
    if row.speaker == "person":
        person = room.people.get(row.actor)
        return person_author(person) if person is not None else {}
    if row.speaker != "agent":
        return {}
    name = row.actor if row.actor.startswith("agent:") else AGENTS.get(row.agent or "", "Agent")
    where = f" · {row.session}" if row.session and row.kind != "advice" else ""
    return {"author": f"{name}{where}"[:NAME_CHARACTERS], "emoji": ROBOT}


def person_author(person: PersonRow) -> Item:
    """The name and picture of a person as Slack shows them; neither can be anything else than that."""
    name = " ".join(render.clean(person.name).split())[:NAME_CHARACTERS]
    picture = person.picture or ""
    return {"author": name or person.user_id} | ({"picture": picture} if picture.startswith("https://") else {})


def _line(words: str) -> str:
    """What Polaris tells, on one line."""
    return f"{TOLD} {mrkdwn.escape(render.clean(words))}"


def _fits(last: Item, item: Item) -> bool:
    return len(last["text"]) + len(item["text"]) < LINES_LIMIT


def _more(row: EventRow, room: Room) -> str:
    """The way to the whole text."""
    if room.public_url is None:
        return f"… see event #{row.seq}"
    return f"… {mrkdwn.link(f'{room.public_url}/o/{room.org}/p/{row.project}/e/{row.seq}', 'see full message')}"


def _told(row: EventRow) -> Mapping[str, Any]:
    """The payload of what Polaris writes itself."""
    if row.kind not in TELLS or not row.payload:
        return {}
    found = json.loads(row.payload)
    return found if isinstance(found, Mapping) else {}


def _uuid(given: Any) -> UUID | None:
    try:
        return UUID(given) if isinstance(given, str) else None
    except ValueError:
        return None


def who(people: Sequence[PersonRow]) -> dict[str, PersonRow]:
    """The person of the workspace for each ``user:`` that is one; of several the one whom an administrator named."""
    found: dict[str, PersonRow] = {}
    for person in sorted(people, key=lambda p: (p.member_by == "admin", p.standing == "full", p.user_id)):
        if person.member is not None and person.standing in ("full", "guest"):
            found[f"user:{person.member}"] = person
    return found
