"""Days of several organizations in a minute: what agents and people do in projects and in Slack, and what goes wrong.

Everything that is said has a mark of its own (``m000123``), so that `judge` finds it again. What is done comes from a
seed; when exactly it happens does not, because real processes take part.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from bridge_house import House, until

from polaris.db import calls, slack_calls
from polaris.db.pool import Connection, Database
from polaris.db.push import PUSH, NewEvent, Pushed, Where, columns
from polaris.demo_slack import FakeSlack, Fault
from polaris.errors import Conflict, PolarisError

HEARD = ("U1", "U2", "U3")  # the last is no member: slack:priya-rao
PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": "U1", "name": "manu", "email": "manu@example.com"},
    {"id": "U2", "name": "krishna", "email": "krishna@example.com"},
    {"id": "U3", "name": "Priya Rao", "email": "priya@elsewhere.example"},
    {"id": "UGUEST", "name": "gus", "email": "gus@guest.example", "is_restricted": True},
)
ORGS = ("acme", "globex", "initech")
Projects = dict[str, tuple[str, ...]]
PROJECTS: Projects = {"alpha": ("fxm", "fxk", "tests"), "beta": ("api", "web"), "restless": ("one",)}
CALM = ("alpha", "beta")
# Slack allows a little more than 45 of these a minute and workspace; the fake holds the bridge to it.
BUDGETS = dict.fromkeys(("chat.update", "chat.delete", "reactions.add", "reactions.remove"), 50)
UNSURE_SECONDS = 3.0  # in place of 60: a day goes by faster here
WORDS = "fix **the** `auth` middleware and <!channel> ping @here & see [docs](https://example.com/a_b?c=d&e=f) *now*"


class StormySlack(FakeSlack):
    """Slack that tells late of some messages of ours: of the posts in `late`, and of all while `echoes` is not set."""

    LATE_SECONDS = 6.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.late: set[int] = set()
        self.echoes = asyncio.Event()
        self.echoes.set()

    def tell(self, team: str, event: dict[str, Any], external: bool = False) -> asyncio.Task[Any] | None:
        late = post_of(event) in self.late
        if event["type"] == "message" and event.get("bot_id") and (late or not self.echoes.is_set()):
            self.late.discard(post_of(event))
            return self.spawn(self._later(team, event, self.LATE_SECONDS if late else 0))
        return super().tell(team, event, external)

    async def _later(self, team: str, event: dict[str, Any], seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.echoes.wait()
        super().tell(team, event)


def post_of(message: dict[str, Any]) -> int:
    """The number of the post that a message (or the arguments of its call) is; 0 for none of ours."""
    metadata = message.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    return int((metadata.get("event_payload") or {}).get("id") or 0)


@dataclass
class Seat:
    """A session and who drives it."""

    house: House
    team: str
    project: str
    session: str
    actor: str
    epoch: int


@dataclass
class Said:
    """Something that a person wrote in Slack, and to which sessions. ``changed``: the mark of its later text."""

    org: int
    project: str
    mark: str
    sessions: tuple[str, ...]
    heard: bool
    changed: str | None = None
    changed_sessions: tuple[str, ...] = ()
    asked: bool = False  # names nobody: a hint is due


@dataclass
class Told:
    """What has been done, for the judge."""

    events: int = 0
    said: list[Said] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    ours: set[int] = field(default_factory=set)  # ids of the arguments of calls that the weather answered with 429
    kept: list[dict[str, Any]] = field(default_factory=list)  # so that no id is given twice

    def count(self, fault: str) -> None:
        self.faults[fault] = self.faults.get(fault, 0) + 1


class Stage:
    """Organizations with workspaces on one Slack, their sessions, and what is done there."""

    def __init__(self, slack: StormySlack, houses: dict[str, House], owner: str, projects: Projects, seed: int) -> None:
        self.slack, self.houses, self.owner, self.projects = slack, houses, owner, projects
        self.random = random.Random(seed)
        self.told = Told()
        self.seats: list[Seat] = []
        self._marks = 0

    def mark(self) -> str:
        self._marks += 1
        return f"m{self._marks:06d}"

    async def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the superuser: what no function shows, and time that has gone by."""
        async with await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as connection:
            cursor = await connection.execute(query.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def furnish(self) -> None:
        """Projects and sessions of every organization."""
        for team, house in self.houses.items():
            await house.ask(calls.add_member, house.org, house.me, "krishna", "member", "krishna@example.com")
            for project, sessions in self.projects.items():
                await house.project(project)
                for number, session in enumerate(sessions):
                    actor = ("user:manu", "user:krishna")[number % 2]
                    row = await house.ask(calls.join_session, house.org, actor, project, session, 3600)
                    self.seats.append(Seat(house, team, project, session, actor, row.epoch))

    async def furnished(self, seconds: float = 60) -> None:
        """Every project has its channel, and people are in it."""
        for team, house in self.houses.items():
            for project in self.projects:
                row = await until(
                    lambda house=house, project=project: house.channel(project),  # type: ignore[misc]
                    lambda row: row.state == "live",
                    seconds,
                )
                people = {person["id"] for person in PEOPLE}
                self.slack.teams[team]["channels"][row.channel_id]["members"] |= people

    # What agents do

    async def push(self, seat: Seat, *events: tuple[str, str], turn: str | None = None) -> None:
        """``(kind, body)`` each, all at once, as a daemon does; once more where the database did not answer."""
        new = [
            NewEvent(f"c:{uuid.uuid4()}", kind, seat.epoch, turn, "claude-code", body, b'{"tool_input": {}}')
            for kind, body in events
        ]
        where = Where(seat.house.org, seat.actor, seat.project, seat.session)

        async def call(conn: Connection) -> list[Pushed]:
            cursor = await conn.execute(PUSH, columns(seat.house.org, [where] * len(new), new))
            return [Pushed(*row) for row in await cursor.fetchall()]

        pushed = await seat.house.database.ask(call)
        assert all(one.code is None for one in pushed), pushed
        self.told.events += len(pushed)

    async def work(self, seat: Seat, turns: int, pace: float) -> None:
        """A session's day: *turns* turns, about *pace* seconds each."""
        dice = random.Random(self.random.random())
        for number in range(turns):
            turn = str(uuid.UUID(int=dice.getrandbits(128)))
            await self.push(seat, ("prompt", self._words(dice)), turn=turn)
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(pace * dice.uniform(0.05, 0.2))
                await self.push(seat, *self._tools(dice), turn=turn)
            await self._take_advice(seat, dice)
            await asyncio.sleep(pace * dice.uniform(0.1, 0.3))
            end = ("turn.interrupted", "") if dice.random() < 0.1 else ("reply", self._words(dice))
            await self.push(seat, end, turn=turn)
            await self._answer_advice(seat, dice)
            if dice.random() < 0.25:
                await self._hand_off(seat)
            if dice.random() < 0.4:
                await self.advise(seat, f"look at {self.mark()}")
            if number + 1 < turns:
                await asyncio.sleep(pace * dice.uniform(0.2, 0.4))

    async def advise(self, seat: Seat, body: str) -> None:
        """user:krishna speaks to a session, not in Slack."""
        where = (seat.house.org, "user:krishna", seat.project, seat.session)
        await seat.house.ask(calls.inject, *where, body, expires_in=timedelta(days=1))

    def _words(self, dice: random.Random) -> str:
        text = f"{self.mark()} {WORDS}"
        match dice.randrange(8):
            case 0:
                return f"{text}\n\n```python\nprint('<@U1>')\n```\n- one\n- two"
            case 1:
                return text + " and so on" * 700
            case _:
                return text

    def _tools(self, dice: random.Random) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for _ in range(dice.randrange(1, 8)):
            if dice.random() < 0.15:
                found.append(("message", f"{self.mark()} I look at it"))
            found += [("tool.call", f"Bash: pytest -q -k {self.mark()}"), ("tool.result", "passed")]
        if dice.random() < 0.1:
            found.append(("notice", f"{self.mark()} the context is compacted"))
        return found

    async def _take_advice(self, seat: Seat, dice: random.Random) -> None:
        """The driver's daemon hands over what waits; some of it fails, some is seen."""
        house, place = seat.house, (seat.project, seat.session)
        for advice in await house.ask(calls.read_advice, house.org, seat.actor, *place, seat.epoch):
            about = (house.org, seat.actor, advice.delivery_id)
            with suppress(PolarisError):
                await house.ask(calls.settle_delivery, *about, "sent", None, "hook", seat.epoch)
                if dice.random() < 0.1:
                    await house.ask(calls.settle_delivery, *about, "failed", "unproven", None, seat.epoch)
                else:
                    await house.ask(calls.settle_delivery, *about, "seen", None, "hook", seat.epoch)

    async def _answer_advice(self, seat: Seat, dice: random.Random) -> None:
        house = seat.house
        for delivery in await house.ask(calls.list_deliveries, house.org, None, seat.project, seat.session):
            if delivery.state == "seen" and delivery.epoch == seat.epoch and dice.random() < 0.8:
                with suppress(PolarisError):
                    about = (house.org, seat.actor, delivery.delivery_id)
                    await house.ask(calls.settle_delivery, *about, "answered", None, None, seat.epoch)

    async def _hand_off(self, seat: Seat) -> None:
        house, place = seat.house, (seat.project, seat.session)
        other = "user:krishna" if seat.actor == "user:manu" else "user:manu"
        await house.ask(calls.release_driver, house.org, seat.actor, *place, None, other)
        row = await house.ask(calls.claim_driver, house.org, other, *place, 3600)
        seat.actor, seat.epoch = other, row.epoch

    # What people say in Slack

    async def talk(self, team: str, messages: int, pace: float) -> None:
        """People of a workspace write *messages*, about *pace* seconds apart; in turn, so that nobody is too fast."""
        dice = random.Random(self.random.random())
        house, slack = self.houses[team], self.slack
        for number in range(messages):
            project = dice.choice(CALM)
            channel = str((await house.channel(project)).channel_id)
            await self._speak(dice, house, team, project, channel, HEARD[number % len(HEARD)])
            if dice.random() < 0.2:
                self.told.count("redelivered")
                slack.spawn(slack.redeliver(dice.choice(list(slack.sent)), 1))
            await asyncio.sleep(pace * dice.uniform(0.6, 1.4))

    async def _speak(self, dice: random.Random, house: House, team: str, project: str, channel: str, user: str) -> None:
        slack, mark, names = self.slack, self.mark(), self.projects[project]
        said = Said(house.org, project, mark, (dice.choice(names),), heard=True)
        to = said.sessions[0]
        self.told.said.append(said)
        match dice.choice(
            ("at", "at", "colon", "several", "thread", "edit", "delete", "move", "nobody", "verb", "never")
        ):
            case "at":
                await slack.say(team, channel, user, f"@{to} use RS256 &amp; {mark}")
            case "colon":
                await slack.say(team, channel, user, f"{to}: look at {mark}")
            case "several":
                said.sessions = tuple(names[:2])
                await slack.say(team, channel, user, f"@{names[0]} @{names[1]} stop, {mark}")
            case "thread":
                await self._reply(dice, house, team, channel, user, said)
            case "edit" | "move" as how:
                ts = await slack.say(team, channel, user, f"@{to} wait for {mark}")
                await asyncio.sleep(dice.uniform(0, 1))
                other = to if how == "edit" else next(name for name in names if name != to)
                said.changed, said.changed_sessions = self.mark(), (to,) if how == "edit" else ()
                await slack.edit(team, channel, ts, f"@{other} wait for {said.changed}", wait=False)
            case "delete":
                ts = await slack.say(team, channel, user, f"@{to} never mind {mark}")
                await asyncio.sleep(dice.uniform(0, 1))
                await slack.delete(team, channel, ts, wait=False)
            case "nobody":
                said.sessions, said.asked = (), True
                await slack.say(team, channel, user, f"@nobody-{mark} are you there?")
            case "verb":
                said.sessions = ()
                await slack.say(team, channel, user, dice.choice(("who", f"brief {to}")))
            case _:
                said.heard = False
                await self._never(dice, team, channel, f"@{to} run {mark}")

    async def _reply(self, dice: random.Random, house: House, team: str, channel: str, user: str, said: Said) -> None:
        """Into the thread of a prompt, without a name: it is for that session."""
        roots = await self.sql(
            "select o.ts, s.name from polaris_data.slack_posts o "
            "join polaris_data.sessions s using (org_id, session_id) "
            "where o.org_id = %s and o.channel_id = %s and o.ts is not null and o.key like %s",
            *(house.org, channel, "turn:%"),
        )
        if roots:
            ts, session = dice.choice(roots)
            said.sessions = (session,)
            await self.slack.say(team, channel, user, f"and {said.mark}, please", thread_ts=ts)
        else:
            await self.slack.say(team, channel, user, f"@{said.sessions[0]} and {said.mark}")

    async def _never(self, dice: random.Random, team: str, channel: str, text: str) -> None:
        match dice.randrange(3):
            case 0:
                await self.slack.say(team, channel, "UGUEST", text)
            case 1:
                await self.slack.say(team, channel, "USTRANGER", text, external_team="TOTHER")
            case _:
                more = {"bot_id": "BOTHER", "app_id": "AOTHER", "subtype": "bot_message"}
                await self.slack.say(team, channel, "UOTHERBOT", text, **more)

    # What goes wrong

    def weather(self, method: str, args: dict[str, Any]) -> Fault | None:
        """Slack's bad moments: of a hundred posts about ten, of other calls five."""
        chance = self.random.random()
        if method in ("apps.connections.open", "users.list"):
            return None
        bad = 0.10 if method == "chat.postMessage" else 0.05
        if chance > bad:
            return None
        kind = self.random.choice(("429", "503", "dropped", "cut", "cut", "slow"))
        if method == "chat.postEphemeral" and kind not in ("429", "slow"):
            return None  # what nobody can know about a hint is never repeated: it would be missing
        self.told.count(f"{method} {kind}")
        self.told.kept.append(args)
        match kind:
            case "429":
                self.told.ours.add(id(args))
                return Fault(method, status=429, retry_after=self.random.randrange(1, 4))
            case "503":
                return Fault(method, status=503)
            case "dropped":
                return Fault(method, drop=True)
            case "slow":
                return Fault(method, slow=self.random.uniform(0.3, 2))
        if method == "chat.postMessage" and self.random.random() < 0.4:
            self.slack.late.add(post_of(args))
        return Fault(method, after=True)

    async def trouble(self) -> None:
        """Sockets that break, acknowledgements that get lost, echoes without metadata; until it is cancelled."""
        while True:
            await asyncio.sleep(self.random.uniform(0.5, 2.5))
            kind = self.random.choice(("lost acks", "abort", "refresh", "bare echoes", "bare echoes"))
            self.told.count(kind)
            match kind:
                case "lost acks":
                    self.slack.lost_acks += self.random.randrange(1, 4)
                case "abort":
                    self.slack.abort()
                case "refresh":
                    await self.slack.refresh()
                case _:
                    self.slack.echo_metadata = False
                    await asyncio.sleep(self.random.uniform(0.5, 2))
                    self.slack.echo_metadata = True

    async def disturb(self, team: str, pace: float) -> None:
        """What people do to the channel of the restless project, until an administrator mends it."""
        house, slack = self.houses[team], self.slack
        for how in ("rename", "kick", "archive", "delete"):
            await asyncio.sleep(pace)
            row = await house.channel("restless")
            if row.channel_id is None or row.channel_id not in slack.teams[team]["channels"]:
                continue
            self.told.count(f"channel {how}")
            match how:
                case "rename":
                    await slack.rename(team, row.channel_id, f"renamed-{self.mark()}")
                    continue
                case "kick":
                    await slack.kick(team, row.channel_id)
                case "archive":
                    await slack.archive(team, row.channel_id)
                case _:
                    await slack.delete_channel(team, row.channel_id)
                    continue
            await asyncio.sleep(pace)
            with suppress(Conflict):
                await house.ask(slack_calls.set_slack_channel, house.org, house.me, "restless", None, None, True)

    async def age(self) -> None:
        """A post about which nobody knows is repeated after three seconds in place of sixty; until it is cancelled."""
        while True:
            await asyncio.sleep(0.5)
            await self.sql(
                "update polaris_data.slack_posts set due_at = clock_timestamp() "
                "where state = 'unsure' and due_at > clock_timestamp() "
                "and due_at - interval '60 seconds' < clock_timestamp() - make_interval(secs => %s)",
                UNSURE_SECONDS,
            )
            for house in self.houses.values():
                await self.sql("select polaris_data.publish_control(%s, 'slack_inbox', 0)", house.org)

    async def run(self, turns: int, messages: int, pace: float) -> None:
        """The whole day; returns when everything that is to happen has happened (and not yet when all is in Slack)."""
        self.slack.weather = self.weather
        around = [asyncio.create_task(self.trouble())]
        try:
            async with asyncio.TaskGroup() as group:
                for seat in self.seats:
                    group.create_task(self.work(seat, turns, pace))
                for team in self.houses:
                    group.create_task(self.talk(team, messages, turns * pace / messages))
                    group.create_task(self.disturb(team, turns * pace / 8))
        finally:
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
            self.slack.lost_acks, self.slack.echo_metadata = 0, True

    async def settled(self, seconds: float) -> bool:
        """Whether within *seconds* all that has to be in Slack is there, and all that was said there is done."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.slack.quiet(), seconds)
                if not await self.open_ends():
                    return True
            await asyncio.sleep(0.2)
        return False

    async def open_ends(self) -> list[tuple[Any, ...]]:
        """What is still to be done: events without posts, posts that are not made or look otherwise, inbox rows."""
        return await self.sql(
            """
            select 'event', c.project_id::text, c.cursor::text from polaris_data.slack_channels c
            join polaris_data.project_heads h using (org_id, project_id)
            where c.state = 'live' and c.cursor < h.last_seq
            union all
            select 'channel', c.project_id::text, c.state from polaris_data.slack_channels c where c.state <> 'live'
            union all
            select 'post', o.key, o.state from polaris_data.slack_posts o
            where o.state in ('waiting', 'posting', 'unsure')
            union all
            select 'change', o.key, o.state from polaris_data.slack_posts o
            join polaris_data.slack_channels c using (org_id, channel_id)
            where o.ts is not null
              and (o.version > o.shown or o.reaction is distinct from o.reaction_shown or o.extra_ts is not null)
            union all
            select 'inbox', i.event_id, i.kind from polaris_data.slack_inbox i where i.done_at is null
            """
        )


@asynccontextmanager
async def stage(
    service: str, owner: str, folder: Path, seed: int = 0, orgs: tuple[str, ...] = ORGS, projects: Projects = PROJECTS
) -> AsyncIterator[Stage]:
    """Organizations on one Slack that holds its limits, connected and furnished; no bridge runs yet."""
    slack = StormySlack(ack_timeout=1.0, rate=1.0, budgets=dict(BUDGETS))
    await slack.start()
    slack.retry_delays = (0.3,) * 100  # nobody is away for longer than Slack tries
    pool = Database(service, most=16, name="traffic")
    await pool.open()
    try:
        async with aiohttp.ClientSession() as http:
            houses: dict[str, House] = {}
            for number, slug in enumerate(orgs, 1):
                team = f"T{number}"
                slack.team(team, slug, [dict(person) for person in PEOPLE])
                house = houses[team] = House(pool, slack, http, folder)
                house.slug = slug
                await house.found()
                await house.connect(team)
            made = Stage(slack, houses, owner, projects, seed)
            await made.furnish()
            yield made
    finally:
        await pool.close()
        await slack.stop()
