"""The Python stubs and the SQL functions are the same list, with the same arguments and the same answers."""

from __future__ import annotations

import inspect
from typing import Any, get_args, get_origin, get_type_hints

import psycopg
import pytest
from pydantic import BaseModel

from polaris.db import calls, keeping_calls, slack_calls
from polaris.db.calls import CALLS, argument
from polaris.db.push import PUSH

FUNCTIONS = """
select p.proname::text, coalesce(p.proargnames[1:p.pronargs], '{}'), p.proargmodes, p.pronargdefaults,
  coalesce((select array_agg(a.attname::text order by a.attnum) from pg_attribute a
    where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
    p.proargnames[p.pronargs + 1:])
from pg_proc p join pg_type t on t.oid = p.prorettype
where p.pronamespace = 'polaris'::regnamespace order by 1
"""
# Its columns go through `polaris.db.push`, in one shape for all batches.
BY_HAND = {"push_events"}


@pytest.fixture
def functions(db: psycopg.Connection[Any]) -> dict[str, tuple[list[str], int, list[str]]]:
    found = db.execute(FUNCTIONS).fetchall()
    return {name: (list(arguments), defaults, list(columns or [])) for name, arguments, _, defaults, columns in found}


def test_every_function_has_its_stub_and_every_stub_its_function(functions: dict[str, Any]) -> None:
    assert set(CALLS) | BY_HAND == set(functions)


def test_the_arguments_are_the_same_in_the_same_order(functions: dict[str, Any]) -> None:
    stubs = {name: [argument(p) for p in signature.parameters if p != "conn"] for name, signature in CALLS.items()}

    assert stubs == {name: arguments for name, (arguments, _, _) in functions.items() if name not in BY_HAND}


def test_the_answers_have_the_columns_that_the_stubs_read(functions: dict[str, Any]) -> None:
    for name in CALLS:
        (stub,) = (getattr(module, name) for module in (calls, keeping_calls, slack_calls) if hasattr(module, name))
        answer = get_type_hints(stub)["return"]
        row = get_args(answer)[0] if get_origin(answer) is list else answer
        columns = functions[name][2]
        if inspect.isclass(row) and issubclass(row, BaseModel):
            needed = {field for field, info in row.model_fields.items()}
            assert needed <= set(columns), name
        elif hasattr(row, "_fields"):
            assert list(row._fields) == columns, name


def test_the_batch_names_every_argument_of_push_events(functions: dict[str, Any]) -> None:
    arguments, _, columns = functions["push_events"]

    assert [a for a in arguments if f"{a} => ".encode() not in PUSH] == []
    assert PUSH.count(b"=>") == len(arguments)
    assert columns == ["ord", "client_id", "seq", "created", "late", "code", "message"]
