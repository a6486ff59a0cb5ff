"""This agent session and its seat: join, hand over, pause, ask; from a terminal, or by the agent itself (``here``)."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

from polaris import log, render
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Misused, PolarisError

Json = dict[str, Any]

BODY_CHARACTERS = 120
OWN_FLAGS = ("--agent-session", "--pid")
VERBS = {
    "join": "join PROJECT SESSION [--watch]",
    "status": "status",
    "inbox": "inbox",
    "ask": "ask PROJECT SESSION [TEXT]",
    "handoff": "handoff [TO]",
    "give": "give [WHO]",
    "decline": "decline [WHO] [REASON]",
    "pause": "pause",
    "resume": "resume",
    "disconnect": "disconnect",
}
_PARTICIPANT = re.compile(r"(user|agent):[a-z0-9-]{1,63}")
_VERB_IN_HINT = re.compile(rf"`polaris ({'|'.join(VERBS)})\b")


class Here(Group):
    """Commands about the coding agent's session that one is in."""

    @command
    async def join(
        self,
        project: str,
        session: str,
        *,
        watch: bool = False,
        agent_session: str | None = None,
        pid: int | None = None,
    ) -> Result:
        """Opens SESSION of PROJECT (making what lacks) and takes its seat if it is free.

        Inside a coding agent, the agent's own session is connected, by way of the daemon, and a new driver is told
        what happened before. Elsewhere the seat is only claimed, and falls free again after the lease unless something
        keeps it.

        --watch          takes no seat: the agent follows the project and advises
        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        this = _this(agent_session, pid)
        if this:
            status = await _joined(project, session, this, watch)
            return Result(status, _join_lines(status))
        if watch:
            raise Misused("Only a coding agent's session watches.", hint=f"Here: polaris tail {project}")
        async with base.service() as client:
            joined = await client.join(project, session)
        if joined.get("claimed"):
            return Result(
                joined, [f"You drive {project}/{session} (epoch {joined['epoch']}) until {joined['lease_until']}."]
            )
        if joined.get("reserved_for"):
            return Result(joined, [f"The seat of {project}/{session} is kept for {joined['reserved_for']}."])
        return Result(joined, [f"{joined.get('driver')} drives {project}/{session}."])

    @command
    async def ask(self, project: str, session: str, text: str | None = None) -> Result:
        """Asks the driver of SESSION for the seat: on the web, in Slack, in the status line, and the agent reads it.

        TEXT says why; - reads it from stdin. `polaris seat` shows what became of it, and answers.
        """
        return await _asked(project, session, base.text_of(text) if text else "")

    @command
    async def handoff(
        self, to: str | None = None, *, agent_session: str | None = None, pid: int | None = None
    ) -> Result:
        """Delivers what was captured, gives the seat away and ends the capture of this agent session.

        TO, such as user:krishna, has the seat kept for five minutes; without it, whoever comes first has it.

        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        return await _handed_over(_required(agent_session, pid), to)

    @command
    async def disconnect(self, *, agent_session: str | None = None, pid: int | None = None) -> Result:
        """Ends the capture of this agent session and opens its seat; what was captured is still delivered.

        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        return await _disconnected(_required(agent_session, pid))

    @command
    async def pause(self, *, agent_session: str | None = None, pid: int | None = None) -> Result:
        """Stops the capture of this agent session; the seat is kept.

        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        return await _paused(_required(agent_session, pid), True)

    @command
    async def resume(self, *, agent_session: str | None = None, pid: int | None = None) -> Result:
        """Captures again from here on; what was said during the pause stays private.

        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        return await _paused(_required(agent_session, pid), False)

    @command
    async def inbox(self, *, agent_session: str | None = None, pid: int | None = None) -> Result:
        """Shows the advice to this agent session: what waits, what is on its way, how the last pieces ended.

        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        return await _inbox(_required(agent_session, pid))

    @command
    async def here(self, *words: str, agent_session: str | None = None, pid: int | None = None) -> None:
        """Does what /polaris asks for, and prints for the agent; the exit code is always 0.

        WORDS: join PROJECT SESSION [--watch], status, inbox, ask PROJECT SESSION [TEXT], handoff [TO], give [WHO],
        decline [WHO] [REASON], pause, resume, disconnect. Without words: status.

        --agent-session  the id of the agent's session, where it is not in the environment
        --pid            the agent's process
        """
        try:
            # An agent's skill hands everything over as one word, so that no apostrophe breaks its shell.
            result = await _verb(" ".join(words).split(), agent_session, pid)
            lines = list(result.lines)
        except PolarisError as error:
            lines = [error.message, *([error.hint] if error.hint else [])]
        except Exception as error:  # an agent's skill is aborted by any failure
            lines = [
                f"This should not have happened: {type(error).__name__}: {error}",
                "`polaris doctor` may know why.",
            ]
        for line in lines:
            # The agent's own command for the same thing.
            print(_VERB_IN_HINT.sub(r"`/polaris \1", log.masked(line)))
        sys.stdout.flush()


