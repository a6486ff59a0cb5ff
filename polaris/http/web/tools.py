"""Tool calls as people read them: a command line with its output, an edit as a diff, anything else as its JSON.

The shapes are those that Claude Code sends (tests/fixtures/claude-code); what is not known is shown as it came.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from markupsafe import Markup, escape

LINES = 120  # of a diff or an output in a list
LINE_CHARACTERS = 600
COMPARED = 2_500  # pairs of lines; what differs in more is shown as taken away and put in
WHAT_CHARACTERS = 160
KEPT, KEPT_CHARACTERS = 2048, 16 << 10  # how many tools are kept, and up to which size

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
# Control, direction and invisible characters; not tab, newline and the joiners that some scripts are written with.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef\ud800-\udfff]"
)
_ARGUMENTS = (
    "command",
    "cmd",
    "file_path",
    "notebook_path",
    "path",
    "pattern",
    "url",
    "query",
    "subject",
    "description",
)
_LOOKS = {"+": "add", "-": "del", "@": "at", " ": "same"}
_CALL_ID = re.compile(r":tool\.(?:call|result):([^:]+)\Z")
_SHELLS = frozenset({"Bash", "shell", "local_shell", "exec_command", "run_shell_command", "bash"})


class Line(NamedTuple):
    """One line of a diff; *sign* is ``+``, ``-``, a space, or ``@`` for where a hunk begins."""

    sign: str
    text: str


@dataclass(slots=True)
class Tool:
    """A call, or its answer. What is empty is not there."""

    name: str
    what: str = ""  # one line
    note: str = ""
    command: str = ""
    diff: list[Line] = field(default_factory=list)
    output: str = ""
    json: str = ""
    left_out: int = 0  # lines that are not shown
    failed: bool = False
    outcome: str = ""

    call: str = ""  # the agent's id of the call
    _body: Markup | None = None

    @property
    def body(self) -> Markup:
        """What opening it shows: the command, the diff (its signs readable without their colours), the output."""
        if self._body is None:
            parts = []
            if self.note and self.command:
                parts.append(f'<p class="small muted">{escape(self.note)}</p>')
            if self.command:
                sign = '<span class="prompt-sign" aria-hidden="true">$ </span>'
                parts.append(f'<pre class="command">{sign}{escape(self.command)}</pre>')
            if self.diff:
                parts.append(f'<pre class="diff">{_changes(self.diff)}</pre>')
            parts += [f'<pre class="output">{escape(text)}</pre>' for text in (self.json, self.output) if text]
            self._body = Markup("".join(parts))
        return self._body

    @property
    def has_more(self) -> bool:
        """Whether opening it shows more than the line."""
        return bool(self.command or self.diff or self.output or self.json or self.note)


def shown(text: str) -> str:
    """*text* with nothing hidden: escapes of terminals gone, what steers or hides written out as ``\\u202e``."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def read(kind: str, payload: str, body: str) -> Tool:
    """The tool of a ``tool.call`` or ``tool.result`` as a list shows it; *payload* is JSON text.

    What a whole team looks at again and again is kept. It is kept by its own text: what was redacted in the record is
    another text from then on.
    """
    return _kept(kind, payload, body) if len(payload) + len(body) <= KEPT_CHARACTERS else read_anew(kind, payload, body)


def read_anew(kind: str, payload: str, body: str, lines: int = LINES) -> Tool:
    try:
        found = orjson.loads(payload or "{}")
    except orjson.JSONDecodeError:  # deeper than orjson goes
        found = {}
    given = found if isinstance(found, Mapping) else {}
    tool = call(given, body, lines) if kind == "tool.call" else result(given, body, lines)
    name = given.get("tool_use_id")
    tool.call = name if isinstance(name, str) and len(name) <= 200 else ""
    return tool


_kept = functools.lru_cache(KEPT)(read_anew)


def call_of(client_id: str) -> str:
    """The agent's own id of a call, the same for its answer, out of the id of the event; empty if it names none."""
    named = _CALL_ID.search(client_id)
    return named[1] if named else ""


def call(payload: Mapping[str, Any], body: str, lines: int = LINES) -> Tool:
    """What a tool was asked. Without a payload its *body* is all there is: ``Bash: npm test``."""
    asked = payload if "tool_name" in payload else _first(payload)
    given = asked.get("tool_input")
    name = asked.get("tool_name")
    if not isinstance(name, str) or not isinstance(given, Mapping):
        known, _, what = body.partition(": ")
        return Tool(
            shown(known[:80]), _line(what), output=shown(what) if "\n" in what or len(what) > WHAT_CHARACTERS else ""
        )
    cwd = payload.get("cwd")
    tool = Tool(shown(name[:80]), _what(given, cwd if isinstance(cwd, str) else ""))
    command = given.get("command") or given.get("cmd")
    if name in _SHELLS and command:
        tool.command = shown(command if isinstance(command, str) else " ".join(map(str, command)))
        tool.note = _line(given.get("description"))
        return tool
    edits = _edits(given)
    if edits:
        changed: list[Line] = []
        for old, new in edits:
            changed += [Line("@", "")] * bool(changed) + diff(old, new)
        tool.diff, tool.left_out = changed[:lines], max(0, len(changed) - lines)
    elif set(given) - {"file_path"}:
        tool.json, tool.left_out = pretty(given, lines)
    return tool


