"""One event as one attributed line: what ``polaris tail`` and the demo print.

``[user:manu/fxm → agent] "Let's implement the auth middleware"`` is what a driver asked, ``[agent → user:manu/fxm]
"…"`` what that driver's coding agent wrote, ``[user:priya → fxk] "…"`` advice from outside. Tool calls, seat changes
and deliveries get a line of their own kind.

Bodies come from anywhere, so nothing in them can begin a line, close a quotation, steer the terminal or turn the
direction of the text: a body cannot pass itself off as somebody else's line.
"""

from __future__ import annotations

import os
import re
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TextIO

Paint = Callable[[str, int], str]

BODY_CHARACTERS = 400
TOOL_CHARACTERS = 120
LINE_BREAK = " ⏎ "

_BREAKS = re.compile(r"\s*(?:\r\n|[\n\r\v\f\x85\u2028\u2029])\s*")
_QUOTE = re.compile(r'(\\*)("|\Z)')
# Invisible, but part of how emoji and some scripts are written; they move nothing.
_JOINERS = "\u200c\u200d"
_ACTOR_COLOURS = (32, 33, 34, 35, 36, 92, 94, 95, 96)
_STATE_COLOURS = {"seen": 36, "answered": 32, "declined": 33, "expired": 33, "failed": 31}


def colour_wanted(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to colour what goes to *stream*: a terminal that can, unless ``NO_COLOR`` or ``TERM=dumb`` say no."""
    env = os.environ if environ is None else environ
    if env.get("NO_COLOR") or env.get("TERM") == "dumb":
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty()


def noted(payload: object) -> str:
    """What an annotation does, by its payload: ``decides``, ``asks``, ``stars #12``, ``answers #12``."""
    told = payload if isinstance(payload, Mapping) else {}
    about = f" #{told['about']}" if isinstance(told.get("about"), int) else ""
    what, ended = str(told.get("annotation")), str(told.get("of"))
    if what == "closed":
        return (f"answers{about}" if ended == "question" else f"takes{about} back") if about else "notes"
    words = {"decision": "decides", "question": "asks", "star": "stars"}.get(what, "notes")
    return f"{words}{about}" if what == "star" or not about else f"{words} about{about}"


def line(event: Mapping[str, Any], *, colour: bool = False, body_characters: int = BODY_CHARACTERS) -> str:
    """The line of one event as the API gives it: always exactly one. A longer body is cut, and says by how much."""
    paint = _painted if colour else _plain
    kind, actor = str(event["kind"]), clean(str(event["actor"]))
    session = clean(str(event.get("session") or ""))
    who = paint(actor, _colour_of(actor))
    seat = f"{who}/{session}" if session else who
    # What a person's coding agent says for it is never shown as said by the person.
    author = f"agent of {who}" if event.get("speaker") == "agent" and actor.startswith("user:") else who
    late = paint(f" (late, epoch {event.get('epoch')})", 33) if event.get("late") else ""
    body = str(event.get("body") or "")
    if event.get("erased_at"):
        text = f"{paint('·', 2)} {seat} {paint(f'{clean(kind)}: (erased)', 2)}"
    elif kind == "prompt":
        text = f"[{seat} → agent] {quoted(body, body_characters)}"
    elif kind in ("message", "reply"):
        text = f"[agent → {seat}] {quoted(body, body_characters)}"
    elif kind == "advice":
        text = f"[{author} → {session}] {quoted(body, body_characters)}"
    elif kind == "floor":
        text = f"[{author} → #{clean(str(event.get('project') or ''))}] {quoted(body, body_characters)}"
    elif kind == "annotation":
        does = f"{author} {noted(event.get('payload'))}" + (f" on {session}" if session else "")
        text = f"[{does}] {quoted(body, body_characters)}" if body.strip() else f"[{does}]"
    elif kind == "seat.asked":
        asks = f"{author} asks {clean(str(event.get('target') or 'the driver'))} for the seat of {session}"
        text = f"[{asks}] {quoted(body, body_characters)}" if body.strip() else f"[{asks}]"
    elif kind == "tool.call":
        text = f"[agent of {seat}] {paint(f'⚙ {shortened(body, TOOL_CHARACTERS)}', 2)}"
    elif kind == "tool.result":
        result = shortened(body, TOOL_CHARACTERS) or "done"
        text = f"[agent of {seat}] {paint(f'↳ {result}', 2)}"
    else:
        text = _told(event, kind, session, seat, body, paint)
    return text + late


def quoted(body: str, characters: int = BODY_CHARACTERS) -> str:
    """*body* on one line in quotation marks that nothing inside it can close."""
    return '"' + _QUOTE.sub(_kept_open, shortened(body, characters)) + '"'


def shortened(body: str, characters: int) -> str:
    """*body* on one line, cut to *characters*; what was left out is counted."""
    text = clean(body[: characters * 2].strip())
    left_out = max(len(text) - characters, 0) + max(len(body) - characters * 2, 0)
    return f"{text[:characters].rstrip()}… (+{left_out:,})" if left_out else text


def clean(text: str) -> str:
    """*text* on one line; control, direction and invisible characters are written out as ``\\u202e``."""
    text = _BREAKS.sub(LINE_BREAK, text).replace("\t", " ")
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _harmless(character) else f"\\u{ord(character):04x}" for character in text)


