"""Errors: one shape, one table from SQLSTATE to HTTP, nothing of the database's own text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from polaris import errors
from polaris.errors import Exit, PolarisError


class DatabaseError(Exception):
    """Has the shape of psycopg's errors."""

    def __init__(self, sqlstate: str | None, **diag: str) -> None:
        super().__init__("the text of the database, with a row: (manu, secret)")
        self.sqlstate = sqlstate
        fields = ("constraint_name", "message_primary", "message_hint", "message_detail")
        self.diag = SimpleNamespace(**{name: diag.get(name) for name in fields})


class OperationalError(Exception):
    sqlstate = None
    diag = None


@pytest.mark.parametrize(
    ("sqlstate", "status"),
    [
        ("PL404", 404),
        ("PL409", 409),
        ("PL429", 429),
        ("23505", 409),
        ("23503", 409),
        ("40001", 409),
        ("40P01", 409),
        ("23514", 422),
        ("42501", 403),
        ("08006", 503),
        ("53300", 503),
        ("57014", 503),
        ("57P01", 503),
        ("55P03", 503),
        ("23502", 500),
        ("42883", 500),
        ("XX000", 500),
    ],
)
def test_every_state_of_the_database_has_a_status(sqlstate: str, status: int) -> None:
    assert errors.status_of(sqlstate) == status
    assert errors.from_database(DatabaseError(sqlstate)).status == status


def test_an_error_of_ours_comes_through_whole() -> None:
    raised = DatabaseError(
        "PL409",
        constraint_name="seat_is_held",
        message_primary="user:krishna drives fxk.",
        message_hint="Ask for a handoff.",
        message_detail='{"driver": "user:krishna"}',
    )

    error = errors.from_database(raised)

    assert type(error) is errors.Conflict
    assert error.problem() == {
        "code": "seat_is_held",
        "message": "user:krishna drives fxk.",
        "hint": "Ask for a handoff.",
        "details": {"driver": "user:krishna"},
    }
    assert error.__cause__ is raised


def test_a_violated_constraint_gives_its_name_and_not_the_row() -> None:
    error = errors.from_database(
        DatabaseError("23505", constraint_name="session_exists", message_detail="Key (name)=(fxm) already exists.")
    )

    assert (error.status, error.code) == (409, "session_exists")
    assert error.message == "This breaks a rule: session exists."
    assert error.details is None


@pytest.mark.parametrize("sqlstate", ["42883", "XX000", "22P02", "57014"])
def test_nothing_of_the_databases_own_text_is_passed_on(sqlstate: str) -> None:
    error = errors.from_database(DatabaseError(sqlstate, message_primary="column secret of row (manu, hush)"))

    assert "secret" not in str(error.problem())
    assert "manu" not in str(error.problem())


def test_a_lost_connection_is_a_503_and_an_unknown_failure_a_500() -> None:
    assert errors.from_database(OperationalError()).status == 503
    assert errors.from_database(OperationalError()).code == "database_unavailable"
    assert errors.from_database(ValueError("x")).status == 500


def test_the_docstring_is_the_default_message() -> None:
    error = errors.NotFound()

    assert str(error) == "There is no such thing, or you may not see it."
    assert (error.status, error.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PolarisError(), Exit.FAILURE),
        (errors.NotFound(), 1),
        (errors.Misused(), 2),
        (errors.Unavailable(), 69),
        (errors.DatabaseUnavailable(), 69),
        (errors.Unauthorized(), 77),
        (errors.Forbidden(), 77),
        (errors.Misconfigured(), 78),
        (PolarisError(status=401), 77),
    ],
)
def test_every_error_has_an_exit_code(error: PolarisError, code: int) -> None:
    assert error.exit_code == code


def test_an_answer_of_the_service_becomes_the_same_error_again() -> None:
    sent = errors.Conflict("Taken.", code="seat_is_held", hint="Wait.", details={"driver": "user:manu"})

    received = errors.from_problem(sent.status, sent.problem())

    assert type(received) is errors.Conflict
    assert received.problem() == sent.problem()


@pytest.mark.parametrize("body", [None, "<html>", [], {}, {"code": 7}])
def test_an_answer_without_a_reason_is_still_an_error(body: Any) -> None:
    error = errors.from_problem(502, body)

    assert (error.status, error.exit_code) == (502, Exit.UNREACHABLE)
    assert "502" in error.message
