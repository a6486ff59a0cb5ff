"""Whole tables in a TOML text: put in, changed, taken out; nothing else moves."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris.install import toml

NAME = ("mcp_servers", "polaris")
VALUE = {"command": '/home/a "b"\\c/é/bin/polaris', "args": ["mcp"], "tool_timeout_sec": 120}
PIECES = [
    'model = "gpt"\n',
    "# a comment\n",
    "\n",
    "[tui]\nnotifications = true\n",
    "[mcp_servers.other]\ncommand = 'x'\n",
    '[projects."/a b"]\ntrust_level = "trusted"\n',
    '[[things]]\na = 1\n[[things]]\na = """\n[mcp_servers.polaris]\n"""\n',
    "[table] # with a comment\nlist = [\n  [1],\n  [2]\n]\n",
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    chosen = draw(st.lists(st.sampled_from(PIECES[1:]), unique=True))
    text = draw(st.sampled_from(["", PIECES[0]])) + "".join(chosen)
    text = text.removesuffix("\n") if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(texts())
@settings(max_examples=150, deadline=None)
def test_a_table_goes_in_at_the_end_and_out_again(text: str) -> None:
    changed = toml.put(text, NAME, VALUE)
    said = tomllib.loads(changed)

    assert changed.startswith(text)
    assert said["mcp_servers"]["polaris"] == VALUE
    assert toml.put(changed, NAME, VALUE) == changed
    # What may stay is the end of the last line.
    assert toml.remove(changed, NAME).rstrip("\r\n") == text.rstrip("\r\n")
    assert tomllib.loads(toml.remove(changed, NAME)) == tomllib.loads(text)


def test_what_stands_behind_it_stays() -> None:
    text = toml.put("a = 1\n", NAME, VALUE) + '\n# mine\n[b]\nc = "\\n[x]"\n'

    assert toml.remove(text, NAME) == 'a = 1\n\n# mine\n[b]\nc = "\\n[x]"\n'


def test_an_older_one_is_changed_in_its_place_and_what_is_below_it_stays() -> None:
    text = '[mcp_servers.polaris]\ncommand = "old"\n\n[mcp_servers.polaris.tools.x]\napproval_mode = "approve"\n\n[b]\n'
    changed = toml.put(text, NAME, VALUE)
    said = tomllib.loads(changed)

    assert said["mcp_servers"]["polaris"] == {**VALUE, "tools": {"x": {"approval_mode": "approve"}}}
    assert changed.endswith('\n\n[mcp_servers.polaris.tools.x]\napproval_mode = "approve"\n\n[b]\n')
    assert toml.put(changed, NAME, VALUE) == changed
    assert toml.remove(changed, NAME).strip() == "[b]"


@pytest.mark.parametrize(
    "text",
    [
        "mcp_servers = { other = { command = 'x' } }\n",
        "[mcp_servers]\npolaris = { command = 'x' }\n",
        "mcp_servers.polaris.command = 'x'\n",
        "mcp_servers = 1\n",
        "not toml",
        "a = 1\na = 2\n",
    ],
)
def test_what_cannot_be_written_without_harm_is_refused(text: str) -> None:
    with pytest.raises(toml.NotToml):
        toml.put(text, NAME, VALUE)


def test_a_table_that_is_not_there_is_not_missed() -> None:
    assert toml.remove("a = 1", NAME) == "a = 1"
