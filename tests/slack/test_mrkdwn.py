"""bridge/mrkdwn.py: right for what people write, harmless for what anybody may write."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrkdwn_corpus import HOSTILE, RIGHT

from polaris.bridge import mrkdwn
from polaris.bridge.mrkdwn import LONGEST, code, escape, link, render, truncate

# Everything in angle brackets that Slack may find in what we render: a link, perhaps with a label.
LINK = re.compile(r"<(?:https?://[^\s<>|]+|mailto:[^\s<>|]+)(?:\|[^<>|\n]+)?>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")
CASES = RIGHT + HOSTILE
TAIL = "… <https://polaris.example/e/1|see full message>"
PIECES = [source for _, source, _ in HOSTILE]
GLUE = ["", " ", "\n", "\n\n", "- ", "> ", "**", "_", "`", "```\n", "[", "](", "](https://e.com)", ")", "|", "\\", "&"]
# Texts made of whole attacks and of the characters that they are made of.
documents = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.sampled_from(GLUE),
        st.text(alphabet="<>!@#|&;`*_~[]()\\\n -:/hx\u200b\x01\x13", max_size=12),
    ),
    max_size=12,
).map("".join)


def harmless(text: str) -> bool:
    """Whether nothing in *text* is active in Slack but links of the form that we make, and no entity is half."""
    rest = LINK.sub("", text)
    # A quote begins its line; any other > of ours closes a link.
    rest = re.sub(r"(?m)^>(?: |$)", "", rest)
    return "<" not in rest and ">" not in rest and "&" not in ENTITY.sub("", text)


def fit(source: str, limit: int) -> str:
    """A body as it is posted: read in part, rendered and cut."""
    begin = source[: limit * 2]
    return truncate(render(begin), limit, TAIL, cut=len(begin) < len(source))


def test_the_corpus_is_as_large_as_it_has_to_be() -> None:
    assert len(CASES) >= 60
    assert len(HOSTILE) >= 35
    assert len({title for title, _, _ in RIGHT}) == len(RIGHT)
    assert len({title for title, _, _ in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize(("source", "wanted"), [case[1:] for case in RIGHT], ids=[case[0] for case in RIGHT])
def test_what_people_write_is_rendered_right(source: str, wanted: str) -> None:
    assert render(source) == wanted
    assert harmless(wanted)


@pytest.mark.parametrize(("source", "wanted"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_what_is_hostile_becomes_harmless_and_stays_readable(source: str, wanted: str) -> None:
    assert render(source) == wanted
    assert harmless(wanted)


@settings(max_examples=400)
@given(documents)
def test_no_mixture_of_attacks_becomes_active(source: str) -> None:
    text = render(source)

    assert harmless(text), text
    assert not re.search("[\x00-\x08\x0b-\x1f]", text)  # what this module writes to itself does not leave it
    assert text.count("```") % 2 == 0


@settings(max_examples=200)
@given(documents, st.integers(120, 400))
def test_a_cut_text_is_whole(source: str, limit: int) -> None:
    text = fit(source * 20, limit)

    assert len(text.encode("utf-16-le")) // 2 <= limit
    assert harmless(text), text
    assert text.count("```") % 2 == 0


@settings(max_examples=200)
@given(documents)
def test_names_and_labels_cannot_do_anything_either(text: str) -> None:
    for made in (escape(text), code(text), link("https://e.com/" + text, text), link(text, "x")):
        assert harmless(made), made
        assert "\n" not in made


def test_only_so_much_of_a_huge_text_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    parse = mrkdwn._parser.parse
    monkeypatch.setattr(mrkdwn._parser, "parse", lambda source: parsed.append(len(source)) or parse(source))

    for hostile in ("*a_b", "[a](", "> ", "|a", "https://a/)", "`a``b", "- a\n", "&"):
        render(hostile * (200_000 // len(hostile)))
    assert parsed == [LONGEST] * 8


def test_a_cell_does_not_blow_up_every_row_of_its_table() -> None:
    text = render("|a|\n|-|\n|" + "x" * 1000 + "|\n" + "|b|\n" * 500)

    assert len(text) < 1000 + 500 * 3 + 100


def test_a_short_text_is_not_cut() -> None:
    assert truncate("*a*", 100, TAIL) == "*a*"
    assert fit("**a**", 100) == "*a*"


def test_a_long_text_ends_at_a_word_with_the_way_to_the_rest() -> None:
    text = fit("word " * 100, 120)

    words, end = text.split("\n")
    assert set(words.split(" ")) == {"word"}
    assert end == TAIL


def test_a_text_that_was_cut_before_it_was_rendered_says_so() -> None:
    text = fit("[a]: https://e.com/x\n" * 20 + "the end", 150)

    assert text.endswith(TAIL)


def test_code_that_is_cut_is_closed() -> None:
    text = fit("```\n" + "x = 1\n" * 100 + "```", 150)

    assert text.endswith(f"x = 1\n```\n{TAIL}")


def test_no_link_is_cut_in_two() -> None:
    for limit in range(100, 160):
        text = truncate("see <https://e.com/a/long/address/of/something|the label> and &amp; so on " * 5, limit, TAIL)
        assert harmless(text), text


def test_no_character_is_cut_in_two() -> None:
    for limit in range(100, 130):
        text = truncate("👩‍💻👍🏽é" * 60, limit, "…")
        assert len(text.encode("utf-16-le")) // 2 <= limit
        assert not text.removesuffix("\n…").endswith("\u200d")
        text.encode()


def test_slack_counts_pairs_of_code_units() -> None:
    assert truncate("👍" * 60, 100, "…") != "👍" * 60


def test_a_text_of_which_nothing_is_visible_is_empty() -> None:
    assert render("\u200b \n \u2060") == ""
    assert render("[a]: https://e.com/x") == "[a]: https://e.com/x"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Manu", "Manu"),
        ("*Manu*", "*\u200bManu*"),
        ("<@U1>\n`x` @here", "&lt;@U1&gt; ˋxˋ @\u200bhere"),
        ("a_b ~c", "a_b ~\u200bc"),
    ],
)
def test_a_name_is_one_line_without_marks(text: str, wanted: str) -> None:
    assert escape(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("pytest -q", "`pytest -q`"), ("a`b <x>\n*c*", "`aˋb &lt;x&gt; *c*`"), (" \n", "")]
)
def test_a_command_is_code_on_one_line(text: str, wanted: str) -> None:
    assert code(text) == wanted


def test_a_link_of_ours_has_a_harmless_label_and_leads_to_an_address() -> None:
    assert link("https://e.com/?a=1&b", "<!here>|x") == "<https://e.com/?a=1&amp;b|&lt;!here&gt;¦x>"
    assert link("javascript:alert(1)", "x") == "x"
