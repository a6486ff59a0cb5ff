"""A team at work, for the screenshots: people from a provider, their daemons, and stand-ins for Claude Code that run
the real capture hook on recorded payloads. What they say is made up; what happens to it is not.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import slack_pages
from api_place import DEADLINE, Place

from polaris import credentials, tokens
from polaris.bridge.app import Bridge
from polaris.bridge.seal import Seal
from polaris.client import Client
from polaris.db import calls, keeping_calls, slack_calls
from polaris.demo_slack import FakeSlack
from polaris.demo_stage import Machine, machine
from polaris.http.web import visitor as visitors
from polaris.replay import Agent, recorded

ISSUER = "https://accounts.google.com"
ORG, NAME = "northwind", "Northwind"
OTHER_ORG = "fox-and-sons"  # where no workspace is connected
TEAM = "TNORTHWIND"
PEOPLE = {"manu": "Manu Pillai", "krishna": "Krishna Rao", "priya": "Priya Nair"}
REVIEWER, TEST_WRITER = "agent:security-reviewer", "agent:test-writer"
INVITE, DEVICE = "an-invitation-that-nobody-took-yet", "WDJB-MJHT"

AUTH = """import { jwtVerify, createRemoteJWKSet } from 'jose';

const keys = createRemoteJWKSet(new URL(process.env.JWKS_URL));

