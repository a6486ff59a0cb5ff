"""The live demo: ``polaris up --demo`` plays the story in project ``demo``, then one agent stays and answers advice.

It plays on the service of this home, with a daemon and a folder of its own, as participants of its own: the user's
credentials make these and are not used for anything else. What was played once is not played again. Nothing is written
while nobody speaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from polaris import log, resources
from polaris.client import Backoff, Client
from polaris.demo_stage import Machine, machine
from polaris.demo_story import REVIEWER, STORY, TEST_WRITER, Answer, Ask, Beat, Write, left
from polaris.errors import Conflict, PolarisError
from polaris.render import shortened
from polaris.replay import Agent
from polaris.settings import Settings, write_private

PROJECT = "demo"
HEART = "fxm"  # the session whose agent stays
PROFILE = "local"
LABEL = "polaris up --demo"
PEOPLE = ("krishna", "priya")

# About a minute for the whole story.
PACE_SECONDS = 4.0
# The daemon answers when it is asked, and tells nobody by itself: a look costs it a lookup in memory.
LOOK_SECONDS = 0.5
# A seat that somebody else has, or a session that is archived.
JOIN_SECONDS = 3.0
# Advice that is there and was not handed (it expired just now): asking again at once would only fill the record.
QUIET_SECONDS = 30.0

ADVICE = re.compile(
    r"^Advice from (\S+) \([^\n]*\) for session [^\n]*:\n(.*?)\n\(polaris:advice:[\w-]+\)", re.DOTALL | re.MULTILINE
)
ASKS = "Somebody has a word for us. What is it?"
STAND_IN = "(A stand-in for a coding agent plays this demo: it reads and answers, but there is no model behind it.)"

STORY_ADVICE = {beat.advice for beat in STORY if isinstance(beat, Write)}

T = TypeVar("T")
logger = log.get(__name__)


async def play(settings: Settings, *, ready: Callable[[str], None], pace: float = PACE_SECONDS) -> None:
    """Plays until it is cancelled; *ready* is called with the place to advise. Raises `PolarisError`.

    *pace* is how many seconds people take for a step. What cannot be mended by starting again, such as a person of the
    demo whom an administrator removed, ends the play, not the process: that is started again whenever it ends.
    """
    owner = settings.replace(profile=PROFILE, url=None, token=None).credential()
    folder = settings.home / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(Client(owner.url, owner.token))
            try:
                cast = await _cast(client, owner.actor, settings.home / "demo.json")
            except PolarisError as error:
                if error.status >= 500:
                    raise
                logger.warning("the demo is not played", extra={"reason": error.message})
                ready(f"{PROJECT}/{HEART}")
                await asyncio.Event().wait()
                return
            environment = {"POLARIS_URL": owner.url, "POLARIS_PARENT": str(os.getpid())}
            place = await stack.enter_async_context(machine(folder, ["daemon"], environment))
            stage = _Stage(place, client, cast, pace, stack)
            ready(f"{PROJECT}/{HEART}")
            await stage.play()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class _Player:
    """The driver of one session and the agent in front of that person.

    *busy*: a turn is open; *calling*: its tool runs; *heard*: what others said in it, and who.
    """

    session: str
    token: str = field(repr=False)
    agent: Agent
    life: AsyncExitStack
    busy: bool = False
    calling: bool = False
    heard: list[tuple[str, str]] = field(default_factory=list)
    line: str = ""
    joins_at: float = 0.0
    quiet_until: float = 0.0


@dataclass
class _Stage:
    """One machine, where everybody's agents run."""

    machine: Machine
    owner: Client
    cast: dict[str, str] = field(repr=False)  # actor or session → token
    pace: float
    stack: AsyncExitStack
    players: dict[str, _Player] = field(default_factory=dict)

    async def play(self) -> None:
        """The rest of the story; then answers advice for ever."""
        page = await _patiently(lambda: self.owner.messages(PROJECT, kind=["reply"], after=0, limit=500))
        answered = [(event["session"], event["body"]) for event in page["items"]]
        # Where retention took the beginning, the story was told long ago.
        beats = [] if page["first_seq"] > 1 else list(left(answered))
        heart = await self._enter(HEART)
        logger.info("plays", extra={"place": f"{PROJECT}/{HEART}", "beats": len(beats)})
        for number, beat in enumerate(beats):
            await self._beat(beat)
            await self._breathe(self.pace)
            if not any(later.session == beat.session for later in beats[number + 1 :]) and beat.session != HEART:
                # The seat is free for whoever wants to take it.
                await self.players.pop(beat.session).life.aclose()
        logger.info("the story is told", extra={"answers_in": f"{PROJECT}/{heart.session}"})
        while True:
            await self._breathe(LOOK_SECONDS)

    async def _beat(self, beat: Beat) -> None:
        player = self.players.get(beat.session) or await self._enter(beat.session)
        while not await self._drives(player):
            await self._breathe(LOOK_SECONDS)
        match beat:
            case Ask(text=text):
                player.busy = True
                self._hear(player, await player.agent.prompt(text))
            case Write():
                await self._write(player, beat)
            case Answer(text=text):
                others = [(who, said) for who, said in player.heard if said not in STORY_ADVICE]
                await self._answer(player, "\n\n".join(filter(None, [text, _reply(others)])))

    async def _write(self, player: _Player, beat: Write) -> None:
        where = str(player.agent.cwd / beat.path)
        written = {"file_path": where, "content": beat.content}
        player.calling = True
        await player.agent.call("Write", written, saying=beat.saying)
        await self._breathe(self.pace / 2)
        if beat.advice:
            await self._advise(beat)
            await self._breathe(self.pace / 2)
        response = {"type": "create", "filePath": where, "content": beat.content}
        self._hear(player, await player.agent.result("Write", written, response))
        player.calling = False

    async def _advise(self, beat: Write) -> None:
        async with Client(self.owner.url, self.cast[beat.advisor]) as advisor:
            # Named after its place in the story: after a restart it is the same advice, not another one.
            name = f"story-{STORY.index(beat)}"
            await _patiently(lambda: advisor.inject(PROJECT, beat.session, beat.advice, client_id=name))

    async def _answer(self, player: _Player, text: str) -> None:
        """Ends the turn; goes on while the end itself brings advice."""
        while text:
            player.heard.clear()
            self._hear(player, await player.agent.answer(text))
            text = _reply(player.heard)
        player.busy = False

    async def _breathe(self, seconds: float) -> None:
        """Waits; advice for the agent that stays is answered meanwhile."""
        end = time.monotonic() + seconds
        while True:
            if heart := self.players.get(HEART):
                await self._listen(heart)
            rest = end - time.monotonic()
            if rest <= 0:
                return
            await asyncio.sleep(min(LOOK_SECONDS, rest))

    async def _listen(self, player: _Player) -> None:
        """Takes a turn when advice waits; in the middle of one the agent looks something up, and the hook brings it."""
        if player.calling or not await self._drives(player) or time.monotonic() < player.quiet_until:
            return
        if not await self.machine.hands(player.agent):
            return
        if player.busy:
            await self._look_up(player)
            return
        player.busy = True
        self._hear(player, await player.agent.prompt(ASKS))
        if not player.heard:
            player.quiet_until = time.monotonic() + QUIET_SECONDS
        await asyncio.sleep(self.pace / 4)
        await self._look_up(player)
        await asyncio.sleep(self.pace / 4)
        await self._answer(player, _reply(player.heard) or "It was taken back before I could read it.")

    async def _look_up(self, player: _Player) -> None:
        """The agent reads the file that the story is about."""
        where = player.agent.cwd / "src/middleware/auth.ts"
        content = next(beat.content for beat in STORY if isinstance(beat, Write) and beat.session == HEART)
        read = {"type": "text", "file": {"filePath": str(where), "content": content, "numLines": 1, "totalLines": 1}}
        said = await player.agent.tool("Read", {"file_path": str(where)}, read, saying="I look at what we have.")
        self._hear(player, said)

    def _hear(self, player: _Player, context: str) -> None:
        player.heard += [(who, re.sub(r"(?m)^> ?", "", text)) for who, text in ADVICE.findall(context)]

    async def _enter(self, session: str) -> _Player:
        """An agent for one session; it joins when it is first looked at."""
        capture = resources.path("hooks", "capture.sh")
        folder = self.machine.home / "agents" / session
        life = AsyncExitStack()
        self.stack.push_async_callback(life.aclose)
        agent = await life.enter_async_context(Agent(folder, capture, self.machine.environment))
        life.push_async_callback(self._leave, agent)
        player = self.players[session] = _Player(session, self.cast[session], agent, life)
        return player

    async def _leave(self, agent: Agent) -> None:
        # At the end of everything the daemon may be gone already; the seats lapse then.
        with contextlib.suppress(PolarisError, OSError, TimeoutError):
            await self.machine.leave(agent, release=True)

    async def _drives(self, player: _Player) -> bool:
        """Whether the player has the seat and a link; joins again where it lost them, once every few seconds."""
        status = await self.machine.status(player.agent)
        line = str(status.get("line"))
        lost = status.get("state") != "active"
        if lost and time.monotonic() >= player.joins_at:
            player.joins_at = time.monotonic() + JOIN_SECONDS
            try:
                await self.machine.join(player.agent, PROJECT, player.session, player.token)
                line = f"{PROJECT}/{player.session} joined"
            except PolarisError as error:
                line = error.message
        elif lost:
            line = player.line
        if line != player.line:
            player.line = line
            logger.info("%s", line, extra={"session": player.session})
        return not lost and bool(status.get("connected"))


