"""What the stand-in for Slack shows in a browser: HTML made of plain data, without anything from elsewhere.

Everything that somebody wrote is escaped here; of mrkdwn the marks, code, quotes, links and emoji are shown, and
mentions as such, so that one that should not be there is seen.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from polaris.demo_slack.look import DRAWN, SCRIPT, STYLE

EMOJI = {
    "+1": "👍",
    "arrow_right": "➡️",
    "bell": "🔔",
    "broom": "🧹",
    "chair": "🪑",
    "eyes": "👀",
    "heavy_check_mark": "✔️",
    "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳",
    "inbox_tray": "📥",
    "information_source": "ℹ️",
    "leftwards_arrow_with_hook": "↩️",
    "mute": "🔇",
    "no_entry_sign": "🚫",
    "raised_hand": "✋",
    "robot_face": "🤖",
    "speech_balloon": "💬",
    "tada": "🎉",
    "warning": "⚠️",
    "wastebasket": "🗑️",
    "wave": "👋",
    "white_check_mark": "✅",
    "wrench": "🔧",
    "x": "❌",
}
_COLOURS = ("#8c3a6e", "#1f6f8b", "#3a7d44", "#a65e2e", "#5b4fa8", "#b03a48", "#2f6690", "#6b6b2f")
_COLOUR = "\ufe0f"  # asks for the coloured form of a character
_TO_DRAW = re.compile("|".join(f"{emoji.rstrip(_COLOUR)}{_COLOUR}?" for emoji in DRAWN))
_SVG = '<svg class="emoji" viewBox="0 0 20 20" role="img" aria-label="{}">'
_CONTROL = re.compile(r"<([^<>\n]+)>")
_CODE = re.compile(r"`([^`\n]+)`")
# A mark opens before and closes behind something visible, at the edges of words.
_MARKS = [
    (tag, re.compile(rf"(?<![\w{sign}]){sign}(?=[^\s\u200b{sign}])(.*?[^\s\u200b]){sign}(?![\w{sign}])"))
    for tag, sign in (("b", r"\*"), ("i", "_"), ("s", "~"))
]


class Names(NamedTuple):
    """How people and channels are called, by id."""

    people: Mapping[str, str]
    channels: Mapping[str, str]


class View(NamedTuple):
    """All of one channel. Messages and hints as Slack's API has them; a hint has its ``recipient``."""

    url: str
    team: Mapping[str, Any]
    teams: Sequence[Mapping[str, Any]]
    channel: Mapping[str, Any]
    messages: Sequence[Mapping[str, Any]]
    hints: Sequence[Mapping[str, Any]]
    names: Names
    thread: str | None = None  # the ts of the message that is being answered
    author: str | None = None  # who writes


def page(view: View, nonce: str) -> str:
    """The window of one channel."""
    name, topic = view.channel["name"], view.channel["topic"]["value"]
    state = " · archived" if view.channel["is_archived"] else ""
    return f"""{_head(f"#{name}", nonce)}
<body class="window">
{_BANNER}
<nav aria-label="Channels">{_channels(view)}</nav>
<main>
<header><h1># {_safe(name)}</h1><p>{mrkdwn(topic, view.names)}{state}</p></header>
<div id="messages" role="log" aria-label="Messages" tabindex="0">{messages(view)}</div>
{_form(view)}
</main>
<script nonce="{nonce}">{SCRIPT}</script>
</body></html>"""


def nothing(title: str, nonce: str) -> str:
    """A window without a channel."""
    return f'{_head(title, nonce)}<body>{_BANNER}<main class="alone"><h1>{_safe(title)}</h1></main></body></html>'


def consent(
    app: str, scopes: Sequence[str], asked: Mapping[str, str], people: Sequence[tuple[str, str]], nonce: str
) -> str:
    """Where somebody allows the app; *people*: (value, who and in which workspace); *asked* goes back."""
    hidden = "".join(f'<input type="hidden" name="{_safe(k)}" value="{_safe(v)}">' for k, v in asked.items())
    options = "".join(f'<option value="{_safe(value)}">{_safe(words)}</option>' for value, words in people)
    return f"""{_head("Allow an app", nonce)}
<body>
{_BANNER}
<main class="alone">
<h1>{_safe(app)} asks for access to a workspace</h1>
<p>It will be able to:</p>
<ul>{"".join(f"<li><code>{_safe(scope)}</code></li>" for scope in scopes)}</ul>
<form method="post">{hidden}
<p><label>You are <select name="who">{options}</select></label></p>
<p><button name="answer" value="allow" class="main">Allow</button>
<button name="answer" value="cancel">Cancel</button></p>
</form>
</main>
</body></html>"""


