"""Whether one pushed event is good, and what of it is kept: both links, the API's and the direct one, judge by this.

By hand and not by pydantic, because this is the hot path; `polaris.model.EventIn` describes the same shape and a test
holds the two together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from polaris.db import wire
from polaris.db.push import NewEvent, Pushed
from polaris.errors import NotFound, Unprocessable
from polaris.model import BATCH_EVENTS, EVENT_BYTES, EventIn, Facts
from polaris.redact import Redactor

FIELDS = frozenset(EventIn.model_fields)
LONGEST = {"turn": 200, "agent": 100}
LONGEST_CLIENT_ID = 200
MOST_EPOCH = 2**31 - 1
# Redaction is fast for what people and agents write and not for what somebody writes on purpose. The loop goes on:
# others get their turn after this long, and what is large is redacted in a thread.
BREATHE_SECONDS = 0.01
LARGE_BYTES = 16 << 10
# What a provider's secret in a name begins with. Names are ids: the other rules, which weigh how random a text looks,
# would be slow on them and find nothing.
PREFIXES = (
    *("AKIA", "ASIA", "AIza", "SG.", "eyJ", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
    *("npm_", "plr_", "pypi-", "rk_", "sk_", "sk-", "xapp-", "xox"),
)
GONE = ("no_such_project", "no_such_session")


class Refused(Exception):
    """One event is no good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Batch:
    """A push between its two halves: who was refused stands in its place, the others wait in `events`."""

    def __init__(self, given: list[Any]) -> None:
        self.given = given
        self.results: list[Pushed | None] = [None] * len(given)
        self.events: list[NewEvent] = []
        self.size = 0
        self.kept = self.repeated = self.refused = 0

    def answer(self, written: Iterable[Pushed]) -> list[dict[str, Any]]:
        """The results, in order; *written* has those of `events`. Raises 404 when project or session is not there."""
        rest = iter(written)
        answer: list[dict[str, Any]] = []
        gone: Pushed | None = None
        for slot, item in zip(self.results, self.given, strict=True):
            result = slot or next(rest)
            if result.code is None:
                self.kept, self.repeated = self.kept + result.created, self.repeated + (not result.created)
                answer.append(
                    {
                        "client_id": item["client_id"],
                        "seq": result.seq,
                        "created": result.created,
                        "late": result.late,
                    }
                )
            else:
                self.refused += 1
                gone = result if result.code in GONE else gone
                answer.append({"client_id": _client_id(item), "code": result.code, "message": result.message})
        if gone is not None:  # one batch has one session: then none of it is there
            raise NotFound(gone.message, code=gone.code)
        return answer


async def batch(value: Any, redactor: Redactor) -> Batch:
    """Judges and redacts the events of *value* (``{"events": […]}``). Raises 422 for a batch that is none."""
    if type(value) is not dict or value.keys() != {"events"} or type(value["events"]) is not list:
        raise Unprocessable("A push is an object with the field events, a list.")
    given = value["events"]
    if not 1 <= len(given) <= BATCH_EVENTS:
        raise Unprocessable(f"A push has 1 to {BATCH_EVENTS} events.", code="batch_size")
    judged = Batch(given)
    since = time.monotonic()
    for index, item in enumerate(given):
        try:
            event, size = read(item)
        except Refused as refusal:
            judged.results[index] = Pushed(_client_id(item), None, False, False, refusal.code, refusal.message)  # type: ignore[arg-type]
            continue
        if size > LARGE_BYTES:
            event = await asyncio.to_thread(redacted, event, item, redactor)
        else:
            event = redacted(event, item, redactor)
        judged.events.append(event)
        judged.size += size
        if time.monotonic() - since > BREATHE_SECONDS:
            await asyncio.sleep(0)
            since = time.monotonic()
    return judged


def read(item: Any) -> tuple[NewEvent, int]:
    """One event and its size in bytes, before redaction. Raises `Refused`."""
    if type(item) is not dict:
        raise Refused("not_valid", "An event is an object.")
    if not item.keys() <= FIELDS:
        raise Refused("not_valid", f"An event has no field {min(item.keys() - FIELDS)[:80]}.")
    client_id, kind, epoch = item.get("client_id"), item.get("kind"), item.get("epoch")
    if type(client_id) is not str or not 1 <= len(client_id) <= LONGEST_CLIENT_ID:
        raise Refused("client_id_not_valid", f"A client_id is a text of 1 to {LONGEST_CLIENT_ID} characters.")
    if type(kind) is not str:
        raise Refused("unknown_kind", "A kind is a text.")
    if type(epoch) is float and epoch.is_integer():  # JSON has one kind of number
        epoch = int(epoch)
    if type(epoch) is not int or not 0 <= epoch <= MOST_EPOCH:
        raise Refused("not_valid", "An epoch is a whole number.")
    turn, agent, body = _text(item, "turn"), _text(item, "agent"), _text(item, "body")
    size = 0
    if body is not None:
        size = len(body.encode())
    payload: bytes | None = None
    value = item.get("payload")
    if value is not None:
        payload = wire.dumps(value)
        size += len(payload)
    facts = _facts(item.get("facts"))
    if size > EVENT_BYTES:
        raise Refused("event_too_large", f"An event may have {EVENT_BYTES} bytes; this one has {size}.")
    return NewEvent(client_id, kind, epoch, turn, agent, body, payload, _moment(item.get("occurred_at")), facts), size


def redacted(event: NewEvent, item: dict[str, Any], redactor: Redactor) -> NewEvent:
    """The event without its secrets; *item* is what its payload and its facts are the JSON of."""
    body, payload, facts = event.body, event.payload, event.facts
    if body is not None:
        body = redactor.text(body)
    # What holds nothing to take out comes back as the same object: nearly every event.
    if isinstance(payload, bytes) and (clean := redactor.value(item["payload"], payload)) is not item["payload"]:
        payload = wire.dumps(clean)
    if isinstance(facts, bytes) and (clean := redactor.value(item["facts"], facts)) is not item["facts"]:
        facts = wire.dumps(clean)
    if body is not event.body or payload is not event.payload or facts is not event.facts:
        event = event._replace(body=body, payload=payload, facts=facts)
    names = f"{event.client_id} {event.turn} {event.agent}"
    if any(prefix in names for prefix in PREFIXES):
        turn, agent = event.turn and redactor.text(event.turn), event.agent and redactor.text(event.agent)
        event = event._replace(client_id=redactor.text(event.client_id), turn=turn, agent=agent)
    return event


def _text(item: dict[str, Any], name: str) -> str | None:
    value = item.get(name)
    if value is None:
        return None
    if type(value) is not str:
        raise Refused("not_valid", f"{name} is a text.")
    if len(value) > LONGEST.get(name, EVENT_BYTES):
        code = "not_valid" if name in LONGEST else "event_too_large"
        raise Refused(code, f"{name} may have {LONGEST.get(name, EVENT_BYTES)} characters.")
    return value


def _facts(value: Any) -> bytes | None:
    if value is None:
        return None
    try:
        Facts.model_validate(value)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise Refused("facts_not_valid", f"facts.{where}: {error.errors()[0]['msg']}"[:200]) from None
    return wire.dumps(value)


def _moment(value: Any) -> str | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused("not_valid", "occurred_at is a time as in RFC 3339, with an offset.")
    return moment.isoformat()


def _client_id(item: Any) -> str | None:
    client_id = item.get("client_id") if type(item) is dict else None
    return client_id[:LONGEST_CLIENT_ID] if type(client_id) is str else None