async def _cast(owner: Client, me: str, file: Path) -> dict[str, str]:
    """A token for every participant of the demo and every session; makes people, project and tokens where they lack.

    The tokens are kept in *file* for the next time. Raises `PolarisError` when somebody was removed for good.
    """
    handles = [f"{name}-demo" if me == f"user:{name}" else name for name in PEOPLE]
    known = {member["handle"]: member for member in await owner.members()}
    for handle in handles:
        if handle not in known:
            await owner.add_member(handle)
        elif known[handle]["removed_at"]:
            raise Conflict(f"user:{handle}, of the demo, was removed from the organization.")
    with contextlib.suppress(Conflict):
        if PROJECT not in {project["name"] for project in await owner.projects()}:
            await owner.create_project(PROJECT)
    krishna, priya = (f"user:{handle}" for handle in handles)
    tokens = {actor: await _token(owner, actor, _kept(file)) for actor in (krishna, priya, TEST_WRITER, REVIEWER)}
    write_private(file, json.dumps({"tokens": tokens}) + "\n")
    sessions = {"fxm": tokens[priya], "fxk": tokens[krishna], "tests": tokens[TEST_WRITER]}
    return tokens | sessions | {"user:krishna": tokens[krishna], "user:priya": tokens[priya]}


async def _token(owner: Client, actor: str, kept: dict[str, str]) -> str:
    """The kept token of *actor* if it still stands for it; else a new one, and the former ones are revoked."""
    if token := kept.get(actor):
        try:
            async with Client(owner.url, token) as client:
                if (await client.me())["actor"] == actor:
                    return token
        except PolarisError as error:
            if error.status >= 500:
                raise
    for old in await owner.tokens():
        if old["actor"] == actor and old["name"] == LABEL and not old["revoked_at"]:
            await owner.revoke_token(old["token_id"])
    return str((await owner.create_token(LABEL, actor=actor))["token"])


def _kept(file: Path) -> dict[str, str]:
    try:
        return {str(actor): str(token) for actor, token in json.loads(file.read_text())["tokens"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}  # they are made anew


def _reply(heard: list[tuple[str, str]]) -> str:
    """What the agent answers to those who spoke."""
    if not heard:
        return ""
    words = [f"{who} says: “{shortened(text, 300)}” Understood; I go on with it." for who, text in heard]
    return "\n".join([*words, STAND_IN])


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """The service may be started again under us: asks until it answers."""
    backoff = Backoff()
    while True:
        try:
            return await call()
        except PolarisError as error:
            if error.status < 500 and error.status != 429:
                raise
        await backoff.wait()