def avatar(name: str) -> str:
    """A picture, SVG, for somebody without one: the first letters on a colour of their own."""
    letters = "".join(word[0] for word in re.split(r"[\s._-]+", name) if word)[:2].upper() or "?"
    colour = _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<rect width="40" height="40" rx="6" fill="{colour}"/>'
        f'<text x="20" y="26" text-anchor="middle" font-family="sans-serif" font-size="16" fill="#fff">{_safe(letters)}'
        "</text></svg>"
    )


def messages(view: View) -> str:
    """The messages of a channel in order, replies below what they answer; hints where they came."""
    replies: dict[str, list[Mapping[str, Any]]] = {}
    roots: list[Mapping[str, Any]] = []
    known = {message["ts"] for message in view.messages}
    for message in sorted([*view.messages, *view.hints], key=lambda message: str(message["ts"])):
        thread = message.get("thread_ts")
        if thread and thread != message["ts"] and thread in known:
            replies.setdefault(thread, []).append(message)
        else:
            roots.append(message)
    out = []
    for root in roots:
        below = "".join(_message(view, reply) for reply in replies.get(root["ts"], []))
        count = len(replies.get(root["ts"], []))
        words = f"Thread, {count} {'reply' if count == 1 else 'replies'}"
        out.append(
            _message(view, root) + (f'<section class="thread" aria-label="{words}">{below}</section>' if below else "")
        )
    return "".join(out) or '<p class="empty">Nothing was said here yet.</p>'


def _message(view: View, message: Mapping[str, Any]) -> str:
    user = str(message.get("user") or "")
    name = message.get("username") or view.names.people.get(user, user or "polaris")
    at = datetime.fromtimestamp(float(message["ts"]), UTC)
    badge = ' <span class="app">APP</span>' if message.get("bot_id") else ""
    edited = ' <span class="quiet">(edited)</span>' if message.get("edited") else ""
    reactions = "".join(
        f'<li title=":{_safe(name)}:">{_drawn(EMOJI.get(name, f":{_safe(name)}:"))} {len(users)}</li>'
        for name, users in message.get("reacted", {}).items()
    )
    recipient = message.get("recipient")
    private = (
        f'<p class="quiet">{_drawn("👁")} Only visible to {_safe(view.names.people.get(recipient, recipient))}</p>'
        if recipient
        else ""
    )
    answer = ""
    if not recipient and not message.get("thread_ts"):
        answer = f'<a class="answer" href="?thread={_safe(message["ts"])}">Reply in thread</a>'
    reacted = f'<ul class="reactions" aria-label="Reactions">{reactions}</ul>' if reactions else ""
    kind, face = "hint" if recipient else "message", _face(view, message, str(name))
    return (
        f'<article class="{kind}" id="m{_safe(message["ts"])}">{face}'
        f'<div>{private}<p class="who"><b>{_safe(name)}</b>{badge}'
        f' <time datetime="{at.isoformat()}">{at:%H:%M}</time>{answer}</p>'
        f'<div class="text">{mrkdwn(str(message["text"]), view.names)}{edited}</div>'
        f"{reacted}</div></article>"
    )


def _face(view: View, message: Mapping[str, Any], name: str) -> str:
    icons = message.get("icons") or {}
    if emoji := str(icons.get("emoji") or "").strip(":"):
        return f'<span class="face" aria-hidden="true">{_drawn(EMOJI.get(emoji, "🤖"))}</span>'
    picture = str(icons.get("image_48") or "")
    if message.get("bot_id") and not picture:
        return f'<span class="face" aria-hidden="true">{_drawn("✳️")}</span>'
    if not picture.startswith(f"{view.url}/"):  # nothing is loaded from elsewhere
        picture = f"{view.url}/avatar/{view.team['id']}/{message.get('user') or name}.svg"
    return f'<img class="face" src="{_safe(picture.removeprefix(view.url))}" alt="">'


def _channels(view: View) -> str:
    out = []
    here = {view.channel["id"]: ' aria-current="page"'}
    for team in view.teams:
        rows = "".join(
            f'<li><a href="/c/{_safe(team["id"])}/{_safe(number)}"{here.get(number, "")}>'
            f"# {_safe(channel['name'])}</a></li>"
            for number, channel in sorted(team["channels"].items(), key=lambda row: row[1]["name"])
        )
        out.append(f"<h2>{_safe(team['name'])}</h2><ul>{rows or '<li>no channel yet</li>'}</ul>")
    return "".join(out)


