"""A secret in any field of any route, and no trace of it afterwards: not in a row, not in a byte of the database's
folder, not in a log, a notification or a metric.

The recipes are those of the test that crosses organizations, so a route that is new is planted, too. Each secret is
planted once and is another one, so that a finding names its field.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import re
import string
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import psycopg
import pytest
from api_place import Place, running
from slack_pages import UNASKED
from test_cross_tenant import BODIES, FIELDS, LIMITS, OUTSIDE, SPARED, filled, parameters
from two_orgs import Side, ask

from polaris import log
from polaris.http.api import OPERATIONS
from polaris.http.web.pages import PAGES

# Whatever ends the means by which the others are asked comes last.
LAST = ("sign_out", "POST /sign-out")
EVENT = {"client_id": "", "kind": "prompt", "epoch": 1}


class Plants:
    """Makes secrets, and remembers where each was put."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self._dice = random.Random(20261123)

    def new(self, place: str) -> str:
        secret = "ghp_" + "".join(self._dice.choices(string.ascii_letters + string.digits, k=36))
        self.places[secret] = place
        return secret

    def found(self, data: bytes, where: str) -> list[str]:
        """What is wrong with these bytes: one search for what all have in common, then which they are."""
        hits = {one.decode() for one in re.findall(rb"ghp_[A-Za-z0-9]{36}", data)}
        return [f"{self.places[secret]} is in {where}" for secret in sorted(hits & self.places.keys())]


class Lines(logging.Handler):
    """Everything that is logged, as it is written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(log.JsonLine())
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))


@pytest.fixture
async def place(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    async with running(database, tmp_path, LIMITS, lease_seconds=3600, local_sign_in=False, **UNASKED) as found:
        yield found


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


def planted(value: Any, put: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """*value* with one leaf or one name of an object exchanged by what *put* makes for it, for each of them."""
    if isinstance(value, dict):
        for name, item in value.items():
            for where, changed in planted(item, put, f"{path}.{name}"):
                yield where, {**value, name: changed}
        where = f"a name in {path or 'the body'}"
        yield where, {**value, put(where): "x"}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for where, changed in planted(item, put, f"{path}[{index}]"):
                yield where, [*value[:index], changed, *value[index + 1 :]]
    else:
        yield path, put(path)


def whole(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body with every field that its model has; what the recipe leaves out is a text."""
    (operation,) = [one for one in OPERATIONS if one.name == name]
    assert operation.body is not None
    if name == "push_events":
        usage = {"message": "m", "model": "m"}
        facts = {"repository": "r", "branch": "b", "commit": "a" * 40, "usage": [usage]}
        deep = {"tool_input": {"command": "c", "list": ["x"]}, "password": "p"}
        return {"events": [EVENT | {"turn": "t", "agent": "a", "body": "b", "payload": deep, "facts": facts}]}
    return dict.fromkeys(operation.body.model_fields, "words") | deepcopy(body)


async def plant_bodies(side: Side, plants: Plants) -> None:
    numbers = itertools.count()
    for operation in sorted(OPERATIONS, key=lambda one: one.name in LAST):
        names = parameters(operation.path)
        values = [(side.own | SPARED.get(operation.name, {})).get(name, "1") for name in names]
        path = filled(operation.path, values)
        for place, name in enumerate(names):
            secret = plants.new(f"{operation.name}: {name} in the path")
            odd = filled(operation.path, [*values[:place], secret, *values[place + 1 :]])
            await ask(side.place, operation.method, odd, headers=side.admin.headers, json={})
        if operation.path.endswith(("/ws", "/events")) and operation.method == "GET":
            continue
        query = f"{path}?{plants.new(f'{operation.name}: a name of the query')}=1"
        await ask(side.place, operation.method, query, headers=side.admin.headers)
        for name in operation.query.model_fields if operation.query else ():
            query = f"{path}?{name}={plants.new(f'{operation.name}: ?{name}')}"
            await ask(side.place, operation.method, query, headers=side.admin.headers)
        if operation.body is None:
            continue
        recipe = BODIES.get(operation.name, lambda _: {})(side)
        for full in (recipe, whole(operation.name, recipe)):
            for where, body in planted(full, lambda at, name=operation.name: plants.new(f"{name}: {at}")):
                if operation.name == "push_events" and body["events"][0]["client_id"] in ("", "mine"):
                    body["events"][0]["client_id"] = f"planted-{next(numbers)}"
                got = await ask(side.place, operation.method, path, headers=side.admin.headers, json=body)
                assert got.status < 500, f"{operation.name} {where}: {got.text}"