def literal(words: Sequence[str]) -> list[str]:
    """The words of ``polaris here`` so that none of them can be misunderstood: all but its own flags are values."""
    if list(words[:1]) != ["here"] or list(words[1:]) in (["--help"], ["-h"]):
        return list(words)
    rest, flags, values = list(words[1:]), list[str](), list[str]()
    while rest:
        word = rest.pop(0)
        name, _, value = word.partition("=")
        if name not in OWN_FLAGS or (not value and not rest):
            values.append(word)
        elif value := value or rest.pop(0):
            flags.append(f"{name}={value}")
    harmless = ["".join(one if one.isprintable() else " " for one in word) for word in values]
    return ["here", *flags, "--", *harmless]


async def _verb(words: list[str], agent_session: str | None, pid: int | None) -> Result:
    words = " ".join(words).split()  # a skill gives all that was typed as one word
    verb, rest = (words[0].lower(), words[1:]) if words else ("status", [])
    if verb not in VERBS:
        raise Misused(f"/polaris knows no {render.clean(verb)!r}.", hint=f"It knows: {', '.join(VERBS.values())}.")
    watch = "--watch" in rest and verb == "join"
    rest = [word for word in rest if word != "--watch"] if watch else rest
    many = 10_000
    least, most = {"join": (2, 2), "ask": (2, many), "handoff": (0, 1), "give": (0, 1), "decline": (0, many)}.get(
        verb, (0, 0)
    )
    if not least <= len(rest) <= most:
        raise Misused("That is not understood.", hint=f"It goes: /polaris {VERBS[verb]}")
    if verb == "ask":
        return await _asked(rest[0], rest[1], " ".join(rest[2:]))
    this = _required(agent_session, pid)
    if verb == "join":
        status = await _joined(rest[0], rest[1], this, watch)
        return Result(status, _join_lines(status, told=True))
    doing: dict[str, Callable[[], Awaitable[Result]]] = {
        "status": lambda: _status(this),
        "inbox": lambda: _inbox(this),
        "handoff": lambda: _handed_over(this, rest[0] if rest else None),
        "give": lambda: _given(this, rest[0] if rest else None),
        "decline": lambda: _declined(this, rest),
        "pause": lambda: _paused(this, True),
        "resume": lambda: _paused(this, False),
        "disconnect": lambda: _disconnected(this),
    }
    return await doing[verb]()


async def status_here() -> Json:
    """What the daemon says of the agent session that one is in; empty outside an agent."""
    this = _this(None, None)
    return dict(await base.daemon("GET", await _status_path(this))) if this else {}


def _this(agent_session: str | None, pid: int | None) -> Json:
    """How the daemon knows the agent session that one is in; empty outside an agent."""
    own = os.environ.get("CLAUDE_CODE_SESSION_ID") or None
    # The process in the environment is that of the session in the environment, not of any other.
    if pid is None and agent_session in (None, own):
        text = os.environ.get("CLAUDE_PID", "")
        pid = int(text) if text.isdecimal() else None
    agent_session = agent_session or own
    named: Json = {"agent_session_id": agent_session} if agent_session else {}
    return named | ({"pid": pid} if pid else {})


def _required(agent_session: str | None, pid: int | None) -> Json:
    this = _this(agent_session, pid)
    if not this:
        raise Misused(
            "This is about a coding agent's session, and none is named here.",
            hint="Inside the agent: /polaris. Elsewhere: --agent-session ID; `polaris status` lists them.",
        )
    return this


async def _joined(project: str, session: str, this: Json, watch: bool) -> Json:
    wish = this | {"project": project, "session": session, "cwd": os.getcwd(), "role": "advisor" if watch else "driver"}
    settings = base.settings()
    # An agent with a credential of its own drives as itself.
    wish |= {"token": settings.token} if settings.token else {}
    wish |= {"profile": settings.profile} if settings.profile else {}
    status: Json = await base.daemon("POST", "/connect", wish)
    for _ in range(20):  # until its link is up; after two seconds as it is
        if status.get("connected") or status.get("role") == "advisor":
            break
        await asyncio.sleep(0.1)
        status |= await base.daemon("GET", f"/status/{quote(status['agent_session_id'], safe='')}")
    return status


def _join_lines(status: Json, *, told: bool = False) -> list[str]:
    """The status line and the brief; *told*: what it means, for an agent that has not met Polaris yet."""
    lines = [str(status.get("line") or "connected")]
    place = f"{status.get('project')}/{status.get('session')}"
    if told and status.get("role") == "advisor":
        lines.append(f"This agent session follows {place} as an adviser; it is not captured and takes no seat.")
    elif told:
        lines.append(
            f"This agent session drives {place}: the team sees what is asked, answered and done in it, and their "
            "advice arrives here as marked text. `polaris handoff` gives the seat away, `polaris pause` halts it."
        )
    if brief := status.get("brief"):
        lines += ["", "What happened before:", "", *(render.clean(line) for line in str(brief).splitlines())]
    return lines


