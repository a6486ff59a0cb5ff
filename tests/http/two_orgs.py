"""Two organizations with the same names and with different ones, and what neither may learn of the other."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import aiohttp
import slack_pages
from api_place import DEADLINE, Client, Place, event
from web_place import Browser

from polaris.db import calls, slack_calls
from polaris.http.web import visitor as visitors

DAY = 86400
QUIET = 0.3  # seconds without anything new: that was the backlog


@dataclass
class Side:
    """One of the two.

    ``theirs`` are names and numbers that the other one is told and tries: by parameter of a path. ``word`` stands in
    everything that the other one is not told, so nothing that holds it may ever reach the other side; nor may a secret,
    nor a name that was not in the very request.
    """

    place: Place
    slug: str
    word: str
    org_id: int = 0
    admin: Client = field(init=False)
    agent: Client = field(init=False)
    limited: Client = field(init=False)
    browser: Browser = field(init=False)
    own: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    async def build(self) -> Side:
        place, word = self.place, self.word
        async with place.service.database.connection() as conn:
            org = await calls.create_org(conn, self.slug, f"{word} and sons", "manu")
            self.org_id = org.org_id
            handle = f"handle-{self.slug}"
            for name in (handle, "spare", "second"):
                await calls.add_member(conn, org.org_id, None, name, "member", f"{name}@{word}.example")
        self.admin = await self._client("user:manu")
        self.agent = await self._client(f"agent:{word}-bot")
        # The same names as the other one has, and names that only this one has.
        for project, session in (("pj", "fxm"), (f"vault-{self.slug}", f"inner-{self.slug}")):
            async with place.service.database.connection() as conn:
                joined = await calls.join_session(conn, org.org_id, "user:manu", project, session, DAY)
            await self._fill(project, session, joined.epoch)
        self.limited = await self._client("user:manu", project="pj")
        for spare in ("spare", "restored"):
            await self.admin.post("/projects", {"name": spare})
        await self.admin.post("/projects/spare/sessions", {"name": "spare"})
        await self.admin.post("/projects/restored/archive")
        self.browser = await Browser(place).sign_in("manu", org.org_id)
        await self._accounts(handle)
        await self._slack()
        self.secrets |= {word, self.admin.token, self.agent.token, self.limited.token}
        self.secrets |= {self.browser.cookie, self.browser.csrf}
        return self

    @property
    def sha(self) -> str:
        """A commit that this side had checked out."""
        return hashlib.sha256(self.slug.encode()).hexdigest()[:40]

    async def _client(self, actor: str, **fields: Any) -> Client:
        return await self.place.client(actor, org_id=self.org_id, **fields)

    async def _fill(self, project: str, session: str, epoch: int) -> None:
        """Words of this side in everything that a project has."""
        word, admin, path = self.word, self.admin, f"/projects/{project}"
        tool = {"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": f"echo {word}"}}
        await admin.push(
            project,
            session,
            event(epoch=epoch, turn="T", body=f"{word} asks"),
            event(
                epoch=epoch, turn="T", kind="tool.call", body=f"Bash: {word}", payload=tool, facts={"commit": self.sha}
            ),
            event(epoch=epoch, turn="T", kind="reply", body=f"{word} answers", agent="claude-code"),
        )
        await admin.post(f"{path}/messages", {"body": f"{word} to all"})
        await self.agent.post(f"{path}/sessions/{session}/inject", {"body": f"{word} advises"})
        await self._put(f"{path}/policies", {"sender_class": "agent", "policy": "suggest"})
        made = await self.agent.post(f"{path}/sessions/{session}/inject", {"body": f"{word} suggests"})
        self.theirs["id of a delivery"] = made["delivery_id"]
        await self._put(f"{path}/members/agent:{word}-bot")

    async def _accounts(self, handle: str) -> None:
        word, admin = self.word, self.admin
        token = await admin.post("/tokens", {"name": f"{word} laptop"})
        invite = await admin.post("/invites", {"email": f"guest@{word}.example"})
        domain = await admin.post("/domains", {"domain": f"{self.slug}.example"})
        self.secrets |= {token["token"], invite["link"].rpartition("/")[2], domain["proof"]}
        known = {
            "org": self.slug,
            "p": f"vault-{self.slug}",
            "s": f"inner-{self.slug}",
            "handle": handle,
            "actor": f"user:{handle}",
            "domain": f"{self.slug}.example",
            "id of a token": str(token["token_id"]),
            "id of an invite": str(invite["invite_id"]),
            "secret": invite["link"].rpartition("/")[2],
            "seq": "1",
            "sha": self.sha,
        }
        self.theirs |= known
        # What the other one asks for as its own: what may be used up is a spare one.
        spare = await admin.post("/tokens", {"name": f"{word} spare"})
        guest = await admin.post("/invites", {"email": f"spare@{word}.example"})
        await admin.post("/domains", {"domain": f"spare.{self.slug}.example"})
        self.own = self.theirs | {
            "p": "pj",
            "s": "fxm",
            "handle": "spare",
            "actor": "user:second",
            "domain": f"spare.{self.slug}.example",
            "id of a token": str(spare["token_id"]),
            "id of an invite": str(guest["invite_id"]),
            "secret": guest["link"].rpartition("/")[2],
        }
        for names, project in ((self.theirs, self.theirs["p"]), (self.own, "restored")):
            hold = await admin.post("/holds", {"project": project, "reason": f"{word} must be kept"})
            names["id of a hold"] = str(hold["hold_id"])
        deliveries = await admin.get("/projects/pj/sessions/fxm/deliveries")
        self.own["id of a delivery"] = deliveries["items"][-1]["delivery_id"]

    async def _slack(self) -> None:
        """A workspace with a channel and a person, and a connection that was begun in this side's browser."""
        place, word, org, state = self.place, self.word, self.org_id, f"state-{self.slug}"
        named = {"name": f"{word} at work", "url": f"https://{word}.slack.com/"}
        await slack_pages.connected(place, org, f"T{self.slug}", **named)
        fence = await slack_pages.led(place, org, f"host 1 {word}")
        for number in (f"u-{self.slug}", "u-spare"):
            await slack_pages.peopled(
                place, fence, slack_pages.person(number, f"{word} {number}", f"{number}@{word}.example"), org_id=org
            )
        for project in ("pj", self.theirs["p"]):
            await slack_pages.channel(place, fence, project, org_id=org)
        async with place.service.database.connection() as conn:
            who = await visitors.find(conn, self.browser.cookie)
            assert who is not None
            await slack_calls.begin_slack_install(conn, org, "user:manu", who.web_session_id, visitors.digest(state))
        self.theirs |= {"user": f"u-{self.slug}", "state": state}
        self.own["user"] = "u-spare"

    async def _put(self, path: str, body: Any = None) -> None:
        status, answer = await self.admin.call("PUT", path, json=body)
        assert status == 200, (status, answer)

    def leaks(self, sent: str, got: str) -> list[str]:
        """What of this side is in an answer to the other one, who had *sent* that."""
        names = {self.theirs[name] for name in ("org", "p", "s", "handle", "domain", "user", "id of a delivery")}
        low, said = got.lower(), unquote(sent)
        return sorted({s for s in self.secrets if s.lower() in low} | {n for n in names if n in low and n not in said})

    async def settle(self) -> None:
        """Waits until the index has caught up with what this side itself wrote."""
        async with asyncio.timeout(DEADLINE), self.place.service.database.connection() as conn:
            while any(row.org_id == self.org_id for row in await calls.list_unindexed(conn)):
                await asyncio.sleep(0.05)

    async def dump(self) -> dict[str, list[str]]:
        """Every row of every table that belongs to this organization, and its people with their browsers."""
        await self.settle()
        sql = self.place.sql
        tables = await sql(
            "select table_name from information_schema.columns "
            "where table_schema = 'polaris_data' and column_name = 'org_id' order by 1"
        )
        found = {}
        for (table,) in tables:
            rows = await sql(
                f"select to_jsonb(t)::text from polaris_data.{table} t where org_id = {self.org_id} order by 1"
            )
            found[table] = [row for (row,) in rows]
        people = f"select person_id from polaris_data.members where org_id = {self.org_id}"
        for table in ("people", "web_sessions"):
            rows = await sql(
                f"select to_jsonb(t)::text from polaris_data.{table} t where person_id in ({people}) order by 1"
            )
            found[table] = [row for (row,) in rows]
        return found