def _told(event: Mapping[str, Any], kind: str, session: str, seat: str, body: str, paint: Paint) -> str:
    """What Polaris itself tells: seats, sessions, deliveries, notices."""
    payload = event.get("payload")
    told: Mapping[str, Any] = payload if isinstance(payload, Mapping) else {}
    if kind == "delivery":
        state = clean(str(told.get("state") or body.partition(":")[0]))
        reason = told.get("reason")
        sender, target = clean(str(event.get("target") or "advice")), session
        words = f"advice {clean(str(told.get('advice_seq') or ''))} ".replace("  ", " ")
        end = f" ({shortened(str(reason), TOOL_CHARACTERS)})" if reason else ""
        return paint(f"· {words}{sender} → {target}: ", 2) + paint(state, _STATE_COLOURS.get(state, 2)) + paint(end, 2)
    if kind == "turn.interrupted":
        return f"{paint('·', 2)} {seat} {paint('interrupted the turn', 33)}"
    target = clean(str(event.get("target") or ""))
    receiver = f" to {target}" if target else ""
    reason = told.get("reason")
    why = f" ({shortened(str(reason), TOOL_CHARACTERS)})" if reason else ""
    if kind == "seat.settled":
        words = {
            "declined": f"keeps the seat that {target} asked for",
            "expired": "asked for the seat, and nobody answered",
        }.get(str(told.get("how")), "does not ask for the seat any more")
        return f"{paint('·', 2)} {seat} {paint(words + why, 2)}"
    words = {
        "session.created": "made the session",
        "session.archived": "archived the session",
        "driver.claimed": f"drives (epoch {event.get('epoch')})",
        "driver.released": f"left the seat{receiver}",
        "driver.expired": "lost the seat: the lease ran out",
        "driver.taken": f"took the seat from {target}{why}",
    }.get(kind, f"{clean(kind)}: {shortened(body, TOOL_CHARACTERS)}")
    return f"{paint('·', 2)} {seat} {paint(words, 2)}"


def _kept_open(found: re.Match[str]) -> str:
    backslashes, end = found.groups()
    return backslashes * 2 + ('\\"' if end else "") if end or backslashes else ""


def _harmless(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")


def _colour_of(actor: str) -> int:
    return _ACTOR_COLOURS[zlib.crc32(actor.encode(errors="replace")) % len(_ACTOR_COLOURS)]


def _painted(text: str, colour: int) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if text else text


def _plain(text: str, _: int) -> str:
    return text