export async function auth(request, reply) {
  const token = request.headers.authorization?.split(' ')[1];
  if (!token) return reply.code(401).send();
  const { payload } = await jwtVerify(token, keys, { algorithms: ['RS256'] });
  request.user = payload.sub;
}
"""
OLD_ROUTES = """app.register(health);
app.register(orders, { prefix: '/orders' });"""
NEW_ROUTES = """app.register(health);
app.addHook('onRequest', auth);
app.register(rateLimit, { max: 20, timeWindow: '1 minute' });
app.register(orders, { prefix: '/orders' });"""
OPEN = """  if (request.routeOptions.config.open) return;
  if (!token)"""
FAILS = """Exit code 1
 FAIL  tests/auth.test.ts > health > answers without a token
   expected 200, got 401

 Tests  1 failed | 11 passed (12)"""
PASSES = """ ✓ tests/auth.test.ts (12 tests) 312ms

 Test Files  1 passed (1)
      Tests  12 passed (12)"""
SCHEMA = """create table users (
  user_id    bigint primary key generated always as identity,
  email      text not null unique,
  created_at timestamptz not null default now(),
  erase_at   timestamptz
);
"""

ADVICE = {
    "auth": "This auth endpoint needs rate limiting.",
    "schema": "Remember that users may ask to be erased: we need GDPR dates on the users table.",
}


@dataclass
class Scene:
    """What pages are opened with: the cookies of people, and numbers of events."""

    place: Place
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    seqs: dict[str, int] = field(default_factory=dict)
    slack: str = ""  # the address of the channel at the stand-in

    def cookie(self, handle: str) -> tuple[str, str]:
        return visitors.cookie_name(self.place.url), self.cookies[handle]


@asynccontextmanager
async def played(place: Place, folder: Path, slack: FakeSlack) -> AsyncIterator[Scene]:
    """Plays it and stays: the agents are there, and one of them is in the middle of a turn. *slack* sees it too."""
    async with AsyncExitStack() as stack:
        scene = Scene(place)
        await _people(scene)
        secrets = await _tokens(place)
        await stack.enter_async_context(_bridged(place, slack))
        async with asyncio.timeout(180):
            await _work(scene, secrets, folder, stack)
            await _settings(place)
            await _in_slack(scene, slack)
        yield scene


async def _people(scene: Scene) -> None:
    """Manu makes the organization, the others accept invitations."""
    place = scene.place
    async with place.service.database.connection() as conn:
        for handle, name in PEOPLE.items():
            email = f"{handle}@northwind.example"
            cookie = await visitors.sign_in(
                conn, ISSUER, f"1{len(scene.cookies)}", email=email, name=name, domain="northwind.example"
            )
            who = await visitors.find(conn, cookie)
            assert who is not None
            scene.cookies[handle] = cookie
            if handle == "manu":
                place.org_id = (await calls.found_org(conn, who.person_id, ORG, NAME, handle)).org_id
                continue
            secret = hashlib.sha256(handle.encode()).digest()
            await calls.invite(conn, place.org_id, "user:manu", email, "member", secret)
            await calls.accept_invite(conn, who.person_id, ORG, secret, handle)
        cookie = await visitors.sign_in(conn, ISSUER, "99", email="zoe@northwind.example", name="Zoe Adams")
        scene.cookies["zoe"] = cookie
        cookie = await visitors.sign_in(conn, ISSUER, "98", email="lena@fox.example", name="Lena Fox")
        scene.cookies["lena"] = cookie
        who = await visitors.find(conn, cookie)
        assert who is not None
        await calls.found_org(conn, who.person_id, OTHER_ORG, "Fox and Sons", "lena")


@asynccontextmanager
async def _bridged(place: Place, slack: FakeSlack) -> AsyncIterator[None]:
    """A workspace of the same people, and a bridge that works for it."""
    users = [
        {"id": f"U{number}", "name": name, "email": f"{handle}@northwind.example"}
        for number, (handle, name) in enumerate(PEOPLE.items(), 1)
    ]
    guest = {"id": "U9", "name": "Gus of the agency", "email": "gus@agency.example", "is_restricted": True}
    slack.team(TEAM, NAME, [*users, {"id": "U4", "name": "Lena Fox", "email": "lena@fox.example"}, guest])
    slack.events_url = f"{place.url}/slack/events"
    sealed, key = Seal.of(place.service.settings).seal(slack.bot(TEAM))
    await slack_pages.connected(
        place, team=TEAM, name=NAME, url="https://northwind.slack.com/", token=sealed, token_key=key
    )
    settings = place.service.settings.replace(public_url=place.url)
    async with Bridge(settings, place.database).running():
        yield


async def _in_slack(scene: Scene, slack: FakeSlack) -> None:
    """People speak in the channel, and what was said elsewhere is there too."""
    place = scene.place
    async with asyncio.timeout(90):
        while not any("Rotate the refresh token" in post["text"] for post in _posts(slack)):
            await asyncio.sleep(0.05)
    channel = slack.named(TEAM, "storefront")["id"]
    slack.teams[TEAM]["channels"][channel]["members"] |= {"U1", "U2", "U3"}
    ts = await slack.write(TEAM, channel, "U3", "@auth Log the reuse of a token, so that we see it.")
    await slack.write(TEAM, channel, "U3", "who")
    async with asyncio.timeout(90):
        while not (slack.reactions(TEAM, channel, ts) and any("who drives" in post["text"] for post in _posts(slack))):
            await asyncio.sleep(0.05)
    scene.slack = f"{slack.url}/c/{TEAM}/{channel}"
    async with place.service.database.connection() as conn:
        await slack_calls.map_slack_person(conn, place.org_id, "user:manu", "U4", "")


def _posts(slack: FakeSlack) -> list[dict[str, Any]]:
    channels = slack.teams[TEAM]["channels"].values()
    return slack.posts(TEAM, "storefront") if any(c["name"] == "storefront" for c in channels) else []


async def _tokens(place: Place) -> dict[str, str]:
    found = {}
    names = {"user:manu": "laptop", "user:krishna": "workstation", "user:priya": "laptop"}
    async with place.service.database.connection() as conn:
        for actor in (*names, REVIEWER, TEST_WRITER):
            found[actor] = secret = tokens.new(tokens.kind_for(actor))
            by = actor if actor in names else "user:manu"
            kept = {"hash": tokens.digest(secret), "shown": tokens.shown(secret), "sliding": actor in names}
            await calls.issue_token(
                conn, place.org_id, by, actor, names.get(actor, "build server"), expires_in=timedelta(days=90), **kept
            )
    return found


async def _work(scene: Scene, secrets: dict[str, str], folder: Path, stack: AsyncExitStack) -> None:
    url = scene.place.url
    machines = {}
    for handle in ("manu", "krishna"):
        home = folder / handle
        home.mkdir(mode=0o700)
        mine = credentials.Credential(url=url, token=secrets[f"user:{handle}"], org=ORG, actor=f"user:{handle}")
        credentials.save(home / "credentials.json", "northwind", mine)
        machines[handle] = await stack.enter_async_context(machine(home, ["daemon"], {}))
    clients = {actor: await stack.enter_async_context(Client(url, token)) for actor, token in secrets.items()}
    manu, priya = clients["user:manu"], clients["user:priya"]
    for name, visibility in (("storefront", "org"), ("billing", "org"), ("due-diligence", "private")):
        await manu.create_project(name, visibility=visibility)
    await manu.create_project("prototype")
    await manu.archive_project("prototype")

    async def joined(handle: str, session: str, token: str | None = None) -> _Player:
        at = machines[handle]
        agent = await stack.enter_async_context(at.agent("storefront", session, folder / session, token))
        return _Player(at, agent, session, manu)

    auth, schema = await joined("manu", "auth"), await joined("krishna", "schema")
    await auth.ask("Let's implement the auth middleware. Tokens are RS256, signed by our identity service.")
    await auth.run("rg -n 'register' src/server.ts", "Finds the routes", "12:app.register(health);", "I'll look first.")
    await schema.ask("Set up the users table")
    await auth.write("src/middleware/auth.ts", AUTH, "One hook in front of every route.", clients[REVIEWER])
    await schema.write("migrations/001_users.sql", SCHEMA, "A migration of its own.", priya)
    await auth.edit("src/server.ts", OLD_ROUTES, NEW_ROUTES, "Adding the hook, and the limiter that was asked for.")
    await auth.fail("npm test", "Runs the tests", FAILS)
    await schema.answer("The table is there. Good point from Priya: erase_at keeps track of what GDPR wants gone.")
    await auth.edit("src/middleware/auth.ts", "  if (!token)", OPEN)
    await auth.run("npm test", "Runs the tests", PASSES)
    await auth.answer(
        "The middleware verifies RS256 tokens against the identity service's keys, and each client has 20 requests a "
        "minute. /health stays open. All 12 tests pass."
    )
    tests = await joined("manu", "tests", secrets[TEST_WRITER])
    await tests.ask("Write integration tests for the auth middleware")
    await tests.write(
        "tests/auth.integration.test.ts", "test('401 without a token', …)\n", "Against a real key server."
    )
    await tests.answer("Six integration tests, green. The key rotation one takes two seconds.")
    await machines["krishna"].leave(schema.agent, release=True)
    async with scene.place.service.database.connection() as conn:
        org = scene.place.org_id
        await calls.say(conn, org, "user:priya", "storefront", "Demo at three. I show the sign-in from the floor.")
        await calls.set_policy(conn, org, "user:manu", "storefront", "auth", "human", "suggest")
    clock = "The clock skew that we allow is 30 s, as in billing."
    await manu.annotate("storefront", "decision", clock, session="auth")
    await priya.annotate("storefront", "question", "Who rotates the keys of the identity service?", session="auth")
    (asked,) = [event for event in await _events(manu) if event["body"] == "Set up the users table"]
    await priya.annotate("storefront", "star", "", about=asked["seq"])
    await priya.inject("storefront", "auth", "Accept tokens for 30 s after they expire, as billing does.")
    await auth.ask("Now the refresh path. Rotate the refresh token each time, and detect reuse.")
    await auth.start(
        "src/refresh.ts",
        "  return issue(user);",
        "  if (await used(token)) return revokeFamily(token.family);\n  await markUsed(token);\n  return issue(user);",
        "Reuse of an old token ends the whole family.",
    )
    scene.seqs["edit"] = next(e["seq"] for e in await _events(manu) if (e["payload"] or {}).get("tool_name") == "Edit")


async def _events(client: Client) -> list[dict[str, Any]]:
    return [event async for event in client.history("storefront")]


@dataclass
class _Player:
    """One agent at its machine; each step waits until the record has it, so that the story keeps its order."""

    machine: Machine
    agent: Agent
    session: str
    reader: Client
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def ask(self, text: str) -> None:
        await self.agent.prompt(text)
        await self._has("prompt", text)

    async def answer(self, text: str) -> None:
        await self.agent.answer(text)
        await self._has("reply", text)

    async def run(self, command: str, why: str, out: str, saying: str = "") -> None:
        asked = {"command": command, "description": why}
        answer = recorded("PostToolUse.Bash")["tool_response"] | {"stdout": out}
        await self.agent.tool("Bash", asked, answer, saying=saying)
        await self._has("tool.result")

    async def fail(self, command: str, why: str, error: str) -> None:
        asked = {"command": command, "description": why}
        await self.agent.call("Bash", asked)
        failed = {"tool_input": asked, "error": error, "tool_use_id": self.agent._tool_use_id}
        await self.agent.hook(recorded("PostToolUseFailure.Bash") | failed)
        await self._has("tool.result")

    async def write(self, path: str, content: str, saying: str, advisor: Client | None = None) -> None:
        where = str(self.agent.cwd / path)
        written = {"file_path": where, "content": content}
        await self.agent.call("Write", written, saying=saying)
        await self._has("message", saying)
        if advisor is not None:
            await advisor.inject("storefront", self.session, ADVICE[self.session])
            await self.machine.advised(self.agent)
        await self.agent.result("Write", written, {"type": "create", "filePath": where, "content": content})
        await self._has("tool.result")

    async def edit(self, path: str, old: str, new: str, saying: str = "") -> None:
        asked = await self.start(path, old, new, saying)
        answer = {"filePath": asked["file_path"], "oldString": old, "newString": new, "structuredPatch": []}
        await self.agent.result("Edit", asked, answer)
        await self._has("tool.result")

    async def start(self, path: str, old: str, new: str, saying: str = "") -> dict[str, str]:
        asked = {"file_path": str(self.agent.cwd / path), "old_string": old, "new_string": new}
        await self.agent.call("Edit", asked, saying=saying)
        await self._has("tool.call")
        return asked

    async def _has(self, kind: str, text: str = "") -> None:
        """Waits for one more event of the kind, with the text if there is one."""
        async with asyncio.timeout(DEADLINE):
            while True:
                page = await self.reader.messages("storefront", session=self.session, kind=[kind], limit=500)
                found = len([event for event in page["items"] if text in (event["body"] or "")])
                if found > self.seen[kind, text]:
                    self.seen[kind, text] = found
                    return
                await asyncio.sleep(0.02)


async def _settings(place: Place) -> None:
    """What administrators have set."""
    async with place.service.database.connection() as conn:
        org, by = place.org_id, "user:manu"
        await calls.add_project_member(conn, org, by, "due-diligence", "user:priya")
        await calls.set_policy(conn, org, by, "billing", None, "agent", "suggest")
        await calls.set_policy(conn, org, by, "due-diligence", None, "slack", "mute")
        for domain in ("northwind.example", "northwind-shop.example"):
            await calls.add_domain(conn, org, by, domain)
        digest = hashlib.sha256(INVITE.encode()).digest()
        await calls.invite(conn, org, by, "zoe@northwind.example", "member", digest)
        await calls.begin_device_login(conn, b"d" * 32, DEVICE, "build-7", "192.0.2.7")
        await calls.mark_read(conn, org, by, "storefront", 10_000)
        await keeping_calls.set_retention(conn, org, by, None, 365)
        await keeping_calls.set_retention(conn, org, by, "billing", 90)
        await keeping_calls.place_hold(conn, org, by, "due-diligence", "Asked for by counsel, until the deal is closed")
