"""No line of what somebody wrote looks like a line of ours.

Posts begin with an attribution in brackets, ``[user:manu/fxm → agent]``, and what Polaris itself tells begins with
`TOLD`. Several lines of ours may stand in one message, so a body could add one that says that somebody else said
something. Such a line is shown with a backslash in front of its first letter: still readable, and plainly no line of
ours.
"""

from __future__ import annotations

import re
import unicodedata

TOLD = "◆"

# What may stand before the first letter of a line: marks, quotes, bullets, numbers, the address of a link, and what
# nobody sees.
_BEFORE = re.compile(r"(?:&gt;|<[^<>|]*\||[\s*_~`>•◦▪☐☑\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\d+\.)*")
_ARROWS = re.compile(
    r"[-=–—~](?:&gt;|>)|[\u2190-\u21ff\u2794-\u27be\u27f0-\u27ff\u2900-\u297f\u2b00-\u2bff]|:\w{0,40}arrow\w{0,40}:|\bnote"
)


def guarded(text: str) -> str:
    """Rendered *text* in which no line begins like one of ours: the first letter gets a backslash in front.

    What stands in a block of code is plainly code.
    """
    lines = text.split("\n")
    in_code = False
    for number, line in enumerate(lines):
        fences = line.count("```")
        if not in_code and not fences:
            lines[number] = _guarded(line)
        in_code ^= fences % 2 == 1
    return "\n".join(lines)


def _guarded(line: str) -> str:
    found = _BEFORE.match(line)
    at = found.end() if found else 0
    first = unicodedata.normalize("NFKC", line[at : at + 1])
    if first == TOLD or (
        first
        and unicodedata.category(first[0]) == "Ps"
        and first not in "({"
        and _ARROWS.search(line.replace("\u200b", ""))
    ):
        return f"{line[:at]}\\{line[at:]}"
    return line
