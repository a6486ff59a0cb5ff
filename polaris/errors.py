"""One way to fail: every error that Polaris raises, and the two tables that translate errors.

An error carries an HTTP status, a machine code (the API's contract, listed in ``docs/errors.md``), a sentence for a
person, a hint that says what to do next, and details for a program. Nothing here imports a driver or a framework, so
every part can raise and read the same errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """What a process answers to the shell: the numbers of ``sysexits.h`` where they have one."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    UNREACHABLE = 69
    NOT_ALLOWED = 77
    CONFIGURATION = 78
    INTERRUPTED = 130
    BROKEN_PIPE = 141


EXITS: dict[int, Exit] = {401: Exit.NOT_ALLOWED, 403: Exit.NOT_ALLOWED, 502: Exit.UNREACHABLE, 503: Exit.UNREACHABLE}


class PolarisError(Exception):
    """Something went wrong inside Polaris."""

    # The docstring of each class is its default message.
    status: int = 500
    code: str = "internal"
    hint: str | None = None
    details: Any = None
    exit_code: int = Exit.FAILURE

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        hint: str | None = None,
        details: Any = None,
        status: int | None = None,
    ) -> None:
        self.message: str = message or (type(self).__doc__ or "").splitlines()[0]
        super().__init__(self.message)
        self.code = code or type(self).code
        self.hint = hint or type(self).hint
        self.details = details
        self.status = status or type(self).status
        if type(self).exit_code == Exit.FAILURE:
            self.exit_code = EXITS.get(self.status, Exit.FAILURE)

    def problem(self) -> dict[str, Any]:
        """The body of an HTTP answer: ``{"code", "message", "hint", "details"}``."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}


class BadRequest(PolarisError):
    """The request cannot be read."""

    status, code = 400, "bad_request"


class Unauthorized(PolarisError):
    """This needs a valid token."""

    status, code = 401, "token_missing"
    hint = "Send the header: Authorization: Bearer TOKEN"


class Forbidden(PolarisError):
    """You may not do this."""

    status, code = 403, "not_allowed"


class NotFound(PolarisError):
    """There is no such thing, or you may not see it."""

    status, code = 404, "not_found"


class Conflict(PolarisError):
    """Somebody else was first."""

    status, code = 409, "conflict"


class TooLarge(PolarisError):
    """The request is larger than Polaris takes."""

    status, code = 413, "too_large"


class UnsupportedMedia(PolarisError):
    """The body has to be JSON."""

    status, code = 415, "not_json"


class Unprocessable(PolarisError):
    """The request does not describe anything possible."""

    status, code = 422, "not_valid"


class TooMany(PolarisError):
    """That was too much at once."""

    status, code = 429, "too_many"
    hint = "Wait for the time in the header Retry-After, then try again."


class Unavailable(PolarisError):
    """The service does not answer."""

    status, code = 503, "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    code = "database_unavailable"
    hint = "Polaris tries again by itself; look at /readyz."


class SocketClosed(Unavailable):
    """The service ended the connection."""

    code = "socket_closed"

    def __init__(self, close_code: int, reason: str = "") -> None:
        super().__init__(f"The service ended the connection ({close_code}).")
        self.close_code = close_code
        self.reason = reason


class Misconfigured(PolarisError):
    """Polaris is not set up for this."""

    code = "not_configured"
    exit_code = Exit.CONFIGURATION


class Misused(PolarisError):
    """The command was not understood."""

    code = "usage"
    exit_code = Exit.USAGE


BY_STATUS: dict[int, type[PolarisError]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        TooLarge,
        UnsupportedMedia,
        Unprocessable,
        TooMany,
        PolarisError,
        Unavailable,
    )
}

# From SQLSTATE to HTTP; the most specific entry wins (five characters, then the class of two). ``PLnnn`` means nnn.
SQLSTATES: dict[str, int] = {
    "23505": 409,  # unique_violation
    "23503": 409,  # foreign_key_violation
    "40001": 409,  # serialization_failure
    "40P01": 409,  # deadlock_detected
    "23514": 422,  # check_violation
    "42501": 403,  # insufficient_privilege
    "55P03": 503,  # lock_not_available
    "08": 503,  # connection
    "53": 503,  # insufficient resources
    "57": 503,  # operator intervention: shutdown, cancelled by a time limit
}


def status_of(sqlstate: str) -> int:
    """The HTTP status that a SQLSTATE of five characters stands for."""
    if sqlstate.startswith("PL") and sqlstate[2:].isdecimal():
        return int(sqlstate[2:])
    return SQLSTATES.get(sqlstate) or SQLSTATES.get(sqlstate[:2], 500)


def of_status(status: int) -> type[PolarisError]:
    """The class of errors for an HTTP status; `PolarisError` itself where none fits."""
    return BY_STATUS.get(status, Unavailable if status in (502, 504) else PolarisError)


class _Lacking:
    """Stands for the diagnostics of an error that carries none."""

    def __getattr__(self, _: str) -> None:
        return None


_LACKING = _Lacking()


def from_database(error: BaseException) -> PolarisError:
    """Translates an error of the database; takes any object with ``.sqlstate`` and ``.diag`` (psycopg's shape).

    Our own ``PLnnn`` come through whole. A violated constraint gives its name as the code. Of anything else nothing of
    the database's text is passed on: it may quote rows or statements. The cause stays chained for the log.
    """
    sqlstate: str | None = getattr(error, "sqlstate", None)
    diag: Any = getattr(error, "diag", None) or _LACKING
    if sqlstate is None:
        # A connection that broke has no SQLSTATE; only the driver's class name tells it from a fault of ours.
        lost = any(base.__name__ in ("OperationalError", "PoolClosed") for base in type(error).__mro__)
        answer: PolarisError = DatabaseUnavailable() if lost else PolarisError()
    else:
        status = status_of(sqlstate)
        kind = DatabaseUnavailable if status == 503 else of_status(status)
        if sqlstate.startswith("PL"):
            kind = of_status(status)
            message, hint = diag.message_primary, diag.message_hint
            answer = kind(
                message, code=diag.constraint_name, hint=hint, details=_json(diag.message_detail), status=status
            )
        elif status in (409, 422) and diag.constraint_name:
            rule = str(diag.constraint_name)
            answer = kind(f"This breaks a rule: {rule.replace('_', ' ')}.", code=rule)
        else:
            answer = kind()
    answer.__cause__ = error
    return answer


def from_problem(status: int, body: Any) -> PolarisError:
    """Rebuilds the error from an HTTP answer; *body* is the decoded JSON, or whatever came instead."""
    kind = of_status(status)
    if not isinstance(body, Mapping) or not isinstance(body.get("code"), str):
        return kind(f"The service answered {status} without a reason.", status=status)
    message = body.get("message")
    hint = body.get("hint")
    return kind(
        message if isinstance(message, str) else None,
        code=body["code"],
        hint=hint if isinstance(hint, str) else None,
        details=body.get("details"),
        status=status,
    )


def _json(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
