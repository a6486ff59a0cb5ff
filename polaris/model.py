"""The words of Polaris as types: bodies, queries and answers, for the service, the client and the daemon.

Answers (``Project``, ``Session``, ``Event`` …) take what the database says; bodies and queries forbid what they do
not name.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

SLUG = r"^[a-z0-9][a-z0-9-]{0,62}$"
EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}$"
DOMAIN = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$"
ACTOR = r"^(user|agent|slack):[a-z0-9][a-z0-9-]{0,62}$"

EVENT_BYTES = 1 << 20  # one event: its body and its payload
BATCH_BYTES = 16 << 20  # one request or one frame
BATCH_EVENTS = 500
PAGE_EVENTS = 1000
SEARCHED_CHARACTERS = 1000  # of a query

ADVICE_CHARACTERS = 8000  # what an agent takes in one piece
FLOOR_CHARACTERS = 65536
NOTE_CHARACTERS = 1000  # with a request for the seat
SOMETHING = r"[^ \t\r\n]"  # a text with something in it
FILE = r"[^/ ] *$"  # a path that does not name a folder

PUSHED_KINDS = frozenset({"prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice"})


def _whole(value: object) -> object:
    """JSON has one kind of number: 1.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Name = Annotated[str, Field(pattern=SLUG, description="A slug: lower case letters, digits, dashes; at most 63.")]
Actor = Annotated[str, Field(pattern=ACTOR, description="Who acts: `user:manu`, `agent:test-writer`, `slack:krishna`.")]
Holder = Annotated[str, Field(pattern=r"^(user|agent):[a-z0-9][a-z0-9-]{0,62}$", description="Who can hold a token.")]
Seq = Annotated[int, Field(ge=0, le=2**63 - 1, description="A number of an event in its project; the first is 1.")]

Epoch = Annotated[
    int, Field(ge=0, le=2**31 - 1, description="How often the session's seat was claimed."), BeforeValidator(_whole)
]
ClientId = Annotated[
    str, Field(min_length=1, max_length=200, description="Made by the sender; a repeat answers the first number.")
]
Count = Annotated[int, Field(ge=0, le=10**12), BeforeValidator(_whole)]
Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86400), BeforeValidator(_whole)]
Kind = Literal[
    "session.created",
    "session.archived",
    "driver.claimed",
    "driver.released",
    "driver.expired",
    "driver.taken",
    "seat.asked",
    "seat.settled",
    "prompt",
    "message",
    "reply",
    "tool.call",
    "tool.result",
    "turn.interrupted",
    "notice",
    "advice",
    "delivery",
    "floor",
    "annotation",
]
State = Literal["held", "queued", "sent", "seen", "answered", "declined", "expired", "failed"]
SettledState = Literal["queued", "sent", "seen", "answered", "declined", "failed"]
Role = Literal["admin", "member", "agent"]
Visibility = Literal["org", "private"]
SenderClass = Literal["human", "agent", "slack"]
What = Literal["decision", "question", "star"]
Since = Annotated[
    str,
    Field(
        pattern=r"^([0-9]{1,18}|drove|looked)$",
        description="The number of an event; `drove`: since the caller last drove; `looked`: since it read the floor.",
    ),
]
SenderPolicy = Literal["auto", "suggest", "mute"]


def _dated(value: object) -> object:
    """Pydantic takes a number, also one in a text, for seconds or milliseconds since 1970. Nobody means that."""
    if isinstance(value, str) and value[4:5] != "-":
        raise ValueError("a time is written as in RFC 3339, with an offset")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_dated)]


def _many(value: object) -> object:
    """A query's ``kind=a`` is the same as a list of one."""
    return [value] if isinstance(value, str) else value


class Answer(BaseModel):
    """What the service says. A client ignores fields that it does not know, so that a newer service can say more."""

    model_config = ConfigDict(extra="ignore")


