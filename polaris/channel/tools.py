"""The tools: what they take, what they answer, what they are for.

One pydantic model an input; it is what clients are shown and what is applied. The answer is another model, and a text
for people made of it. ``advice`` is on every answer: what colleagues said to this session and was not told yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TEXT_CHARACTERS = 16_000
ADVICE_CHARACTERS = 8_000
EVENTS = 30
EVENTS_MOST = 200
WAIT_SECONDS = 55

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Participant = Annotated[str, Field(pattern=r"^(user|agent):[a-z0-9][a-z0-9-]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_CHARACTERS)]
Advice = Annotated[str, Field(min_length=1, max_length=ADVICE_CHARACTERS)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    advice: list[str] = Field(default=[], description="What colleagues said to this session and was not told yet.")


class Connect(Input):
    project: Name = Field(description="The project's name.")
    session: Name | None = Field(
        None, description="The session's name; made where it does not exist. An advisor may leave it out."
    )
    role: Literal["driver", "advisor"] = Field(
        "driver",
        description="A driver's session is recorded and takes advice; an advisor watches the project or a session.",
    )


class Connected(Answer):
    project: str
    session: str | None
    role: str
    participant: str
    state: str = Field(description="What the status line says.")
    brief: str | None = Field(None, description="What happened in the session before, for its new driver.")


class Disconnect(Input):
    pass


class Disconnected(Answer):
    disconnected: bool = Field(description="False: there was no connection.")
    waiting: int = Field(description="Events that are not delivered yet; the daemon goes on.")


class Status(Input):
    pass


class Stands(Answer):
    connected: bool
    project: str | None
    session: str | None
    role: str | None
    participant: str | None
    state: str = Field(description="What the status line says.")
    agent: str
    agent_session: str


class Reply(Input):
    text: Text = Field(description="What to say.")
    annotation: Literal["decision", "question", "star"] | None = Field(
        None, description="Marks it as a decision, as an open question, or as worth finding again."
    )
    about: Annotated[int, Field(ge=1)] | None = Field(None, description="The number of the event that it is about.")
    answers: Annotated[int, Field(ge=1)] | None = Field(
        None, description="The number of the open question that this answers and closes."
    )


class Replied(Answer):
    project: str
    seq: int = Field(description="The number of the event.")


class Context(Input):
    project: Name | None = Field(None, description="Instead of the connected one.")
    session: Name | None = Field(None, description="Only this session.")
    query: Annotated[str, Field(min_length=1, max_length=400)] | None = Field(
        None, description='Searches the whole record: all words, "a phrase", begin*, -not; names of code in any style.'
    )
    after: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Only events after this number, oldest first; else the newest."
    )
    limit: Annotated[int, Field(ge=1, le=EVENTS_MOST)] = Field(EVENTS, description="At most so many events.")
    summary: bool = Field(
        False, description="Instead of events, what happened in short: prompts, answers, decisions, open questions."
    )
    by: Annotated[str, Field(pattern=r"^((user|agent|slack):)?[a-z0-9][a-z0-9-]{0,62}$")] | None = Field(
        None, description="What this participant did, in short: `krishna`, `agent:ci`."
    )
    since: Annotated[str, Field(pattern=r"^([0-9]{1,18}|drove|looked)$")] | None = Field(
        None,
        description="In short what came after this event, since you `drove` last, or since you `looked` at the floor.",
    )
    wait: Annotated[int, Field(ge=0, le=WAIT_SECONDS)] | None = Field(
        None, description="Seconds to wait for something new; answers at the first event of somebody else."
    )


class Event(BaseModel):
    seq: int
    at: str
    line: str = Field(description="Who spoke, where, and what; long texts are cut.")


class Shown(Answer):
    project: str
    session: str | None
    events: list[Event]
    last_seq: int = Field(description="Give it as `after` to go on from here.")
    more: bool = Field(description="Whether there is more than is shown.")
    summary: str | None = Field(None, description="Lines that begin with the numbers of their events, under titles.")
    note: str | None = None


class Inject(Input):
    session: Name = Field(description="The session that is advised.")
    text: Advice = Field(description="The advice: what the driver's agent should know.")
    project: Name | None = Field(None, description="Instead of the connected one.")
    seat: bool = Field(False, description="Asks the driver for the seat; the text, at most 1,000 characters, says why.")


class Injected(Answer):
    project: str
    session: str
    delivery: str = Field(description="The id of the delivery.")
    state: str = Field(description="held, queued, sent, seen, answered, or declined, expired, failed.")
    reason: str | None = None


class Handoff(Input):
    to: Participant | None = Field(
        None, description="The participant to keep the seat for, as user:priya; else anybody."
    )


class HandedOff(Answer):
    project: str | None
    session: str | None
    to: str | None
    waiting: int = Field(0, description="Events that are not delivered yet; the daemon goes on.")


@dataclass(frozen=True)
class ToolSpec:
    """One tool as it is advertised. *changes*: it does something; *ends*: it ends something that others rely on."""

    title: str
    description: str
    takes: type[Input]
    answers: type[Answer]
    changes: bool = True
    ends: bool = False
    repeatable: bool = False

    def input_schema(self) -> dict[str, Any]:
        return self.takes.model_json_schema()

    def output_schema(self) -> dict[str, Any]:
        return self.answers.model_json_schema(mode="serialization")


TOOLS: dict[str, ToolSpec] = {
    "polaris_connect": ToolSpec(
        "Connect this session",
        "Connects this coding session to a Polaris project, when the user asks for it. A driver takes the seat of a "
        "session: from then on prompts, answers and tool calls are recorded for the team. An advisor takes no seat and "
        "is not recorded. Answers with a brief of what happened before.",
        Connect,
        Connected,
        repeatable=True,
    ),
    "polaris_disconnect": ToolSpec(
        "Disconnect this session",
        "Ends the connection and gives up the seat; what was recorded is still delivered.",
        Disconnect,
        Disconnected,
        ends=True,
        repeatable=True,
    ),
    "polaris_status": ToolSpec(
        "Show the connection",
        "Tells which project and session this coding session is connected to, and as whom.",
        Status,
        Stands,
        changes=False,
        repeatable=True,
    ),
    "polaris_reply": ToolSpec(
        "Speak to the project",
        "Says something to everybody in the connected project: an answer to advice, a question, a finding. With "
        "`annotation` it is kept as a decision or an open question; `answers` closes one.",
        Reply,
        Replied,
    ),
    "polaris_context": ToolSpec(
        "Read the project",
        "Shows what happened in the project: prompts, answers, tool calls and advice of all its sessions, each with "
        "its number and who spoke. With `summary`, `by` or `since` tells in short what happened, what somebody did, or "
        "what changed. With `wait`, waits for something new.",
        Context,
        Shown,
        changes=False,
        repeatable=True,
    ),
    "polaris_inject": ToolSpec(
        "Advise a session",
        "Gives advice to the agent of another session of the project; its driver sees who sent it. With `seat`, asks "
        "its driver for the seat.",
        Inject,
        Injected,
    ),
    "polaris_handoff": ToolSpec(
        "Hand the session over",
        "Gives the seat of the connected session to a colleague, or to whoever comes first, and ends the connection.",
        Handoff,
        HandedOff,
        ends=True,
    ),
}
