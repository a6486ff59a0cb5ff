"""Changing one value of a JSON text: whatever else is in it stays, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris.install import jsonc

PLACES = [["new"], ["hooks", "Stop"], ["a", "new"], ["mcpServers", "polaris"]]
KEYS = st.sampled_from(["a", "b", "hooks", "Stop", "mcpServers", "ü", "with space", "", 'quo"te'])
BLANK = st.sampled_from(["", " ", "\n", "\r\n", "\t", "\n  ", "\n\n    ", " /* c */ ", "// c\n", '\n// {]"\r\n  '])


@st.composite
def values(draw: st.DrawFn, depth: int = 0) -> str:
    """The text of a value, written as no program would write it."""
    kinds = ["scalar"] if depth > 3 else ["scalar", "object", "array", "object"]
    kind = draw(st.sampled_from(kinds))
    if kind == "scalar":
        return draw(
            st.sampled_from(["1", "-0.5e3", "true", "null", '"x"', '"\\u00e9\\n\\""', '"// no comment"', '"{"'])
        )
    items = []
    for _ in range(draw(st.integers(0, 3))):
        key = json.dumps(draw(KEYS)) + draw(BLANK) + ":" + draw(BLANK) if kind == "object" else ""
        items.append(draw(BLANK) + key + draw(values(depth + 1)) + draw(BLANK))
    comma = "," + draw(BLANK) if items and draw(st.booleans()) else ""
    inside = ",".join(items) + comma if items else draw(BLANK)
    return ("{%s}" if kind == "object" else "[%s]") % inside


@st.composite
def texts(draw: st.DrawFn) -> str:
    inside = draw(values().filter(lambda text: text.startswith("{")))
    return draw(st.sampled_from(["", "\ufeff"])) + draw(BLANK) + inside + draw(BLANK)


def value_of(text: str, path: list[str]) -> Any:
    found = jsonc.find(jsonc.parse(text), path)
    return None if found is None else found.value


class TestEveryText:
    @given(texts(), st.sampled_from(PLACES), st.sampled_from([1, {"k": [1, {"x": None}]}, [], "é\n"]))
    @settings(max_examples=150, deadline=None)
    def test_what_is_put_in_is_taken_out_without_a_trace(self, text: str, path: list[str], value: Any) -> None:
        if jsonc.find(jsonc.parse(text), path) is not None:
            return
        try:
            changed = jsonc.put(text, path, value)
        except jsonc.NotFitting:
            return

        assert value_of(changed, path) == value
        assert jsonc.put(changed, path, value) == changed
        assert jsonc.remove(changed, path, text) == text

    @given(texts(), st.sampled_from(PLACES))
    @settings(max_examples=150, deadline=None)
    def test_what_is_appended_comes_last_and_goes_without_a_trace(self, text: str, path: list[str]) -> None:
        before = value_of(text, path)
        try:
            changed = jsonc.append(text, path, {"hooks": [{"command": "x"}]})
        except jsonc.NotFitting:
            assert before is None or not isinstance(before, list)
            return

        assert value_of(changed, path) == [*(before or []), {"hooks": [{"command": "x"}]}]
        assert jsonc.remove(changed, [*path, len(before or [])], text) == text

    @given(texts(), texts())
    @settings(max_examples=50, deadline=None)
    def test_it_reads_what_python_reads(self, one: str, other: str) -> None:
        plain = json.dumps({"one": jsonc.parse(one).value, "other": jsonc.parse(other).value}, indent=1)

        assert jsonc.parse(plain).value == json.loads(plain)

    @given(st.text(alphabet='{}[]",:/*\\ \n0a-', max_size=30))
    @settings(max_examples=200, deadline=None)
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            expected = json.loads(text)
        except ValueError:
            return  # ours may have comments and commas at the end
        assert jsonc.parse(text).value == expected


class TestLooks:
    def test_a_value_is_indented_as_the_file_is(self) -> None:
        assert jsonc.put('{\n\t"a": 1\n}\n', ["b"], {"c": 1}) == '{\n\t"a": 1,\n\t"b": {\n\t\t"c": 1\n\t}\n}\n'

    def test_lines_end_as_in_the_file(self) -> None:
        assert (
            jsonc.put('{\r\n    "a": 1\r\n}', ["b"], [1]) == '{\r\n    "a": 1,\r\n    "b": [\r\n        1\r\n    ]\r\n}'
        )

    def test_a_file_on_one_line_stays_on_one_line(self) -> None:
        assert jsonc.put('{"a": {}}', ["a", "b"], {"c": 1}) == '{"a": {"b": {"c": 1}}}'

    def test_a_comment_behind_the_last_value_stays_with_it(self) -> None:
        assert jsonc.put('{\n  "a": 1 // one\n}', ["b"], 2) == '{\n  "a": 1, // one\n  "b": 2\n}'

    def test_a_comma_at_the_end_stays_at_the_end(self) -> None:
        assert jsonc.put('{\n  "a": 1,\n}', ["b"], 2) == '{\n  "a": 1,\n  "b": 2,\n}'

    def test_a_value_is_replaced_where_it_stands(self) -> None:
        assert jsonc.put('{"a": 1, /* x */ "b": 2}', ["a"], "y") == '{"a": "y", /* x */ "b": 2}'

    def test_of_equal_keys_the_last_one_counts(self) -> None:
        assert jsonc.put('{"a": 1, "a": 2}', ["a"], 3) == '{"a": 1, "a": 3}'

    def test_true_is_not_one(self) -> None:
        assert jsonc.put('{"a": 1}', ["a"], True) == '{"a": true}'
        assert jsonc.put('{"a": {"b": 1}}', ["a"], {"b": True}) == '{"a": {"b": true}}'


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "line 1: the end is missing"),
            ('{\n"a": 1\n"b": 2}', "line 3: a comma is missing"),
            ('{"a" 1}', "line 1: a colon is missing"),
            ('{"a": 1', "line 1"),
            ('{"a": 01}', "line 1"),
            ('{"a": nope}', "line 1: a value is expected"),
            ('{"a": "x\n"}', "line 1: a text in quotes is expected"),
            ("{'a': 1}", "line 1: a text in quotes is expected"),
            ('{"a": 1} x', "line 1: something stands behind the end"),
            ("{,}", "line 1"),
            ("[" * 300 + "]" * 300, "nested too deeply"),
            ("/* open", "line 1"),
        ],
    )
    def test_what_is_no_json_says_where(self, text: str, says: str) -> None:
        with pytest.raises(jsonc.NotJson, match=says):
            jsonc.parse(text)

    def test_a_place_that_is_something_else_is_not_overwritten(self) -> None:
        with pytest.raises(jsonc.NotFitting, match="hooks is no object"):
            jsonc.put('{"hooks": []}', ["hooks", "Stop"], 1)
        with pytest.raises(jsonc.NotFitting, match=r"hooks\.Stop is no list"):
            jsonc.append('{"hooks": {"Stop": {}}}', ["hooks", "Stop"], 1)