def result(payload: Mapping[str, Any], body: str, lines: int = LINES) -> Tool:
    """What a tool answered; *body* is its readable part, made when it was captured."""
    answered = payload if "tool_response" in payload or "error" in payload else (_first(payload) or payload)
    name, response = answered.get("tool_name"), answered.get("tool_response")
    tool = Tool(shown(name[:80]) if isinstance(name, str) else "")
    patch = response.get("structuredPatch") if isinstance(response, Mapping) else None
    if isinstance(patch, list) and patch:
        changed = list(_hunks(patch))
        tool.diff, tool.left_out = changed[:lines], max(0, len(changed) - lines)
    else:
        tool.output, tool.left_out = _lines(body, lines)
    event, error = payload.get("hook_event_name"), answered.get("error")
    tool.failed = bool(error) or event in ("PostToolUseFailure", "PermissionDenied")
    if isinstance(error, str) and error:
        tool.outcome = _line(error.partition("\n")[0])[:40] if error.startswith("Exit code") else "failed"
    elif event == "PermissionDenied":
        tool.outcome = "denied"
    elif isinstance(response, Mapping) and response.get("interrupted") is True:
        tool.failed, tool.outcome = True, "interrupted"
    took = payload.get("duration_ms")
    if isinstance(took, int | float) and took >= 100:
        tool.note = f"{took / 1000:.1f} s"
    tool.what = _line(_told(tool, body))
    return tool


def diff(old: str, new: str) -> list[Line]:
    """What changes from one text to the other, whole, by lines."""
    before, after = old.splitlines(), new.splitlines()
    start, end, shorter = 0, 0, min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    gone, added = before[start : len(before) - end], after[start : len(after) - end]
    found = [_signed(" ", line) for line in before[:start]]
    if len(gone) * len(added) > COMPARED:
        blocks = [("replace", 0, len(gone), 0, len(added))]
    else:
        blocks = list(difflib.SequenceMatcher(None, gone, added, autojunk=False).get_opcodes())
    for tag, i1, i2, j1, j2 in blocks:
        if tag == "equal":
            found += [_signed(" ", line) for line in gone[i1:i2]]
            continue
        found += [_signed("-", line) for line in gone[i1:i2]]
        found += [_signed("+", line) for line in added[j1:j2]]
    return found + [_signed(" ", line) for line in before[len(before) - end :]]


def pretty(value: Any, lines: int) -> tuple[str, int]:
    """JSON to read, and how many lines were left out."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        text = repr(value)
    return _lines(text, lines)


def _edits(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs of texts that an edit replaces: Edit, MultiEdit, Write and NotebookEdit."""
    many = given.get("edits")
    found = []
    for one in (many if isinstance(many, list) else [given])[:50]:
        if not isinstance(one, Mapping):
            return []
        old, new = one.get("old_string", one.get("old_source", "")), one.get("new_string", one.get("new_source"))
        if new is None and "file_path" in one:
            new = one.get("content")
        if isinstance(old, str) and isinstance(new, str):
            found.append((old, new))
    return found


def _changes(diff: list[Line]) -> str:
    return "".join(
        f'<span class="{_LOOKS[line.sign]}">{"" if line.sign == "@" else line.sign}{escape(line.text)}\n</span>'
        for line in diff
    )


def _hunks(patch: list[Any]) -> Iterable[Line]:
    for hunk in patch:
        if not isinstance(hunk, Mapping) or not isinstance(hunk.get("lines"), list):
            continue
        yield Line(
            "@", f"@@ -{hunk.get('oldStart')},{hunk.get('oldLines')} +{hunk.get('newStart')},{hunk.get('newLines')} @@"
        )
        for line in hunk["lines"]:
            if isinstance(line, str):
                yield _signed(line[:1] if line[:1] in ("+", "-") else " ", line[1:])


def _told(tool: Tool, body: str) -> str:
    if tool.diff:
        added, gone = (sum(line.sign == sign for line in tool.diff) for sign in "+-")
        return f"+{added} −{gone} lines"
    first, _, more = body.strip("\n").partition("\n")
    first = first or "done"
    return f"{first} … ({more.count(chr(10)) + 2} lines)" if more else first


def _what(given: Mapping[str, Any], cwd: str) -> str:
    for name in _ARGUMENTS:
        value = given.get(name)
        if isinstance(value, list):
            value = " ".join(map(str, value))
        if isinstance(value, str) and value:
            inside = cwd and name.endswith("path") and value.startswith(cwd.rstrip("/") + "/")
            text = value[len(cwd.rstrip("/")) + 1 :] if inside else value
            where = given.get("path")
            return _line(f"{text} in {where}" if name == "pattern" and isinstance(where, str) else text)
    return ""


def _line(text: object) -> str:
    """One line of at most `WHAT_CHARACTERS`."""
    if not isinstance(text, str):
        return ""
    line = " ⏎ ".join(part for part in shown(text[: WHAT_CHARACTERS * 4]).split("\n") if part.strip()).replace(
        "\t", " "
    )
    return line if len(line) <= WHAT_CHARACTERS else line[: WHAT_CHARACTERS - 1] + "…"


def _lines(text: str, lines: int) -> tuple[str, int]:
    """The first lines, none of them endless, and how many were left out."""
    found = shown(text[: lines * LINE_CHARACTERS]).strip("\n").split("\n")
    left_out = max(0, len(found) - lines) + text.count("\n", lines * LINE_CHARACTERS)
    return "\n".join(map(_short, found[:lines])), left_out


def _signed(sign: str, text: str) -> Line:
    return Line(sign, _short(shown(text)))


def _short(line: str) -> str:
    return line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}… (+{len(line) - LINE_CHARACTERS:,})"


def _first(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    calls = payload.get("tool_calls")
    found = calls[0] if isinstance(calls, list) and calls else None
    return found if isinstance(found, Mapping) else {}