async def _asked(project: str, session: str, text: str) -> Result:
    place = f"{project}/{session}"
    async with base.service() as client:
        try:
            request = await client.ask_seat(project, session, text.strip(), client_id=f"cli:{uuid.uuid4()}")
        except PolarisError as error:
            if error.code not in ("seat_is_open", "seat_is_yours", "seat_is_reserved"):
                raise
            details = error.details if isinstance(error.details, dict) else {}
            if error.code == "seat_is_reserved":
                return Result(details, [f"The seat of {place} is kept for {details.get('reserved_for')}."])
            who = "You drive" if error.code == "seat_is_yours" else "Nobody drives"
            return Result(details, [f"{who} {place}: `polaris join {project} {session}` takes the seat."])
        driver = (await client.session(project, session)).get("driver")
    agent = (
        f"their agent is told: {request['delivery_state']}" if request["delivery_id"] else "their agent takes no word"
    )
    line = f"{driver} is asked for the seat of {place}; {agent}."
    return Result(request, [line, f"`polaris join {project} {session}` takes it once it is given."])


async def _handed_over(this: Json, to: str | None) -> Result:
    return _left(await base.daemon("POST", "/handoff", this | ({"to": to} if to else {})))


async def _given(this: Json, who: str | None) -> Result:
    return _left(await base.daemon("POST", "/seat", this | {"answer": "give"} | ({"who": who} if who else {})))


async def _declined(this: Json, words: list[str]) -> Result:
    # The first word is who, if it can be one; what follows is said to them.
    who = words[0] if words and _PARTICIPANT.fullmatch(words[0]) else None
    reason = " ".join(words[1:] if who else words)
    asked = {"answer": "decline"} | ({"who": who} if who else {}) | ({"reason": reason} if reason else {})
    answer = await base.daemon("POST", "/seat", this | asked)
    place = f"{answer['project']}/{answer['session']}"
    return Result(answer, [f"{answer['declined']} is told that you keep the seat of {place}."])


def _left(answer: Json) -> Result:
    """What is left to say to who gave the seat away."""
    to = answer.get("to")
    place = f"{answer['project']}/{answer['session']}"
    lines = [f"The seat of {place} is " + (f"kept for {to} for five minutes." if to else "open.")]
    if waiting := answer.get("waiting"):
        lines.append(f"Not delivered in time: {base.counted(waiting, 'event')}. What is left follows, marked as late.")
    return Result(answer, [*lines, "This agent session is not captured any more."])


async def _disconnected(this: Json) -> Result:
    answer = await base.daemon("POST", "/disconnect", this)
    if not answer.get("disconnected"):
        return Result(answer, ["This agent session was not connected."])
    if answer.get("waiting"):
        left = base.counted(answer["waiting"], "event")
        return Result(answer, [f"Disconnected. To be delivered later: {left}."])
    return Result(answer, ["Disconnected." + (" The seat is open." if answer.get("released") else "")])


async def _paused(this: Json, paused: bool) -> Result:
    status = await base.daemon("POST", "/pause", this | {"paused": paused})
    return Result(status, [str(status.get("line"))])


async def _status(this: Json) -> Result:
    status = await base.daemon("GET", await _status_path(this))
    lines = [str(status.get("line"))]
    if not status.get("project"):
        lines.append("Connect it: `polaris join PROJECT SESSION`.")
    elif waiting := status.get("advice_waiting"):
        lines.append(f"Advice waits ({waiting}): `polaris inbox`.")
    return Result(status, lines)


async def _status_path(this: Json) -> str:
    if name := this.get("agent_session_id"):
        return f"/status/{quote(name, safe='')}"
    known = await base.daemon("POST", "/register", {"pid": this["pid"], "agent": "claude-code"})
    return f"/status/{quote(str(known.get('agent_session_id') or '-'), safe='')}"


async def _inbox(this: Json) -> Result:
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in this.items())
    found = await base.daemon("GET", f"/inbox?{query}")
    lines = []
    for name, title in (("waiting", "waiting"), ("on_its_way", "on its way"), ("ended", "ended")):
        for one in found[name]:
            state = str(one["state"]) + (f": {render.clean(str(one['reason']))}" if one.get("reason") else "")
            body = render.quoted(str(one.get("body") or ""), BODY_CHARACTERS)
            lines.append(f"{title:<10}  {render.clean(str(one['sender']))}  {body}  {state}")
    return Result(found, lines or [f"Nobody has advised {found['project']}/{found['session']} yet."])
