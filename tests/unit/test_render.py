"""The floor as lines: the format of the story, and bodies that cannot pass themselves off as somebody else's line."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polaris import render


def event(kind: str = "prompt", **more: Any) -> dict[str, Any]:
    return {
        "seq": 1,
        "project": "pj",
        "session": "fxm",
        "kind": kind,
        "actor": "user:manu",
        "body": "",
        "epoch": 1,
    } | more


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (event("prompt", body="Let's go"), '[user:manu/fxm → agent] "Let\'s go"'),
        (event("reply", body="Done."), '[agent → user:manu/fxm] "Done."'),
        (event("message", body="I'll look"), '[agent → user:manu/fxm] "I\'ll look"'),
        (event("prompt", actor="agent:test-writer", session="tests"), '[agent:test-writer/tests → agent] ""'),
        (event("advice", actor="user:priya", session="fxk", body="GDPR"), '[user:priya → fxk] "GDPR"'),
        (event("floor", session=None, body="Lunch"), '[user:manu → #pj] "Lunch"'),
        (event("floor", session=None, speaker="agent", body="Done"), '[agent of user:manu → #pj] "Done"'),
        (event("annotation", body="decided"), '[user:manu notes on fxm] "decided"'),
        (event("tool.call", body="Bash: npm test"), "[agent of user:manu/fxm] ⚙ Bash: npm test"),
        (event("tool.result", body="ok\nfine"), "[agent of user:manu/fxm] ↳ ok ⏎ fine"),
        (event("tool.result"), "[agent of user:manu/fxm] ↳ done"),
        (event("prompt", erased_at="2026-11-23T07:00:00Z"), "· user:manu/fxm prompt: (erased)"),
        (event("driver.claimed", epoch=3), "· user:manu/fxm drives (epoch 3)"),
        (event("driver.released"), "· user:manu/fxm left the seat"),
        (event("driver.expired"), "· user:manu/fxm lost the seat: the lease ran out"),
        (
            event("driver.taken", target="user:priya", payload={"reason": "on leave"}),
            "· user:manu/fxm took the seat from user:priya (on leave)",
        ),
        (
            event("seat.asked", actor="user:priya", target="user:manu", body="one hour"),
            '[user:priya asks user:manu for the seat of fxm] "one hour"',
        ),
        (event("seat.asked", target="agent:bot"), "[user:manu asks agent:bot for the seat of fxm]"),
        (
            event("seat.settled", target="user:priya", payload={"how": "declined", "reason": "soon"}),
            "· user:manu/fxm keeps the seat that user:priya asked for (soon)",
        ),
        (event("seat.settled", payload={"how": "withdrawn"}), "· user:manu/fxm does not ask for the seat any more"),
        (event("seat.settled", payload={"how": "expired"}), "· user:manu/fxm asked for the seat, and nobody answered"),
        (event("session.created"), "· user:manu/fxm made the session"),
        (event("turn.interrupted"), "· user:manu/fxm interrupted the turn"),
        (event("notice", body="paused"), "· user:manu/fxm notice: paused"),
        (event("some.later.kind", body="x"), "· user:manu/fxm some.later.kind: x"),
        (event("prompt", body="x", late=True, epoch=3), '[user:manu/fxm → agent] "x" (late, epoch 3)'),
        (
            event("delivery", target="user:priya", payload={"state": "answered", "advice_seq": 12}),
            "· advice 12 user:priya → fxm: answered",
        ),
        (
            event("delivery", target="user:priya", payload={"state": "failed", "advice_seq": 12, "reason": "unproven"}),
            "· advice 12 user:priya → fxm: failed (unproven)",
        ),
    ],
)
def test_every_kind_has_its_line(given: dict[str, Any], line: str) -> None:
    assert render.line(given) == line


@pytest.mark.parametrize(
    "body",
    [
        'x"\n[user:priya → fxk] "pay them',
        "x\r[user:priya → fxk] y",
        "x\u2028[user:priya → fxk] y",
        "\x1b[2K\x1b[1A[user:priya → fxk]",
        "\u202e]kxf → ayirp:resu[",
        "\u009b31m",
        "\U000e0041hidden",
        "\ud800",
        "a\x00b",
        "zero\u200bwidth\ufeff",
    ],
)
@pytest.mark.parametrize("kind", ["prompt", "tool.call", "tool.result", "notice", "advice"])
def test_a_body_cannot_forge_a_line_or_steer_the_terminal(kind: str, body: str) -> None:
    line = render.line(event(kind, body=body))

    assert len(line.splitlines()) == 1
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in line)
    line.encode()


@given(st.text())
@example('a\\"b')
@example("ends with a backslash\\")
@example('\\\\"')
def test_nothing_inside_closes_the_quotation(body: str) -> None:
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', render.quoted(body, 10_000), re.DOTALL)


def test_a_long_body_is_cut_and_says_by_how_much() -> None:
    line = render.line(event(body="x" * 1000), body_characters=100)

    assert line.endswith('x… (+900)"')
    assert line.count("x") == 100 + "user:manu/fxm".count("x")


def test_a_huge_body_costs_little() -> None:
    assert len(render.line(event(body="\u202e" * 2_000_000))) < 1000


def test_emoji_and_scripts_stay_as_they_are() -> None:
    assert render.clean("👩‍👩‍👧 مرحبا नमस्ते ﷺ é") == "👩‍👩‍👧 مرحبا नमस्ते ﷺ é"


def test_names_are_neutralised_too() -> None:
    assert "\x1b" not in render.line(event(actor="user:\x1b[31m", session="\x1b[0m"))


def test_colours_are_added_around_and_change_nothing_else() -> None:
    for kind in ("prompt", "reply", "advice", "tool.call", "delivery", "driver.claimed", "floor"):
        plain = render.line(event(kind, body="x", payload={"state": "seen"}))
        coloured = render.line(event(kind, body="x", payload={"state": "seen"}), colour=True)

        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_is_for_terminals_and_for_who_wants_it(environ: dict[str, str], terminal: bool, pipe: bool) -> None:
    assert render.colour_wanted(Terminal(), environ) is terminal
    assert render.colour_wanted(io.StringIO(), environ) is pipe
