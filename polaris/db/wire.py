"""JSON as it really comes and as readers get it.

Coding agents write NUL and lone surrogates into their payloads; Postgres takes neither. Both become U+FFFD and the rest
is kept. Reading is orjson's; only what orjson refuses is read a second time, slowly and more patiently.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from polaris.db.rows import EventRow
from polaris.errors import BadRequest

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
_UNWANTED = re.compile("[\x00\ud800-\udfff]")


def loads(data: bytes) -> Any:
    """The value of a JSON text, clean. Raises `BadRequest` ``not_json`` for anything that is not one."""
    try:
        value = orjson.loads(data)
        return clean(value) if b"\\u0000" in data else value
    except orjson.JSONDecodeError:
        return _patient(data)


def dumps(value: Any) -> bytes:
    """JSON of what `loads` answered; deeper than orjson goes, too."""
    try:
        return orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def clean(value: Any) -> Any:
    """The same value with NUL and lone surrogates replaced, in keys too."""
    if isinstance(value, str):
        return _UNWANTED.sub("\ufffd", value) if _UNWANTED.search(value) else value
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def _patient(data: bytes) -> Any:
    try:
        text = data.decode("utf-8", "surrogatepass")
        return clean(json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise BadRequest("This is not JSON.", code="not_json", hint="RFC 8259, in UTF-8.") from error


# JSON knows no largest number, we do: better the digits as a text than a refusal.
def _number(text: str) -> float | str:
    return number if math.isfinite(number := float(text)) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) < 19 else text


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def event(row: EventRow) -> bytes:
    """One event as every reader gets it. The texts of payload and facts go through unparsed."""
    fields = row._asdict()
    if row.payload is not None:
        fields["payload"] = orjson.Fragment(row.payload)
    if row.facts is not None:
        fields["facts"] = orjson.Fragment(row.facts)
    return orjson.dumps(fields, option=OPTIONS)


def page(rows: list[EventRow], first_seq: int, last_seq: int) -> bytes:
    """A page of history."""
    body = {"items": [orjson.Fragment(event(row)) for row in rows], "first_seq": first_seq, "last_seq": last_seq}
    return orjson.dumps(body)