class Body(BaseModel):
    """What somebody sends. Anything that it does not name is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """The part of a URL after the question mark."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """An error, as every endpoint reports it."""

    code: str = Field(description="The machine's name of the error; docs/errors.md lists them.")
    message: str
    hint: str | None = None
    details: Any = None


class Usage(Body):
    """What one message of a model used, in tokens; ``cost_usd`` only where the agent itself reports it."""

    message: Annotated[str, Field(min_length=1, max_length=200, description="The message's id, the agent's own.")]
    model: Annotated[str, Field(max_length=200)] | None = None
    input: Count = 0
    output: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    cost_usd: Annotated[float, Field(ge=0, le=1_000_000)] | None = None


class Facts(Body):
    """What the capturing side knows of an event beside the agent's own payload."""

    repository: Annotated[str, Field(max_length=300, description="Host and path, without credentials.")] | None = None
    branch: Annotated[str, Field(max_length=300)] | None = None
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$", description="What HEAD was.")] | None = None
    usage: Annotated[list[Usage], Field(max_length=64)] | None = None


class Event(Answer):
    """One row of the record, numbered without a gap inside its project."""

    seq: int
    project: str
    session: str | None
    epoch: int | None
    kind: str
    actor: str = Field(description="The accountable participant.")
    speaker: str = Field(description="Who really wrote the text: `person`, `agent` or `polaris`.")
    target: str | None = None
    turn: str | None = None
    agent: str | None = None
    body: str | None = None
    payload: Any = None
    client_id: str | None = None
    late: bool = False
    occurred_at: datetime
    recorded_at: datetime
    facts: Any = Field(None, description="What was known beside the payload: repository, branch, commit, usage.")
    erased_at: datetime | None = Field(None, description="When the content was taken away.")


class EventIn(Body):
    """One captured event on its way in. The actor is not in it: the credential says who pushes."""

    client_id: ClientId
    kind: Literal["prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice"]
    epoch: Epoch
    turn: Annotated[str, Field(max_length=200)] | None = None
    agent: Annotated[str, Field(max_length=100)] | None = None
    body: Annotated[str, Field(max_length=EVENT_BYTES)] | None = None
    payload: Any = None
    occurred_at: Annotated[datetime, Field(strict=False, description="RFC 3339, with an offset.")] | None = None
    facts: Facts | None = None


class PushIn(Body):
    """A batch. Each event is judged by itself: a bad one is refused in its place, the rest are kept."""

    events: Annotated[list[EventIn], Field(min_length=1, max_length=BATCH_EVENTS)]


class PushResult(Answer):
    """Kept: ``seq``, ``created``, ``late``. Refused: ``code`` and ``message``."""

    client_id: str | None = None
    seq: int | None = None
    created: bool | None = Field(None, description="False for a repeat: seq is the first one's.")
    late: bool | None = Field(None, description="True when it happened in an earlier epoch of the sender.")
    code: str | None = None
    message: str | None = None


class PushResults(Answer):
    """The results, in the order of the events."""

    results: list[PushResult]


class Events(Answer):
    """A page of history, ascending, and the project's heads: the first and the last number that there is."""

    items: list[Event]
    first_seq: int
    last_seq: int


class ProjectIn(Body):
    name: Name
    visibility: Visibility = "org"


class VisibilityIn(Body):
    visibility: Visibility


class Project(Answer):
    """A pool of context."""

    name: str
    created_by: str | None = None
    created_at: datetime
    archived_at: datetime | None = None
    last_seq: int
    first_seq: int
    sessions: int
    visibility: Visibility = "org"


class Projects(Answer):
    items: list[Project]


class SessionIn(Body):
    name: Name


class Session(Answer):
    """One workstream of a project and its seat."""

    project: str
    name: str
    driver: str | None = None
    epoch: int
    seat: Literal["open", "held"]
    lease_until: datetime | None = None
    created_by: str | None = None
    created_at: datetime
    archived_at: datetime | None = None
    last_seq: int | None = None
    advice_waiting: int = 0
    driver_since: datetime | None = None
    reserved_for: str | None = Field(None, description="Whom the open seat was released to.")
    reserved_until: datetime | None = Field(None, description="Until then nobody else takes it.")


class SessionShown(Session):
    """A session and its driver's presence: `present` while the lease is renewed, `away` after, `none` if open."""

    presence: Literal["present", "away", "none"]


class Sessions(Answer):
    items: list[SessionShown]


class Claimed(Session):
    created: bool = Field(description="False when the caller drove already.")


class Joined(Session):
    created: bool = Field(description="True when the session was made by this call.")
    claimed: bool = Field(description="True when the caller drives now.")


class HandoffIn(Body):
    epoch: Epoch | None = None
    to: Holder | None = None


