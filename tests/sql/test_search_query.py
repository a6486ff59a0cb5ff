"""The query language: whatever is typed becomes a query, or nothing, and never an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PIECES = st.sampled_from(
    [
        "word",
        "or",
        "OR",
        "-",
        '"',
        "*",
        ":*",
        "'",
        "\\",
        "!",
        "&",
        "|",
        "(",
        ")",
        "<->",
        " ",
        "refreshToken",
        "é",
        "“",
        "a/b.c",
    ]
)
TEXTS = st.lists(
    st.one_of(PIECES, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))), max_size=30
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=TEXTS)
def test_no_text_makes_it_fail(owner: Any, pieces: list[str]) -> None:
    text = "".join(pieces)
    ((query, pattern, snippet),) = owner.execute(
        """
        select q.query::text, q.pattern, polaris_data.search_snippet(%(text)s, q.pattern)
        from polaris_data.search_query(%(text)s) q
        """,
        {"text": text},
    ).fetchall()

    assert query != ""
    assert pattern is None or query is not None
    assert snippet is not None


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("refreshToken", "'refresh' <-> 'token'"),
        ("a or b c", "'a' | 'b' & 'c'"),
        ("-x", "!'x'"),
        ("or", None),
        ('"or"', "'or'"),
        ("x*", "'x'"),
        ("xy*", "'xy':*"),
        ('"a bc"*', "'a' <-> 'bc':*"),
        ('"not closed', "'not' <-> 'closed'"),
    ],
)
def test_what_is_typed_becomes(owner: Any, text: str, query: str | None) -> None:
    ((found,),) = owner.execute("select (polaris_data.search_query(%s)).query::text", [text]).fetchall()

    assert found == query
