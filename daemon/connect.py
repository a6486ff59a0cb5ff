"""Binding an agent session to a Polaris session, and letting it go again."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import aiohttp

from polaris.client import Client, Json
from polaris.credentials import acting
from polaris.errors import Conflict, NotFound, Unprocessable
from polaris.settings import Credential, Settings, read_credentials

from . import agents, processes, transcript
from .advice import Advice
from .bindings import SESSION_ID, Bindings, Sighting, now_ms
from .files import Files
from .intake import Intake
from .keyring import Keyring
from .links import Links
from .records import Binding, Route

# How long /disconnect waits for the service before it answers that the rest is done later.
RELEASE_SECONDS = 5.0


class Connector:
    """What `/connect`, `/disconnect`, `/pause` and the status line need; one change at a time."""

    def __init__(
        self,
        settings: Settings,
        bindings: Bindings,
        advice: Advice,
        intake: Intake,
        files: Files,
        links: Links,
        keyring: Keyring,
    ) -> None:
        self._settings, self._bindings, self._advice = settings, bindings, advice
        self._intake, self._files, self._links, self._keyring = intake, files, links, keyring
        self._lock = asyncio.Lock()
        self.http: aiohttp.ClientSession | None = None

    def credential(self, route: Route) -> Credential:
        """As whom a route writes: the token it was given, else its profile's at this moment."""
        return acting(
            self._settings, route.profile or None, self._keyring.get(route.token_ref) if route.token_ref else None
        )

    async def connect(self, asked: Json) -> Json:
        """Joins the session, takes the seat for a driver, and binds. See `routes` for the fields.

        Raises 409 ``seat_is_held`` (``details.driver``), 409 ``session_is_bound`` when another living agent session of
        this machine has it, 404 ``agent_session_unknown``, and what the service refuses.
        """
        agent, role = _text(asked, "agent", "claude-code"), _text(asked, "role", "driver")
        project, session, token = _text(asked, "project"), _text(asked, "session", ""), _text(asked, "token", "")
        if role not in ("driver", "advisor"):
            raise Unprocessable("A role is driver or advisor.", code="role_not_valid")
        if not project or (role == "driver" and not session):
            raise Unprocessable("A driver names a project and a session.", code="session_missing")
        if agents.find(agent) is None:
            raise Unprocessable(f"Polaris does not know the agent {agent!r}.", code="unknown_agent")
        seen = self._identify(asked, agent)
        async with self._lock:
            profile = self._profile()
            credential = acting(self._settings, profile or None, token or None)
            async with Client(credential.url, credential.token, http=self.http) as client:
                me = await client.me()
                route = Route(
                    route_id=0,
                    profile=profile,
                    token_ref=self._keyring.add(token) if token else "",
                    org=me["org"],
                    actor=me["actor"],
                    project=project,
                    session=session,
                    redaction_key=base64.b64decode(me["redaction_key"]),
                )
                await self._make_room(route, seen, role)
                joined = await _enter(client, route, role)
            epoch = int(joined.get("epoch") or 0)
            # An advisor beside a driver of the same participant leaves the driver's route as it is.
            known = self._bindings.find_route(route) if role == "advisor" else None
            route = known or await self._bindings.save_route(route, epoch)
            await self._bindings.bind(
                Binding(
                    agent_session_id=seen.agent_session_id,
                    agent=agent,
                    route_id=route.route_id,
                    role=role,
                    pid=seen.pid,
                    started=None if seen.pid is None else processes.started(seen.pid),
                    state="active",
                    reason=None,
                    epoch=epoch,
                    paused=0,
                    cleared=0,
                    former="",
                    transcript=seen.transcript,
                    cursor=_present_end(seen.transcript),
                    bound_at=now_ms(),
                )
            )
            if role == "driver":
                self._links.ensure(route.route_id)
        joined = {"epoch": epoch, "created": bool(joined.get("created")), "claimed": bool(joined.get("claimed"))}
        return self.status(seen.agent_session_id) | {"agent_session_id": seen.agent_session_id} | joined

    async def disconnect(self, asked: Json) -> Json:
        """Unbinds; what was captured is still delivered, then the seat is given up (unless ``release`` is false).

        Answers ``{"disconnected", "released", "waiting"}``; ``released`` false with a release asked for means that the
        service could not be reached yet: the daemon does it later.
        """
        seen = self._identify(asked, _text(asked, "agent", "claude-code"))
        release = asked.get("release", True)
        if not isinstance(release, bool):
            raise Unprocessable("release is true or false.", code="release_not_valid")
        async with self._lock:
            binding = self._bindings.of(seen.agent_session_id)
            if binding is None:
                return {"disconnected": False, "released": False, "waiting": 0}
            route_id = await self._let_go(binding, release)
        drained = await self._links.drained(route_id, RELEASE_SECONDS)
        waiting = self._links.waiting(route_id)
        return {
            "disconnected": True,
            "released": bool(drained and release and binding.role == "driver"),
            "waiting": waiting,
        }

    async def pause(self, asked: Json) -> Json:
        """Stops or resumes the capture of one agent session; the seat is kept."""
        seen = self._identify(asked, _text(asked, "agent", "claude-code"))
        paused = asked.get("paused", True)
        binding = self._bindings.of(seen.agent_session_id)
        if binding is None:
            raise NotFound("This agent session is not connected.", code="not_connected")
        if not isinstance(paused, bool):
            raise Unprocessable("paused is true or false.", code="paused_not_valid")
        # What is written while it is paused is not read afterwards either.
        cursor = _present_end(binding.transcript)
        await self._bindings.change(binding.agent_session_id, paused=int(paused), cursor=cursor)
        return self.status(binding.agent_session_id)

    def status(self, agent_session_id: str) -> Json:
        """``{"connected", "project", "session", "actor", "role", "state", "paused", "line"}`` of one agent session."""
        binding = self._bindings.of(agent_session_id)
        if binding is None:
            return {
                "connected": False,
                "project": None,
                "session": None,
                "actor": None,
                "line": "polaris: not connected",
            }
        route = self._bindings.routes[binding.route_id]
        link = self._links.of(binding.route_id)
        connected = binding.role == "advisor" or (
            binding.state == "active" and link is not None and link.state == "connected"
        )
        sign = _sign(
            binding,
            link.state if link else "offline",
            link.reason if link else None,
            self._links.waiting(route.route_id),
        )
        return {
            "connected": connected,
            "project": route.project,
            "session": route.session or None,
            "actor": route.actor,
            "role": binding.role,
            "state": binding.state,
            "reason": binding.reason,
            "paused": bool(binding.paused),
            "advice_waiting": len(self._advice.of(route.route_id, "waiting")),
            "line": f"polaris: {route.place} ({route.actor}) {sign}",
        }

    def _identify(self, asked: Json, agent: str) -> Sighting:
        """The agent session that is meant: by its id, or by the process that it was last seen in."""
        named, pid = asked.get("agent_session_id"), asked.get("pid")
        if pid is not None and (not isinstance(pid, int) or isinstance(pid, bool) or not 0 < pid < 2**31):
            raise Unprocessable("A pid is a positive number.", code="pid_not_valid")
        process = self._bindings.session_of(pid) if pid is not None else None
        if named is None and process is not None:
            return Sighting(process.agent, process.agent_session_id, pid, process.transcript)
        if not isinstance(named, str) or not SESSION_ID.fullmatch(named):
            raise NotFound(
                "Polaris does not know this agent session.",
                code="agent_session_unknown",
                hint="Name it with agent_session_id, or send a prompt first so that its hook tells who it is.",
            )
        told = _text(asked, "transcript_path", "") or None
        found = next((one for one in self._bindings.processes() if one.agent_session_id == named), None)
        bound = self._bindings.of(named)
        return Sighting(
            agent=agent,
            agent_session_id=bound.agent_session_id
            if bound and bound.agent_session_id != named and found is None
            else named,
            pid=pid if pid is not None else (found.pid if found else (bound.pid if bound else None)),
            transcript=told or (found.transcript if found else (bound.transcript if bound else None)),
        )

    async def _make_room(self, route: Route, seen: Sighting, role: str) -> None:
        """Lets go of what this agent session had before, and of a former agent session that is over."""
        old = self._bindings.of(seen.agent_session_id)
        if old and (self._bindings.routes[old.route_id].key, old.role) != (route.key, role):
            await self._let_go(old, release=True)
        if role != "driver":
            return
        for other in self._bindings:
            same = self._bindings.routes[other.route_id].key == route.key and other.role == "driver"
            if other.agent_session_id == seen.agent_session_id or not same:
                continue
            if other.state == "active" and other.pid is not None and not processes.gone(other.pid, other.started):
                raise Conflict(
                    f"Another agent session of this machine drives {route.place} already.",
                    code="session_is_bound",
                    hint="End that agent session first, or choose another session name.",
                )
            await self._let_go(other, release=False)

    async def _let_go(self, binding: Binding, release: bool) -> int:
        await self._files.take_up()
        if binding.role == "driver":
            await self._intake.look([binding.route_id])
        await self._bindings.drop(binding.agent_session_id)
        if binding.role == "driver":
            await self._advice.lost(binding.route_id)
            if release and binding.state != "lost":
                await self._bindings.set_releasing(binding.route_id, binding.epoch)
            self._links.ensure(binding.route_id)
        else:
            await self._links.forget(binding.route_id)
        return binding.route_id

    def _profile(self) -> str:
        saved = read_credentials(self._settings.credentials_file)
        name = self._settings.profile or saved["default"]
        return name if name in saved["profiles"] else ""