def _form(view: View) -> str:
    options = "".join(
        f'<option value="{_safe(number)}"{" selected" if number == view.author else ""}>{_safe(name)}</option>'
        for number, name in view.names.people.items()
        if not view.team["users"][number]["is_bot"]
        and number != "USLACKBOT"
        and not view.team["users"][number]["deleted"]
    )
    place, hidden = f"#{view.channel['name']}", ""
    root = next((m for m in view.messages if m["ts"] == view.thread), None)
    if root is not None:
        hidden = f'<input type="hidden" name="thread" value="{_safe(root["ts"])}">'
        words = _safe(" ".join(re.sub(r"[*_~`]", "", html.unescape(str(root["text"]))).split())[:60])
        hidden += f'<p class="quiet">Answers “{words}…” · <a href="?">not in a thread</a></p>'
        place = "the thread"
    return f"""<form method="post" class="write">{hidden}
<label>As <select name="user">{options}</select></label>
<label class="grow"><span class="away">Message to {_safe(place)}</span>
<input name="text" autocomplete="off" required autofocus placeholder="Message to {_safe(place)}"></label>
<button class="main">Send</button></form>"""


# mrkdwn


def mrkdwn(text: str, names: Names) -> str:
    """*text* as Slack would show it, as safe HTML."""
    out = []
    for number, part in enumerate(re.split(r"```(.*?)```", text, flags=re.DOTALL)):
        if number % 2:
            out.append(f"<pre>{_marked(part.strip(chr(10)), names, code=True)}</pre>")
        elif part.strip("\n"):
            out.append(_paragraph(part.strip("\n"), names))
    return "".join(out)


def _paragraph(text: str, names: Names) -> str:
    out: list[str] = []
    quoted = False
    for line in text.split("\n"):
        quote = re.match(r"(?:>|&gt;) ?", line)
        if bool(quote) != quoted:
            out.append("<blockquote>" if quote else "</blockquote>")
            quoted = bool(quote)
        elif out:
            out.append("<br>")
        out.append(_marked(line[quote.end() :] if quote else line, names))
    return "".join(out) + ("</blockquote>" if quoted else "")


def _marked(text: str, names: Names, code: bool = False) -> str:
    """A line, or the whole of a block of code. What is not text any more is put aside meanwhile."""
    aside: list[str] = []

    def put(made: str) -> str:
        aside.append(made)
        return f"\ue000{len(aside) - 1}\ue001"

    text = text.replace("\ue000", "").replace("\ue001", "")
    if not code:
        text = _CODE.sub(lambda found: put(f"<code>{_control(found[1], names, put)}</code>"), text)
    text = _control(text, names, put)
    if not code:
        for tag, pattern in _MARKS:
            text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
        text = re.sub(r":([a-z0-9_+-]+):", lambda found: EMOJI.get(found[1], found[0]), text)
        text = _drawn(text)
    while "\ue000" in text:
        text = re.sub("\ue000(\\d+)\ue001", lambda found: aside[int(found[1])], text)
    return text


def _control(text: str, names: Names, put: Any) -> str:
    """Escapes *text*, and makes of ``<…>`` what Slack makes of it."""
    out, done = [], 0
    for found in _CONTROL.finditer(text):
        out += [_unescaped(text[done : found.start()]), put(_sequence(found[1], names))]
        done = found.end()
    return "".join(out) + _unescaped(text[done:])


def _sequence(inner: str, names: Names) -> str:
    target, _, label = inner.partition("|")
    if target[:1] in "@#!":
        known = {"@": names.people, "#": names.channels, "!": {}}[target[0]]
        words = {"@": "@", "#": "#", "!": "@"}[target[0]] + known.get(target[1:], label or target[1:])
        return f'<span class="mention">{_unescaped(words)}</span>'
    words = _unescaped(label or target.removeprefix("mailto:"))
    if not re.match(r"(?i)(?:https?://|mailto:)", target):
        return words
    return f'<a href="{_unescaped(target)}" rel="noreferrer noopener">{words}</a>'


def _unescaped(text: str) -> str:
    """Text of the wire, in which only three characters are escaped, as HTML."""
    for coded, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(coded, character)
    return _safe(text)


def _drawn(text: str) -> str:
    """*text*, HTML, with the emoji drawn that a font may lack."""
    return _TO_DRAW.sub(lambda found: f"{_SVG.format(found[0])}{_drawing(found[0])}</svg>", text)


def _drawing(emoji: str) -> str:
    plain = emoji.rstrip(_COLOUR)
    return DRAWN.get(plain) or DRAWN[plain + _COLOUR]


def _safe(text: Any) -> str:
    return html.escape(str(text))


def _head(title: str, nonce: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{_safe(title)} · stand-in for Slack</title>
<link rel="icon" href="data:,"><style nonce="{nonce}">{STYLE}</style></head>"""


_BANNER = (
    '<p class="banner" role="note"><b>This is not Slack.</b> It is Polaris\' stand-in, which speaks its protocol: '
    "nothing here leaves this machine.</p>"
)