async def plant_forms(side: Side, plants: Plants) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in side.browser.cookies.items())
    headers = {"Origin": side.place.url, "Sec-Fetch-Site": "same-origin", "Cookie": cookie}
    inside = [
        (
            f"{page.method} {page.path}",
            filled(
                page.path, [(side.own | SPARED.get(f"{page.method} {page.path}", {}))[n] for n in parameters(page.path)]
            ),
            FIELDS[page.path](side),
        )
        for page in PAGES
        if page.access == "member" and page.method == "POST"
    ]
    outside = [(name, *OUTSIDE[name](side)) for name in OUTSIDE if name.startswith("POST")]
    for name, path, fields in sorted([*inside, *outside], key=lambda row: row[0] in LAST):
        for where, form in planted(
            {**fields, "body": "words", "name": "words"}, lambda at, n=name: plants.new(f"{n}: {at}")
        ):
            got = await ask(side.place, "POST", path, headers=headers, data=form | {"csrf": side.browser.csrf})
            assert got.status < 500, f"{name} {where}: {got.text}"
        agent = {
            "User-Agent": plants.new(f"{name}: the name of the browser"),
            "Referer": plants.new(f"{name}: Referer"),
        }
        await ask(side.place, "POST", path, headers=headers | agent, data=fields | {"csrf": side.browser.csrf})
    for page in PAGES:
        if page.method == "GET" and page.access == "member" and not page.path.endswith("/live"):
            path = filled(page.path, [side.own[name] for name in parameters(page.path)])
            for name in ("q", "kind", "actor", "session", "before", "after", "at"):
                query = f"{path}?{name}={plants.new(f'{page.path}: ?{name}')}"
                await ask(side.place, "GET", query, headers={"Cookie": cookie})


async def plant_frames(side: Side, plants: Plants) -> None:
    async with side.admin.socket("/projects/pj/sessions/fxm/ws") as ws:
        await ws.receive(timeout=15)
        epoch = (await side.admin.get("/projects/pj/sessions/fxm"))["epoch"]
        delivery = side.own["id of a delivery"]
        settle = {
            "type": "settle",
            "delivery": delivery,
            "state": "sent",
            "path": "hook",
            "reason": "r",
            "epoch": epoch,
        }
        frames = [
            settle,
            {"type": "push", "events": [EVENT | {"client_id": "framed", "body": "b", "payload": {"a": "b"}}]},
        ]
        for frame in frames:
            for _, changed in planted(frame, lambda at: plants.new(f"a frame: {at}")):
                await ws.send_json(changed)
        await ws.send_json({"type": "heartbeat", "epoch": epoch, "id": "last"})
        while (await ws.receive_json(timeout=15)).get("id") != "last":
            pass


def on_disk(owner: psycopg.Connection[Any]) -> Iterator[Path]:
    """Every file of the cluster but the other databases', after everything was written out."""
    owner.execute("checkpoint")
    ((folder, oid),) = owner.execute(
        "select current_setting('data_directory'), oid::text from pg_database where datname = current_database()"
    ).fetchall()
    for root, folders, files in os.walk(folder):
        if Path(root).name == "base":
            folders[:] = [oid]
        yield from (Path(root) / name for name in files)


@pytest.mark.timeout(400)
async def test_no_secret_in_any_field_of_any_route_is_kept_or_told(place: Place, database: Any, lines: Lines) -> None:
    plants, heard = Plants(), list[str]()
    side = await Side(place, "okapi", "zanzibar").build()
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.add_notify_handler(lambda one: heard.append(one.payload))
        owner.execute("listen polaris_control")
        for (number,) in owner.execute("select project_id from polaris_data.projects").fetchall():
            owner.execute(f"listen polaris_project_{number}")
        await plant_frames(side, plants)
        await plant_forms(side, plants)
        await plant_bodies(side, plants)
        owner.execute("select")  # takes the notifications in
        wrong = plants.found("\n".join(heard).encode(), "a notification")
        wrong += plants.found("\n".join(lines.text).encode(), "the log")
        wrong += plants.found(await place.service.measure(), "the metrics")
        tables = owner.execute(
            """
            select c.oid::regclass::text from pg_class c
            where c.relkind = 'r' and c.relnamespace::regnamespace::text like 'polaris%'
            """
        ).fetchall()
        for (table,) in tables:
            rows = owner.execute(f"select t::text from {table} t").fetchall()
            wrong += plants.found("\n".join(row for (row,) in rows).encode(), f"the table {table}")
        for path in on_disk(owner):
            wrong += plants.found(path.read_bytes(), f"the file {path.name} of the database's folder")

    assert wrong == []
    assert len(heard) > 50
    assert len(plants.places) > 500
    ((redacted,),) = await place.sql("select count(*) from polaris_data.events e where e::text like '%%[REDACTED:%%'")
    assert redacted > 10
