"""Binding an agent session to a Polaris session, and letting it go again."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from polaris import log
from polaris.client import Client, Json
from polaris.credentials import acting
from polaris.errors import Conflict, NotFound, PolarisError, Unprocessable
from polaris.settings import Credential, Settings, read_credentials

from . import agents, processes, transcript
from .advice import Advice
from .asked import sign as asked_sign
from .bindings import SESSION_ID, Bindings, Sighting, now_ms
from .direct import Opener
from .files import Files
from .intake import Intake
from .keyring import Keyring
from .limits import Limits
from .links import Links
from .records import Binding, Route

LOG = log.get("daemon.connect")

# How long /disconnect waits for the service before it answers that the rest is done later.
RELEASE_SECONDS = 5.0
STEP_SECONDS = 0.05
# How many of the pieces that came to an end /inbox tells of.
ENDED_SHOWN = 10
ON_THE_WAY = ("sent", "seen")
WAITING = ("held", "queued")


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
        opener: Opener,
        limits: Limits,
    ) -> None:
        self._settings, self._bindings, self._advice = settings, bindings, advice
        self._intake, self._files, self._links, self._keyring = intake, files, links, keyring
        self.opener, self._limits = opener, limits
        self._lock = asyncio.Lock()

    def credential(self, route: Route) -> Credential:
        """As whom a route writes: the token it was given, else its profile's at this moment."""
        return acting(
            self._settings, route.profile or None, self._keyring.get(route.token_ref) if route.token_ref else None
        )

    def credential_of(self, token: str | None) -> Credential:
        """As whom one acts who is not connected: the token that is shown, else the profile."""
        return acting(self._settings, self._profile() or None, token)

    def who(self, asked: Json) -> Sighting:
        """The agent session that a request means. Raises 404 ``agent_session_unknown``."""
        return self._identify(asked, _text(asked, "agent", "claude-code"))

    async def connect(self, asked: Json) -> Json:
        """Joins the session, takes the seat for a driver, and binds. See `routes` for the fields.

        ``brief`` in the answer is what a driver has to know who comes to a session that others began, else null.
        Raises 409 ``seat_is_held`` (``details.driver``, ``details.driver_since``), 409 ``seat_is_reserved``, 409
        ``session_is_bound`` when another living agent session of this machine has it, 404 ``agent_session_unknown``,
        403 ``directory_excluded`` or ``agent_switched_off`` where the user wants nothing captured (``cwd`` tells the
        directory where the daemon cannot know it), and what the service refuses.
        """
        agent, role = _text(asked, "agent", "claude-code"), _text(asked, "role", "driver")
        project, session, token = _text(asked, "project"), _text(asked, "session", ""), _text(asked, "token", "")
        if role not in ("driver", "advisor"):
            raise Unprocessable("A role is driver or advisor.", code="role_not_valid")
        if not project or (role == "driver" and not session):
            raise Unprocessable(
                "A driver names a project and a session." if project else "Name a project.",
                code="session_missing" if project else "project_missing",
                hint="An advisor may leave the session out, and watches the whole project then.",
            )
        if agents.find(agent) is None:
            raise Unprocessable(f"Polaris does not know the agent {agent!r}.", code="unknown_agent")
        seen = self._identify(asked, agent)
        self._limits.check(seen, _text(asked, "cwd", "") or None)
        async with self._lock:
            profile = _text(asked, "profile", "") or self._profile()
            credential = acting(self._settings, profile or None, token or None)
            async with self.opener.client(credential) as client:
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
                former = self._bindings.of(seen.agent_session_id)
                brief = None if former or role != "driver" else await _brief(client, route, joined)
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
                    cursor=_present_end(agent, seen.transcript),
                    bound_at=now_ms(),
                )
            )
            if role == "driver":
                self._links.ensure(route.route_id)
        joined = {"epoch": epoch, "created": bool(joined.get("created")), "claimed": bool(joined.get("claimed"))}
        about: Json = {"agent_session_id": seen.agent_session_id, "brief": brief}
        return self.status(seen.agent_session_id) | about | joined

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

    async def handoff(self, asked: Json, request: int | None = None) -> Json:
        """Delivers what waits, gives the seat to ``to`` (or to whoever comes), and unbinds.

        With *request* only if that request for the seat still stands: nobody has it kept who does not want it any more.
        Answers ``{"project", "session", "to", "waiting"}``. Unlike `disconnect` it is now or never: the next driver
        waits. Raises 404 ``not_connected``, 409 ``not_driver``, what the service refuses, and `Unavailable`; then
        nothing has changed.
        """
        seen = self._identify(asked, _text(asked, "agent", "claude-code"))
        to = _text(asked, "to", "")
        async with self._lock:
            binding = self._bound(seen)
            route = self._bindings.routes[binding.route_id]
            if binding.role != "driver" or binding.state == "lost":
                raise Conflict(
                    f"This agent session has no seat to hand over: it {_has_instead(binding)}.",
                    code="not_driver",
                    hint="`polaris status` shows what is connected.",
                )
            await self._files.take_up()
            await self._intake.look([route.route_id])
            await self._sent(route)
            credential = self.credential(route)
            async with self.opener.client(credential) as client:
                if request is None:
                    await client.release(route.project, route.session, binding.epoch, to=to or None)
                else:
                    await client.answer_seat(route.project, route.session, request, "give")
            await self._let_go(binding, release=False)
        waiting = self._links.waiting(route.route_id)
        return {"project": route.project, "session": route.session, "to": to or None, "waiting": waiting}

    async def inbox(self, asked: Json) -> Json:
        """What was said to this agent session: ``{"project", "session", "waiting", "on_its_way", "ended"}``.

        Raises 404 ``not_connected``, and `Unavailable`: what became of a piece only the service knows.
        """
        binding = self._bound(self._identify(asked, _text(asked, "agent", "claude-code")))
        route = self._bindings.routes[binding.route_id]
        if not route.session:
            raise NotFound("A project has no inbox: only a session is advised.", code="not_connected")
        credential = self.credential(route)
        async with self.opener.client(credential) as client:
            found = await client.deliveries(route.project, route.session)
        ended = [one for one in found if one["state"] not in (*WAITING, *ON_THE_WAY)]
        return {
            "project": route.project,
            "session": route.session,
            "waiting": [one for one in found if one["state"] in WAITING],
            "on_its_way": [one for one in found if one["state"] in ON_THE_WAY],
            "ended": ended[-ENDED_SHOWN:],
        }

    async def pause(self, asked: Json) -> Json:
        """Stops or resumes the capture of one agent session; the seat is kept."""
        seen = self._identify(asked, _text(asked, "agent", "claude-code"))
        paused = asked.get("paused", True)
        binding = self._bound(seen)
        if not isinstance(paused, bool):
            raise Unprocessable("paused is true or false.", code="paused_not_valid")
        if not paused:
            self._limits.check(seen)
        # What is written while it is paused is not read afterwards either.
        cursor = _present_end(binding.agent, binding.transcript)
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
        asked = link.asked.actors if link and binding.role == "driver" and binding.state == "active" else []
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
            "profile": route.profile or None,
            "role": binding.role,
            "state": binding.state,
            "reason": binding.reason,
            "paused": bool(binding.paused),
            "advice_waiting": len(self._advice.of(route.route_id, "waiting")),
            "asked_by": list(asked),
            "line": f"polaris: {route.place} ({route.actor}) {sign}{asked_sign(asked)}",
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

    def _bound(self, seen: Sighting) -> Binding:
        binding = self._bindings.of(seen.agent_session_id)
        if binding is None:
            raise NotFound(
                "This agent session is not connected.",
                code="not_connected",
                hint="Connect it: polaris join PROJECT SESSION.",
            )
        return binding

    async def _sent(self, route: Route) -> None:
        """Waits a little for the service to have what was captured; what it has not by then comes late."""
        self._links.wake(route.route_id)
        for _ in range(int(RELEASE_SECONDS / STEP_SECONDS)):
            if self._links.waiting(route.route_id) <= 0:
                return
            await asyncio.sleep(STEP_SECONDS)

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
    driver, place = joined.get("driver"), {"project": route.project, "session": route.session}
    if driver == route.actor:
        return joined
    hint = (
        f"Watch and advise: `polaris join {route.project} {route.session} --watch`. "
        f"Ask for the seat: `polaris ask {route.project} {route.session}`."
    )
    if driver is None:
        told = {name: joined.get(name) for name in ("reserved_for", "reserved_until")}
        text = f"The seat of {route.place} is kept for {told['reserved_for']}."
        raise Conflict(text, code="seat_is_reserved", hint=hint, details=told | place)
    since = joined.get("driver_since")
    text = f"{driver} drives {route.place}" + (f" since {_minute(since)}." if since else ".")
    raise Conflict(text, code="seat_is_held", hint=hint, details={"driver": driver, "driver_since": since} | place)


async def _brief(client: Client, route: Route, joined: Json) -> str | None:
    """What the new driver has to know; None for a session that began just now. A service without one is no failure."""
    if joined.get("created"):
        return None
    try:
        text = (await client.brief(route.project, route.session)).get("text")
    except PolarisError as error:
        LOG.warning("there is no brief", extra={"place": route.place, "code": error.code})
        return None
    return text if isinstance(text, str) and text.strip() else None


def _minute(moment: object) -> str:
    return f"{str(moment)[:16].replace('T', ' ')} UTC"


def _has_instead(binding: Binding) -> str:
    return "only advises" if binding.role != "driver" else binding.reason or "has lost it"


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


def _present_end(name: str, file: str | None) -> str | None:
    """Where reading a transcript begins: what was said before stays private."""
    agent = agents.find(name)
    how = agent.transcript() if agent else None
    return None if file is None else transcript.at_end(Path(file), now_ms() / 1000, how).text()