class AskSeatIn(Body):
    """Somebody asks the driver for the seat."""

    note: Annotated[str, Field(max_length=NOTE_CHARACTERS, description="What the driver should know.")] = ""
    client_id: ClientId | None = None
    expires_in: Annotated[int, Field(ge=1, le=7 * 86400), BeforeValidator(_whole)] | None = Field(
        None, description="Seconds until an unanswered request ends as `expired`; half an hour when left out."
    )
    agent: Annotated[str, Field(max_length=64, description="The coding agent that asks for its person.")] | None = None


class SeatRequest(Answer):
    """Who asked for the seat of a session, and what became of it."""

    seq: int = Field(description="The event that asks; by this number the request is answered.")
    project: str
    session: str
    actor: str
    note: str = ""
    asked_at: datetime
    expires_at: datetime
    ended_at: datetime | None = Field(None, description="null: it waits for the driver.")
    ended_how: Literal["given", "declined", "withdrawn", "expired", "opened", "taken", "archived"] | None = None
    ended_by: str | None = None
    delivery_id: UUID | None = Field(None, description="null: the policy mutes the asker, the agent is not told.")
    delivery_state: str | None = None


class SeatAsked(SeatRequest):
    created: bool = Field(description="False when the same participant had asked already.")


class SeatRequests(Answer):
    items: list[SeatRequest]


class AnswerSeatIn(Body):
    """The driver's word on a request, or the asker's."""

    answer: Literal["give", "decline", "withdraw"]
    reason: Annotated[str, Field(max_length=500)] | None = None


class TakeOverIn(Body):
    """An administrator takes the seat from whoever has it."""

    epoch: Epoch = Field(description="Of the seat that is meant: when it has changed hands meanwhile, nothing happens.")
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=SOMETHING)]


class Brief(Answer):
    """What happened, in short: lines that begin with the numbers of their events, under titles without one."""

    text: str
    last_seq: int
    since: int | None = Field(None, description="Only what came after this event; null: from the beginning.")


class Commit(Answer):
    """A commit that a session made, or had checked out, at event ``seq``; the prompt is the one of that turn."""

    commit: str = Field(description="40 or 64 digits; fewer where git printed no more.")
    made: bool = Field(description="A tool call of the session made it; else it was only checked out there.")
    project: str
    session: str
    seq: int
    turn: str | None
    actor: str
    repository: str | None
    branch: str | None
    subject: str | None
    at: datetime
    prompt_seq: int | None
    prompt: str | None


class Commits(Answer):
    items: list[Commit]


class Checkout(Answer):
    """Where a session's work stood in git at event ``seq``, the last that said so."""

    session: str
    repository: str | None
    branch: str | None
    commit: str | None
    seq: int


class Checkouts(Answer):
    items: list[Checkout]


class FileChange(Answer):
    """A tool call that named a file; ``commit`` is what HEAD was by then."""

    path: str
    written: bool = Field(description="The tool changes files; else it only read.")
    project: str
    session: str
    seq: int
    turn: str | None
    actor: str
    call: str
    repository: str | None
    branch: str | None
    commit: str | None
    at: datetime
    prompt_seq: int | None
    prompt: str | None


class FileChanges(Answer):
    items: list[FileChange]