async def _enter(client: Client, route: Route, role: str) -> Json:
    """What the service says about the session: joined and claimed for a driver, looked at for an advisor."""
    if role == "advisor":
        found = await (client.session(route.project, route.session) if route.session else client.project(route.project))
        return {"epoch": found.get("epoch", 0), "created": False, "claimed": False}
    joined = await client.join(route.project, route.session)
    driver = joined.get("driver")
    if driver != route.actor:
        raise Conflict(
            f"{driver} drives {route.place}.",
            code="seat_is_held",
            hint="Ask for a handoff, advise with `polaris inject`, or open a session of your own.",
            details={"driver": driver, "project": route.project, "session": route.session},
        )
    return joined


def _sign(binding: Binding, state: str, reason: str | None, waiting: int) -> str:
    if binding.role == "advisor":
        return "● advising"
    if binding.state == "lost":
        return f"○ {binding.reason or 'the seat is lost'}"
    if binding.paused:
        return "◌ paused"
    if binding.state == "ended":
        return "○ ended"
    if state == "connected":
        return "● connected"
    return f"○ {reason if state == 'refused' and reason else 'offline'}" + (f", {waiting} waiting" if waiting else "")


def _text(asked: Json, name: str, default: str | None = None) -> str:
    value = asked.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise Unprocessable(
            f"{name} is missing." if value is None else f"{name} has to be text.", code=f"{name}_not_valid"
        )
    return value


def _present_end(file: str | None) -> str | None:
    """Where reading a transcript begins: what was said before stays private."""
    return None if file is None else transcript.at_end(Path(file), now_ms() / 1000).text()
