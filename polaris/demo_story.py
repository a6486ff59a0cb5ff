"""What happens in the demo, turn by turn: three sessions of one project, and two who advise from outside.

`polaris.demo` plays it at once and counts, `polaris.demo_live` at the pace of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

REVIEWER = "agent:security-reviewer"
TEST_WRITER = "agent:test-writer"


@dataclass(frozen=True)
class Ask:
    """The driver of a session asks its coding agent: a turn begins."""

    session: str
    text: str


@dataclass(frozen=True)
class Write:
    """The agent says something and writes a file; meanwhile *advisor* may give *advice*."""

    session: str
    saying: str
    path: str
    content: str
    advisor: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Answer:
    """The agent's final answer: the turn ends."""

    session: str
    text: str


Beat = Ask | Write | Answer

STORY: tuple[Beat, ...] = (
    Ask("fxm", "Let's implement the auth middleware"),
    Write(
        "fxm",
        "I'll create src/middleware/auth.ts...",
        "src/middleware/auth.ts",
        "export const auth = verify('RS256')\n",
        REVIEWER,
        "This auth endpoint needs rate limiting",
    ),
    Ask("fxk", "Set up the database schema for users"),
    Write(
        "fxk",
        "Creating migrations/001_users.sql...",
        "migrations/001_users.sql",
        "create table users (id bigint primary key, email text);\n",
        "user:priya",
        "Remember we need GDPR compliance on the users table",
    ),
    Answer("fxk", "Good point from Priya. Adding data retention fields..."),
    Answer("fxm", "Adding rate limiting middleware..."),
    Ask("tests", "Writing integration tests for auth middleware"),
    Write("tests", "Tests for both sessions.", "tests/auth.test.ts", "test('401 without a token')\n"),
    Answer("tests", "Created tests/auth.test.ts..."),
    Ask("fxm", "What has Krishna done on fxk so far?"),
    Answer("fxm", "Krishna has set up the users schema with GDPR fields..."),
)


def left(answered: Iterable[tuple[str, str]]) -> Iterator[Beat]:
    """The turns whose answer is not among *answered*, pairs of session and text; one turn after the other.

    A turn that was broken off begins anew: who asked before a restart asks again. A text that goes on after the
    story's words counts as the same answer.
    """
    given = list(answered)
    for turn in _turns():
        last = turn[-1]
        assert isinstance(last, Answer)
        if not any(session == last.session and text.startswith(last.text) for session, text in given):
            yield from turn


def _turns() -> list[list[Beat]]:
    """The story turn by turn, in the order of their beginnings."""
    turns: list[list[Beat]] = []
    for beat in STORY:
        if isinstance(beat, Ask):
            turns.append([beat])
        else:
            next(turn for turn in reversed(turns) if turn[0].session == beat.session).append(beat)
    return turns