class AnnotationIn(Body):
    """A mark in the record. Only a star about an event needs no words."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"body": {"pattern": SOMETHING}}, "required": ["body"]},
                {"properties": {"what": {"const": "star"}, "about": {"type": "integer"}}, "required": ["about"]},
            ]
        }
    )

    what: What
    body: Annotated[str, Field(max_length=ADVICE_CHARACTERS)] = ""
    session: Name | None = None
    about: Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(_whole)] | None = Field(
        None, description="The event that it is about."
    )
    client_id: ClientId | None = None
    agent: Annotated[str, Field(max_length=64, description="The coding agent that says it for its person.")] | None = (
        None
    )


class Annotation(Answer):
    """A decision, a question or a star; ``seq`` is the event that it is."""

    seq: int
    project: str
    session: str | None
    what: What
    body: str
    actor: str
    speaker: str = Field(description="Who really wrote it: `person` or `agent`.")
    at: datetime
    about: int | None = Field(None, description="The event that it is about.")
    about_kind: str | None = None
    about_body: str | None = Field(None, description="How that event begins.")
    closed_at: datetime | None = Field(None, description="When the question was answered, or the mark taken back.")
    closed_by: str | None = None
    closed_seq: int | None = None
    closed_body: str | None = Field(None, description="The answer.")


class MadeAnnotation(Annotation):
    created: bool = Field(description="False for a repeat, and for who starred the event already.")


class CloseIn(Body):
    """The answer to a question, or why something is taken back; there need be none."""

    body: Annotated[str, Field(max_length=ADVICE_CHARACTERS)] | None = None
    client_id: ClientId | None = None
    agent: Annotated[str, Field(max_length=64, description="The coding agent that says it for its person.")] | None = (
        None
    )


class Closed(Annotation):
    changed: bool = Field(description="False for a repeat.")


class Annotations(Answer):
    """A page, the newest first; ``before`` the last number is the next one."""

    items: list[Annotation]


class Lease(Answer):
    """The answer to a heartbeat."""

    project: str
    session: str
    held: bool
    driver: str | None = None
    epoch: int | None = None
    lease_until: datetime | None = None


class SayIn(Body):
    """Something said to a whole project."""

    body: Annotated[str, Field(max_length=FLOOR_CHARACTERS, pattern=SOMETHING)]
    client_id: ClientId | None = None
    agent: Annotated[str, Field(max_length=64, description="The coding agent that says it for its person.")] | None = (
        None
    )


class Said(Answer):
    seq: int
    created: bool


class InjectIn(Body):
    """Advice for one session."""

    body: Annotated[str, Field(max_length=ADVICE_CHARACTERS, pattern=SOMETHING)]
    client_id: ClientId | None = None
    expires_in: Annotated[int, Field(ge=1, le=30 * 86400), BeforeValidator(_whole)] | None = Field(
        None, description="Seconds until undelivered advice ends as `expired`."
    )
    agent: Annotated[str, Field(max_length=64, description="The coding agent that says it for its person.")] | None = (
        None
    )


class Delivery(Answer):
    """What became of one piece of advice."""

    delivery_id: UUID
    project: str
    session: str
    advice_seq: int
    sender: str
    sender_class: str
    body: str
    state: str
    reason: str | None = None
    path: str | None = None
    attempts: int = 0
    epoch: int | None = None
    queued_at: datetime | None = None
    sent_at: datetime | None = None
    seen_at: datetime | None = None
    answered_at: datetime | None = None
    expires_at: datetime | None = None
    edited_by: str | None = Field(None, description="Who reworded it before it was released.")


class Injected(Delivery):
    created: bool = Field(description="False for a repeat of the same client_id.")


class Advice(Delivery):
    """A delivery for the seat's holder: ``text`` is what the agent is shown, ``marker`` what proves that it was."""

    text: str
    marker: str


class SettleIn(Body):
    state: SettledState
    reason: Annotated[str, Field(max_length=500)] | None = None
    path: Annotated[str, Field(max_length=50)] | None = None
    epoch: Epoch | None = None


class Settled(Delivery):
    changed: bool


class Deliveries(Answer):
    items: list[Delivery]


class Me(Answer):
    """Who the bearer of this token is, and the key that makes the placeholders of redacted secrets in the org."""

    org: str
    actor: str
    role: Role
    redaction_key: str = Field(description="base64")
    token_expires_at: datetime | None = None


class MemberIn(Body):
    handle: Name
    role: Literal["admin", "member"] = "member"
    email: Annotated[str, Field(max_length=320)] | None = None


class Member(Answer):
    actor: str
    handle: str
    role: str
    email: str | None = None
    created_at: datetime
    removed_at: datetime | None = None


class Members(Answer):
    items: list[Member]


class RoleIn(Body):
    role: Literal["admin", "member"]


class InviteIn(Body):
    """An invitation to an address."""

    email: Annotated[str, Field(pattern=EMAIL)]
    role: Literal["admin", "member"] = "member"
    handle: Name | None = Field(None, description="A member whom only this installation vouches for, to be taken over.")


class Invite(Answer):
    """An invitation to an address; its link is shown once."""

    invite_id: int
    email: str
    role: str
    handle: str | None = Field(None, description="The member whom the invited person becomes.")
    invited_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    accepted_by: str | None = None
    revoked_at: datetime | None = None


class IssuedInvite(Invite):
    link: str = Field(description="To be given to the invited person. It is shown this once.")


class Invites(Answer):
    items: list[Invite]


class DomainIn(Body):
    domain: Annotated[str, Field(max_length=253, pattern=DOMAIN)]


