"""What an export of a project consists of: its parts, the shape of their rows, its manifest.

On the wire an export is lines of JSON, each an object with one key: first ``{"export": Head}``, then a row each
(``{"event": {…}}``), last ``{"end": {part: how many}}``, without which it was cut off. In a folder each part is a
file, and the manifest says what the files hold; `polaris.export_files` reads and writes those.

Rows keep the columns and the order that the database gives them (``sql/functions/87_exports/read_export.sql``), so that
the same record gives the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from polaris.model import ACTOR, Count, Kind, Name, SenderClass, State, Visibility

VERSION = 1
MEDIA = "application/x-ndjson"
PIECE_BYTES = 4 << 20  # of an import that is sent, at most; a row that is larger goes alone
PIECE_ROWS = 1000

Moment = datetime
Whole = Annotated[int, Field(ge=0, le=2**63 - 1)]
Who = Annotated[str, Field(pattern=rf"{ACTOR}|^polaris$")]
Text = Annotated[str, Field(max_length=8 << 20)]
Short = Annotated[str, Field(max_length=1000)]


class Row(BaseModel):
    """A row of an export. A field that this version does not know is refused: it would be lost."""

    model_config = ConfigDict(extra="forbid")


class Head(Row):
    """The project that was exported, and which of its events: every number from first_seq to last_seq."""

    model_config = ConfigDict(extra="ignore")

    org: Name
    project: Name
    visibility: Visibility
    created_by: Who
    created_at: Moment
    archived_at: Moment | None
    first_seq: Annotated[int, Field(ge=1, le=2**62)]
    last_seq: Annotated[int, Field(ge=0, le=2**62)]
    exported_by: Who
    exported_at: Moment


class SessionRow(Row):
    name: Name
    created_by: Who
    created_at: Moment
    archived_at: Moment | None
    epoch: Whole


class SeatRow(Row):
    """Who held a session under which epoch."""

    session: Name
    epoch: Whole
    driver: Who
    claimed_at: Moment
    ended_at: Moment | None
    ended_how: Literal["released", "expired", "archived"] | None


class EventRow(Row):
    """An event; ``session`` null: it belongs to the project as a whole. ``speaker`` follows from the rest."""

    seq: Annotated[int, Field(ge=1, le=2**62)]
    session: Name | None
    epoch: Whole | None
    kind: Kind
    actor: Who
    speaker: Literal["person", "agent", "polaris"]
    target: Short | None
    turn: Short | None
    agent: Short | None
    body: Text
    payload: Any
    client_id: Annotated[str, Field(min_length=1, max_length=400)]
    late: bool
    occurred_at: Moment
    recorded_at: Moment
    facts: dict[str, Any] | None
    erased_at: Moment | None


class DeliveryRow(Row):
    """What became of a piece of advice."""

    delivery_id: UUID
    session: Name
    advice_seq: Whole
    sender: Who
    sender_class: SenderClass
    body: Text
    state: State
    reason: Short | None
    path: Short | None
    attempts: Annotated[int, Field(ge=0, le=2**31 - 1)]
    epoch: Whole | None
    queued_at: Moment
    sent_at: Moment | None
    seen_at: Moment | None
    answered_at: Moment | None
    expires_at: Moment
    edited_by: Who | None


class AnnotationRow(Row):
    """A decision, a question or a star; ``seq``: the event that says so."""

    seq: Whole
    session: Name | None
    what: Literal["decision", "question", "star"]
    about: Whole | None
    actor: Who
    at: Moment
    closed_at: Moment | None
    closed_by: Who | None
    closed_seq: Whole | None


# In the order in which they are sent: a row names only what came before it.
PARTS: dict[str, type[Row]] = {
    "session": SessionRow,
    "seat": SeatRow,
    "event": EventRow,
    "delivery": DeliveryRow,
    "annotation": AnnotationRow,
}


class File(Row):
    """One file of an export, by its name in the folder."""

    part: Literal["session", "seat", "event", "delivery", "annotation"]
    name: Annotated[str, Field(pattern=r"^[a-z]+\.(jsonl|parquet)$")]
    rows: Count
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Row):
    """``manifest.json``, written last: a folder without it is no export."""

    polaris_export: Literal[1]
    format: Literal["jsonl", "parquet"]
    made_by: Short
    of: Head
    files: list[File]