@dataclass
class Answer:
    """Whatever came back, headers included."""

    status: int
    text: str


async def ask(place: Place, method: str, path: str, *, headers: dict[str, str], **options: Any) -> Answer:
    """One request that follows no redirect. Of a stream it takes what had happened before."""
    async with place.http.request(
        method, place.url + path, headers=headers, allow_redirects=False, **options
    ) as answer:
        shown = str(answer.headers)
        if answer.content_type != "text/event-stream":
            return Answer(answer.status, shown + await answer.text())
        return Answer(answer.status, shown + await _read_stream(answer))


async def _read_stream(answer: aiohttp.ClientResponse) -> str:
    """The backlog: until nothing comes for a moment after something has."""
    text = ""
    while True:
        try:
            async with asyncio.timeout(QUIET if "\nid: " in text else DEADLINE):
                piece = await answer.content.readany()
        except TimeoutError:
            return text
        if not piece:
            return text
        text += piece.decode()


async def ask_socket(place: Place, path: str, *, headers: dict[str, str]) -> Answer:
    """The refusal of the handshake, or the frames of the backlog."""
    text = ""
    try:
        async with place.http.ws_connect(place.url + path, headers=headers) as ws:
            while True:
                try:
                    message = await ws.receive(timeout=QUIET if '"seq":' in text else DEADLINE)
                except TimeoutError:
                    return Answer(101, text)
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return Answer(101, f"{text}\n{message.data}")
                text += f"\n{message.data}"
    except aiohttp.WSServerHandshakeError as error:
        return Answer(error.status, f"{error.message} {error.headers}")