class Domain(Answer):
    """A domain that the organization says is its own; once proven, its people may join by themselves."""

    domain: str
    how: Literal["dns", "hd"] | None = None
    proof: str = Field(description="What the domain's TXT record has to hold.")
    created_by: str
    created_at: datetime
    proven_at: datetime | None = None


class Domains(Answer):
    items: list[Domain]


class RetentionIn(Body):
    """How long events are kept."""

    keep_days: Annotated[int, Field(ge=1, le=36500), BeforeValidator(_whole)] | None = Field(
        description="null takes the word back: a project follows the organization's then, the organization keeps all."
    )


class Retention(Answer):
    """What is said and what is in force about a project's events; without a project, the organization's own word."""

    project: str | None
    keep_days: int | None = Field(description="What was said here.")
    set_by: str | None
    set_at: datetime | None
    in_force: int | None = Field(description="Days; null: for ever.")
    first_seq: int | None = Field(description="What lies below it was deleted.")


class Retentions(Answer):
    items: list[Retention]


Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=SOMETHING, description="For the audit log.")]


class HoldIn(Body):
    """A legal hold: nothing is deleted while it stands."""

    project: Name | None = Field(None, description="Without one, the whole organization.")
    reason: Reason


class Hold(Answer):
    hold_id: int
    project: str | None = Field(description="null: the whole organization.")
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class Holds(Answer):
    items: list[Hold]


class ErasureIn(Body):
    reason: Reason


class PersonErasureIn(ErasureIn):
    """Whose words are to be taken away, in all projects."""

    participant: Actor


class Erasure(Answer):
    """Content that is being taken away, or was: of a session, or of a participant."""

    erasure_id: int
    project: str | None
    session: str | None
    participant: str | None
    reason: str
    asked_by: str
    asked_at: datetime
    erased: int = Field(description="Events that are tombstones by now.")
    done_at: datetime | None
    held: bool = Field(description="It waits: a legal hold stands on what is left.")


class Erasures(Answer):
    items: list[Erasure]


class Removed(Answer):
    """What is no longer there."""

    removed: str


class ProjectMember(Answer):
    """Somebody who may see a private project."""

    actor: str
    added_by: str
    added_at: datetime


class ProjectMembers(Answer):
    items: list[ProjectMember]


class PolicyIn(Body):
    sender_class: SenderClass
    policy: SenderPolicy | None = Field(description="null: what the project, or nobody, says.")


class Policy(Answer):
    """What is in force for one class of senders, and where it was set."""

    sender_class: SenderClass
    policy: SenderPolicy
    set_on: Literal["default", "project", "session"]
    set_by: str | None = None
    set_at: datetime | None = None


class Policies(Answer):
    items: list[Policy]


class DecisionIn(Body):
    """The driver's word on advice that is held."""

    decision: Literal["send", "dismiss"]
    body: Annotated[str, Field(max_length=ADVICE_CHARACTERS, pattern=SOMETHING)] | None = Field(
        None, description="Sent instead of the sender's own words, which the record keeps."
    )
    reason: Annotated[str, Field(max_length=500)] | None = None


class AuditRow(Answer):
    """One row of the audit log, exactly as it was hashed; hashes are hexadecimal."""

    audit_id: int
    at: datetime
    actor: str | None = None
    action: str
    target: str | None = None
    detail: str | None = Field(None, description="JSON text; the hash covers these very characters.")
    prev_hash: str
    hash: str


class AuditPage(Answer):
    """Rows, ascending. The organization's number is hashed with each of them."""

    org_id: int
    items: list[AuditRow]


class AuditHead(Answer):
    """The end of the audit log."""

    last_id: int
    last_hash: str


class TokenIn(Body):
    """A new token: for the caller, or for an ``agent:`` that the caller answers for."""

    actor: Holder | None = Field(None, description="Whose token; the caller's own when left out.")
    name: Annotated[str, Field(min_length=1, max_length=100)]
    project: Name | None = Field(None, description="Limits the token to one project.")
    expires_in: Seconds | None = Field(None, description="Seconds.")


class Token(Answer):
    token_id: int
    actor: str
    name: str
    shown: str = Field(description="The first characters, to know it by.")
    project: str | None = None
    issued_by: str | None = None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    sliding: bool = Field(False, description="Each use puts the expiry off.")


class IssuedToken(Token):
    token: str = Field(description="The secret. It is shown this once.")


class Tokens(Answer):
    items: list[Token]


