"""bridge.address: whom a message names, and the verbs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris.bridge.address import MOST_NAMES, Address, Verb, address, plain, verb

BOT = "UBOT"
NOBODY: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("@fxm use RS256", ["fxm"], "use RS256"),
        ("  @fxm   use RS256  ", ["fxm"], "use RS256"),
        ("@fxm: use RS256", ["fxm"], "use RS256"),
        ("@fxm, use RS256", ["fxm"], "use RS256"),
        ("@fxm\nuse RS256\nplease", ["fxm"], "use RS256\nplease"),
        ("@FXM use it", ["fxm"], "use it"),
        ("@fxm", ["fxm"], ""),
        ("@fxm @fxk use RS256", ["fxm", "fxk"], "use RS256"),
        ("@fxm, @fxk: use RS256", ["fxm", "fxk"], "use RS256"),
        ("@fxm and @fxk use RS256", ["fxm", "fxk"], "use RS256"),
        ("@fxm &amp; @fxk use RS256", ["fxm", "fxk"], "use RS256"),
        ("@fxm and use RS256", ["fxm"], "and use RS256"),
        ("@fxm andy @fxk knows", ["fxm"], "andy @fxk knows"),
        ("@fxm @fxm twice", ["fxm"], "twice"),
        ("@fxm ask @fxk later", ["fxm"], "ask @fxk later"),
        ("@fxm, ", ["fxm"], ""),
        ("<!subteam^S1|@fxm> use RS256", ["fxm"], "use RS256"),
        ("<!subteam^S1|fxm> use RS256", ["fxm"], "use RS256"),
        ("@0-a-b-9 x", ["0-a-b-9"], "x"),
        ("<@UBOT> @fxm use RS256", ["fxm"], "use RS256"),
        ("<@UBOT|polaris>: @fxm use RS256", ["fxm"], "use RS256"),
    ],
)
def test_names_with_an_at_are_explicit(text: str, names: list[str], rest: str) -> None:
    found = address(text, BOT, False)

    assert (list(found.names), found.rest, found.explicit, found.mentions) == (names, rest, True, NOBODY)


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("fxm: use RS256", ["fxm"], "use RS256"),
        ("Fxm: use RS256", ["fxm"], "use RS256"),
        ("fxm : use RS256", ["fxm"], "use RS256"),
        ("fxm, fxk: use RS256", ["fxm", "fxk"], "use RS256"),
        ("fxm and fxk: use RS256", ["fxm", "fxk"], "use RS256"),
        ("fxm:\nuse RS256", ["fxm"], "use RS256"),
        ("fxm:", ["fxm"], ""),
    ],
)
def test_names_before_a_colon_are_names_too_but_not_explicit(text: str, names: list[str], rest: str) -> None:
    found = address(text, BOT, False)

    assert (list(found.names), found.rest, found.explicit) == (names, rest, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "use RS256",
        "12:30 works for me",
        "fxm:use",
        "please @fxm use RS256",
        "@fxm's tests fail",
        "@fxm.md is wrong",
        "@fx_m use",
        "@",
        "@ fxm",
        "@-fxm x",
        "&lt;@fxm&gt; x",
        "<https://fxm.example> look",
        "<#C1|pj> look",
        "<!here> look",
        "<!channel> look",
        "<!subteam^S1> look",
        "<!subteam^S1|@a b> look",
        "@" + "x" * 64 + " too long a name",
        "fxm use RS256",
        "this is a whole sentence: and more",
        "`fxm: x`",
    ],
)
def test_no_name_is_guessed(text: str) -> None:
    found = address(text, BOT, False)

    assert (found.names, found.mentions, found.explicit) == (NOBODY, NOBODY, False)
    assert found.rest == found.text == plain(text)


def test_slack_writes_a_name_as_a_mention_where_somebody_is_called_so() -> None:
    assert address("<@U1> use RS256", BOT, False) == Address(NOBODY, ("U1",), False, "use RS256", "@U1 use RS256")
    assert address("<@U1|fxm>: use", BOT, False).mentions == ("U1",)
    assert address("@fxm <@U1> use", BOT, False) == Address(("fxm",), ("U1",), True, "use", "@fxm @U1 use")
    assert address("<@U1>, <@W2> and @fxm: use", BOT, False)[:2] == (("fxm",), ("U1", "W2"))


def test_polaris_in_front_asks_for_a_hint_but_in_a_thread_it_is_a_politeness() -> None:
    assert address("<@UBOT> help", BOT, False) == Address(NOBODY, NOBODY, True, "help", "help")
    assert address("<@UBOT> use RS256", BOT, True) == Address(NOBODY, NOBODY, False, "use RS256", "use RS256")
    assert address("<@UBOT> help", None, False).mentions == ("UBOT",)


def test_so_many_names_are_enough() -> None:
    found = address(" ".join(f"@s{n}" for n in range(100)), BOT, False)

    assert len(found.names) == MOST_NAMES
    assert found.rest.startswith(f"@s{MOST_NAMES} ")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("who", Verb("who")),
        ("WHO", Verb("who")),
        (" Mute ", Verb("mute")),
        ("unmute", Verb("unmute")),
        ("final-only", Verb("final-only")),
        ("polaris who", Verb("who")),
        ("@Polaris, who", Verb("who")),
        ("<@UBOT> who", Verb("who")),
        ("<@UBOT|polaris>  final-only", Verb("final-only")),
        ("brief fxm", Verb("brief", "fxm")),
        ("decision: we use RS256", Verb("decision", text="we use RS256")),
        ("Decide @FXM: we use\nRS256 &amp; more", Verb("decision", "fxm", text="we use\nRS256 & more")),
        ("<@UBOT> question fxm: which key?", Verb("question", "fxm", text="which key?")),
        ("question <@U7>: which key?", Verb("question", "U7", text="which key?")),
        ("star #12", Verb("star", about=12)),
        ("star 12 worth a look", Verb("star", text="worth a look", about=12)),
        ("answer #12: 100 a minute", Verb("answer", text="100 a minute", about=12)),
        ("Brief @FXM", Verb("brief", "fxm")),
        ("brief <@U7>", Verb("brief", "U7")),
        ("polaris brief fxm", Verb("brief", "fxm")),
        ("handoff fxm to @krishna", Verb("handoff", "fxm", "krishna")),
        ("handoff fxm to krishna", Verb("handoff", "fxm", "krishna")),
        ("handoff fxm to <@U2>", Verb("handoff", "fxm", "U2")),
        ("handoff <@U7>  TO <@U2|krishna>", Verb("handoff", "U7", "U2")),
        ("<@UBOT> handoff @fxm to <@U2>", Verb("handoff", "fxm", "U2")),
    ],
)
def test_a_verb_is_the_whole_message(text: str, found: Verb) -> None:
    assert verb(text, BOT) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "polaris",
        "<@UBOT>",
        "who is that?",
        "who?",
        "whoever",
        "muted",
        "brief",
        "brief fxm please",
        "decision",
        "decision we use RS256",
        "question:",
        "star",
        "star fxm",
        "answer #12",
        "answer twelve: yes",
        "brief fx_m",
        "handoff fxm",
        "handoff fxm to",
        "handoff fxm krishna",
        "handoff fxm to @krishna and @priya",
        "<@UOTHER> who",
        "polaris: ",
        "@fxm who",
        "final only",
    ],
)
def test_anything_more_or_less_is_no_verb(text: str) -> None:
    assert verb(text, BOT) is None


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("ask <@U12AB> or <@W3|kris>", "ask @U12AB or @W3"),
        ("in <#C1|pj> and <#C2>", "in #pj and #C2"),
        ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
        ("<https://a.example|the docs>", "the docs (https://a.example)"),
        ("<http://config.py|config.py>", "config.py"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!here|here>", "here"),
        ("<!subteam^S1|@team> <!subteam^S1>", "@team @subteam"),
        ("<!date^1^{date}|yesterday>", "yesterday"),
        ("<> < <<@U1>", " < <@U1".strip()),
    ],
)
def test_what_slack_made_is_made_plain(raw: str, shown: str) -> None:
    assert plain(raw) == shown


HOSTILE = st.text(alphabet=st.sampled_from(list("@<>|!#U12fxm:, &;and\n\0\ud800é")), max_size=200)


@given(HOSTILE, st.booleans())
def test_nothing_that_anybody_writes_makes_it_fail(text: str, in_thread: bool) -> None:
    found = address(text, BOT, in_thread)

    verb(text, BOT)
    assert all(name == name.lower() and name for name in found.names)
    assert found.rest in found.text
    assert len(found.names) + len(found.mentions) <= MOST_NAMES


@pytest.mark.parametrize("piece", ["@a ", "a, ", "a and ", "<", "<@U1> ", "&amp; ", "@a,", " ", "<@", "fxm ", "|"])
def test_a_long_text_costs_as_much_as_it_is_long(piece: str) -> None:
    """Without a clock: a pattern that went back and forth would not come to an end within the test's own limit."""
    address(piece * 200_000, BOT, False)
    verb(piece * 200_000, BOT)
