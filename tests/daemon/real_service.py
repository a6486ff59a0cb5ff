"""The real API over the test's Postgres, in this process or in one that can be killed, and people who may use it.

Daemons and clients reach it over a link: ``api``, or ``direct``, which is Postgres itself behind a `Cable`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from aiohttp import web
from cable import Cable
from psycopg.rows import dict_row

from polaris import tokens
from polaris.addresses import Address
from polaris.client import Client
from polaris.db import logins
from polaris.db.direct import DirectClient
from polaris.errors import NotFound
from polaris.http.server import make_app
from polaris.settings import Credential, Settings

Row = dict[str, Any]

ACTORS = ("user:manu", "user:krishna", "agent:test-writer")

# Over the service's API, and directly over SQL: the same must come of it.
both_links = pytest.mark.parametrize("link", ["api", "direct"], indirect=True)

RUN = """
import asyncio, sys
from polaris.http.server import serve
from polaris.settings import Settings
home, port, lease = sys.argv[1], int(sys.argv[2]), sys.argv[3]
settings = Settings.from_env({}, home=home).replace(lease_seconds=int(lease))
said = lambda url: print(url, flush=True)
asyncio.run(serve(settings, host="127.0.0.1", port=port, database_url=sys.argv[4], ready=said))
"""


class RealService:
    """One org ``acme`` with user:manu (admin), user:krishna and agent:test-writer."""

    def __init__(self, folder: Path, service_url: str, owner_url: str, link: str = "api") -> None:
        self.folder, self.service_url, self.owner_url, self.link = folder, service_url, owner_url, link
        self.lease_seconds = 60
        self.inside = True
        self.runner: web.AppRunner | None = None
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None
        self.tokens: dict[str, str] = {}
        self.logins: dict[str, Address] = {}
        self.door: Cable | None = None
        with psycopg.connect(service_url, autocommit=True, row_factory=dict_row) as db:
            self.org_id = _call(db, "create_org", p_slug="acme", p_name="Acme", p_handle="manu")["org_id"]
            _call(db, "add_member", p_org=self.org_id, p_actor="user:manu", p_handle="krishna")
            for actor in ACTORS:
                self.issue(db, actor)
        if link == "direct":
            for actor in ACTORS:
                name = f"test_{uuid.uuid4().hex}"  # roles are the cluster's
                self.logins[actor] = Address.parse(logins.create_client(owner_url, self.org_id, actor, name).url)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def issue(self, db: Any, actor: str) -> str:
        token = tokens.new(tokens.kind_for(actor))
        _call(
            db,
            "issue_token",
            p_org=self.org_id,
            p_actor="user:manu",
            p_for=actor,
            p_name="a test",
            p_hash=tokens.digest(token),
            p_shown=tokens.shown(token),
            p_expires_in=timedelta(days=1),
        )
        self.tokens[actor] = token
        return token

    @property
    def link_port(self) -> int:
        """Where a daemon would connect to if nothing stood in between."""
        return self.port if self.link == "api" else self.logins["user:manu"].port

    def credential(self, actor: str, port: int | None = None) -> Credential:
        """Who somebody is on this link, through a port that leads there."""
        if self.link == "api":
            return Credential(f"http://127.0.0.1:{port or self.port}", "acme", actor, self.tokens[actor])
        assert self.door
        address = replace(self.logins[actor], port=port or self.door.port)
        return Credential(address.place, "acme", actor, address.secret)

    def secret(self, actor: str) -> str:
        """What an agent that acts as itself brings along."""
        return self.credential(actor).token

    def client(self, actor: str) -> Client:
        """Somebody on this link; on a direct one past the cable that `kill` cuts."""
        if self.link == "api":
            return Client(self.url, self.tokens[actor])
        return cast(Client, DirectClient(self.logins[actor].secret, lease_seconds=self.lease_seconds))

    def exposed(self, actor: str) -> Client:
        """Somebody for whom `kill` means that the service is away."""
        if self.link == "api":
            return self.client(actor)
        return cast(Client, DirectClient(self.secret(actor), lease_seconds=self.lease_seconds))

    async def start(self) -> RealService:
        if self.link == "direct":
            if self.door is None:
                self.door = Cable(self.link_port)
            await self.door.open()
            if self.runner:
                return self
        if self.inside or self.link == "direct":
            settings = Settings.from_env({}, home=str(self.folder)).replace(lease_seconds=self.lease_seconds)
            self.runner = web.AppRunner(make_app(settings, self.service_url), shutdown_timeout=1, access_log=None)
            await self.runner.setup()
            site = web.TCPSite(self.runner, "127.0.0.1", self.port)
            await site.start()
            self.port = site.port
            return self
        with (self.folder / "api.err").open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                RUN,
                str(self.folder),
                str(self.port),
                str(self.lease_seconds),
                self.service_url,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")},
                cwd="/",
            )
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), 20)
        assert line.startswith(b"http"), (self.folder / "api.err").read_text()
        self.port = int(line.decode().strip().rpartition(":")[2])
        return self

    async def kill(self) -> None:
        """The service is away for those who use this link."""
        if self.door:
            await self.door.shut()
            return
        if self.runner:
            await self.runner.cleanup()
            self.runner = None
        if self.process is None:
            return
        self.process.kill()
        await self.process.wait()

    async def end(self) -> None:
        await self.kill()
        if self.door:
            self.door = None
            await self.kill()
        for address in self.logins.values():
            with suppress(NotFound):
                logins.revoke_client(self.owner_url, self.org_id, address.login)

    def rows(self, query: str, *values: Any) -> list[Row]:
        """As the superuser, who sees every table."""
        with psycopg.connect(self.owner_url, autocommit=True, row_factory=dict_row) as db:
            return db.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def events(self, session: str | None = None, kind: str | None = None) -> list[Row]:
        """What the record has, by number."""
        return self.rows(
            "select e.*, s.name as session from polaris_data.events e"
            " left join polaris_data.sessions s on s.org_id = e.org_id and s.session_id = e.session_id"
            " where s.name = coalesce(%s, s.name) and e.kind = coalesce(%s, e.kind) order by e.project_id, e.seq",
            session,
            kind,
        )

    def gaps_and_doubles(self) -> tuple[int, int]:
        (row,) = self.rows(
            "select coalesce(sum(missing), 0)::int as gaps, coalesce(sum(doubled), 0)::int as doubles from"
            " (select max(seq) - count(*) as missing, count(*) - count(distinct (session_id, client_id)) as doubled"
            "  from polaris_data.events group by project_id) x"
        )
        return row["gaps"], row["doubles"]


def _call(db: Any, function: str, **arguments: Any) -> Row:
    names = ", ".join(f"{name} => %({name})s" for name in arguments)
    row: Row = db.execute(f"select * from polaris.{function}({names})", arguments).fetchone()
    return row