class HistoryQuery(Query):
    """``after`` = the next ones, ``before`` = the page before, neither = the newest page."""

    after: Seq | None = None
    before: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100
    q: Annotated[str, Field(max_length=SEARCHED_CHARACTERS, description="Only what a search for it finds.")] | None = (
        None
    )
    kind: Annotated[list[Kind], BeforeValidator(_many), Field(max_length=20)] | None = None
    actor: Annotated[list[Actor], BeforeValidator(_many), Field(max_length=100)] | None = None


class ProjectHistoryQuery(HistoryQuery):
    session: Name | None = None


class SearchQuery(Query):
    """What is looked for, and where. ``before`` is the ``next`` of the page before."""

    q: Annotated[str, Field(max_length=SEARCHED_CHARACTERS, description='Words, a "phrase", begin*, -not, or.')] = ""
    project: Name | None = None
    session: Name | None = Field(None, description="Of the project that is named, too.")
    kind: Annotated[list[Kind], BeforeValidator(_many), Field(max_length=20)] | None = None
    actor: Annotated[list[Actor], BeforeValidator(_many), Field(max_length=100)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    file: Annotated[str, Field(min_length=1, max_length=1000, description="A path, or the end of one.")] | None = None
    before: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 30


class Found(Answer):
    """An event that was found. ``snippet`` marks what was looked for: it stands between U+E000 and U+E001."""

    project: str
    session: str | None = None
    seq: int
    kind: str
    actor: str
    speaker: str
    agent: str | None = None
    turn: str | None = None
    snippet: str
    recorded_at: datetime


class FoundPage(Answer):
    """What was found, newest first; ``next`` leads to what is older, null: there is no more."""

    items: list[Found]
    next: str | None = None


class StreamQuery(Query):
    after: Seq | None = None


class BriefQuery(Query):
    characters: Annotated[int, Field(ge=500, le=100_000)] = 6000
    since: Since | None = None


class ContextQuery(BriefQuery):
    session: Name | None = None
    by: Actor | None = Field(None, description="Only what this participant drove, asked, decided and advised.")


class AnnotationsQuery(Query):
    session: Name | None = None
    kind: Annotated[list[What], BeforeValidator(_many), Field(max_length=3)] | None = None
    open: bool | None = Field(None, description="Only open ones, or only closed ones.")
    about: Seq | None = None
    before: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100


class SeatRequestsQuery(Query):
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100


class DeliveriesQuery(Query):
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100


class ExportQuery(Query):
    """Which part of the record: events after a number, recorded at a time or later, and before a time."""

    after: Seq | None = None
    since: Moment | None = None
    until: Moment | None = None


class ImportQuery(Query):
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Which export: the SHA-256 of its manifest.")]


class Imported(Answer):
    """How far an import is; ``done``: the project is complete and open."""

    project: str
    last_seq: int
    done: bool


class CommitsQuery(Query):
    session: Name | None = None
    before: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100


class FilesQuery(Query):
    # The pattern is for readers of the document: what does not fit it, the database refuses in better words.
    path: str = Field(max_length=2000, description="A name or the end of a path.", json_schema_extra={"pattern": FILE})
    project: Name | None = Field(None, description="Only in this one; null: in all that the caller may see.")
    reads: bool = Field(False, description="Also the calls that only read it.")
    before: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100


class UsageQuery(Query):
    """What is summed up, and by what; times are those at which it was used."""

    project: Name | None = None
    session: Name | None = Field(None, description="Of the project that is named, too.")
    since: Moment | None = None
    until: Moment | None = None
    by: Literal["session", "person", "project", "day", "model"] = "session"
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 100


class UsageSum(Answer):
    """What one session, person, project, day (of UTC) or model used together; the rest of the first five is null.

    The four counts lie beside each other: input was neither read from the model's cache nor written to it.
    """

    project: str | None = None
    session: str | None = None
    actor: str | None = None
    day: date | None = None
    model: str | None = Field(None, description="Also null for the sum of what no agent named a model for.")
    messages: int = Field(description="How often a model answered.")
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None = Field(None, description="Of the messages for which the agent itself told a cost.")
    priced: int = Field(description="How many messages those are.")
    first_at: datetime
    last_at: datetime


class UsageSums(Answer):
    items: list[UsageSum]


class AuditQuery(Query):
    after: Seq = 0
    limit: Annotated[int, Field(ge=1, le=PAGE_EVENTS)] = 500
