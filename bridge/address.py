"""What a message says to whom: the verb that it is, or the sessions that it names; and Slack's escapes undone.

Pure, and made for what strangers write: nothing here fails, whatever the text is, and nothing takes more than linear
time. Texts come as Slack sends them: ``& < >`` escaped, and what stands between ``<`` and ``>`` made by Slack.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_NAMES = 20

_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}"
_PERSON = r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>"
_GROUP = rf"<!subteam\^[A-Z0-9]+\|@?({_NAME})>"
_END = r"(?=[\s:,]|$)"
# What may follow one name before the next one.
_BETWEEN = re.compile(r"\s*(?:,|&amp;|and(?=\s))?\s*")
_AT = re.compile(rf"(?:@({_NAME})|{_PERSON}|{_GROUP}){_END}")
_COLON = re.compile(rf"({_NAME}(?:(?:\s*,\s*|\s+and\s+){_NAME}){{0,{MOST_NAMES - 1}}})\s?:(?=\s|$)")
_WHAT = rf"(?:@?({_NAME})|{_PERSON})"
_VERB = re.compile(
    rf"(who|mute|unmute|final-only)|(brief|seat|decline)\s+{_WHAT}|(handoff)\s+{_WHAT}\s+to\s+{_WHAT}", re.IGNORECASE
)
# Words of one's own follow: what was decided, what is asked, what the answer is.
_NOTE = re.compile(rf"(decision|decide|question)(?:\s+{_WHAT})?\s*:\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_MARK = re.compile(r"(star|answer)\s+#?(\d{1,18})(?:\s*:?\s+(\S.*))?", re.IGNORECASE | re.DOTALL)
_US = re.compile(r"@?polaris[:,]?\s+", re.IGNORECASE)
_MADE = re.compile(r"<([^<>]*)>")
_SCHEME = re.compile(r"\A(?:https?://|mailto:|tel:)", re.IGNORECASE)


class Verb(NamedTuple):
    """``who``, ``mute``, ``unmute``, ``final-only``, ``brief`` a session, ``handoff`` a session to somebody.

    ``seat`` of a session is asked for, ``decline`` keeps the seat of a session from who asks. ``decision`` and
    ``question`` say (``text``) what was decided or is asked, of a session or of the project; ``star`` is ``about`` an
    event, ``answer`` closes a question with the number ``about``.

    ``session`` and ``to`` are names in lower case, or ids of Slack users (in upper case), where Slack knows somebody of
    that name and has put the id there.
    """

    verb: str
    session: str | None = None
    to: str | None = None
    text: str | None = None
    about: int | None = None


class Address(NamedTuple):
    """Whom a message names at its beginning, in lower case and in its order, and what it says to them.

    ``mentions`` are ids of Slack users among them: Slack writes ``@fxm`` as one where somebody is called so.
    ``explicit``: names were written with an @ in front, or Polaris itself was asked. ``rest`` is the text behind the
    names, ``text`` the whole; both are plain.
    """

    names: tuple[str, ...]
    mentions: tuple[str, ...]
    explicit: bool
    rest: str
    text: str


def verb(text: str, bot: str | None) -> Verb | None:
    """The verb that the whole message is, with or without Polaris (*bot*: its user id) named in front."""
    bare = _without_bot(text, bot)
    bare = _US.sub("", bare, count=1) if _US.match(bare) else bare
    if found := _NOTE.fullmatch(bare):
        what, name, user, words = found.groups()
        of = _either(name, user) if name or user else None
        return Verb("question" if what.lower() == "question" else "decision", of, text=plain(words))
    if found := _MARK.fullmatch(bare):
        what, number, words = found.groups()
        if what.lower() == "star" or words:
            return Verb(what.lower(), text=plain(words) if words else None, about=int(number))
    found = _VERB.fullmatch(bare)
    if found is None:
        return None
    alone, brief, *brief_of, handoff, name, user, to_name, to_user = found.groups()
    if alone:
        return Verb(alone.lower())
    if brief:
        return Verb(brief.lower(), _either(*brief_of))
    return Verb("handoff", _either(name, user), _either(to_name, to_user)) if handoff else None


def address(text: str, bot: str | None, in_thread: bool) -> Address:
    """Whom a message names, and what it says.

    Polaris itself, named in a thread, is no more than a politeness: the reply is to the session of that thread.
    """
    bare = _without_bot(text, bot)
    asked = bare != text.strip() and not in_thread
    names: list[str] = []
    mentions: list[str] = []
    literal = False
    at = 0
    while len(names) + len(mentions) < MOST_NAMES and (found := _AT.match(bare, at)):
        name, user, group = found.groups()
        (mentions if user else names).append(user or (name or group).lower())
        literal = literal or not user
        end = found.end()
        between = _BETWEEN.match(bare, end)
        at = between.end() if between else end
    if at:
        rest = bare[end:].lstrip().removeprefix(":").removeprefix(",")
    elif found := _COLON.match(bare):
        names = [name.lower() for name in re.split(r"\s*,\s*|\s+and\s+", found[1])]
        rest = bare[found.end() :]
    else:
        rest = bare
    return Address(
        tuple(dict.fromkeys(names)), tuple(dict.fromkeys(mentions)), literal or asked, plain(rest), plain(bare)
    )


def plain(text: str) -> str:
    """What the author sees: mentions as ``@U12…`` (the worker knows the names), links as they were written."""
    text = _MADE.sub(_shown, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _without_bot(text: str, bot: str | None) -> str:
    text = text.strip()
    if bot is None:
        return text
    return re.sub(rf"\A<@{re.escape(bot)}(?:\|[^<>]*)?>[:,]?\s*", "", text)


def _either(name: str | None, user: str | None) -> str:
    return user or (name or "").lower()


def _shown(made: re.Match[str]) -> str:
    target, _, label = made[1].partition("|")
    match target[:1]:
        case "@":
            return target
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
    bare = _SCHEME.sub("", target)
    # Slack makes links of words such as config.py by itself.
    return target if not label else label if label in (target, bare, bare.rstrip("/")) else f"{label} ({target})"
