"""`polaris db backup` and `polaris db restore`: what comes back is what was there, and a damaged copy is refused."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from api_place import Client, Place, event, running, until
from cli_run import POLARIS, Ran, polaris
from psycopg import sql

from polaris.db import logins
from polaris.errors import Exit

pytestmark = pytest.mark.timeout(300)  # dumps, restores and starts several processes
PASSWORD = "a-password-of-the-tests"

# Of every table: how many rows, and a sum over all that is in them.
CONTENTS = """
select relname::text from pg_class
where relnamespace::regnamespace::text in ('polaris_data', 'polaris_meta') and relkind = 'r' order by 1
"""


def contents(url: str) -> dict[str, Any]:
    """A digest of everything in the database: tables by all their rows, and the sources of all functions and views."""
    found: dict[str, Any] = {}
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set timezone = 'UTC'")
        for (name,) in conn.execute(CONTENTS).fetchall():
            schema = "polaris_data"
            if conn.execute("select to_regclass(%s)", [f"polaris_data.{name}"]).fetchone() == (None,):
                schema = "polaris_meta"
            query = sql.SQL("select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text from {} t")
            found[name] = conn.execute(query.format(sql.Identifier(schema, name))).fetchone()
        found["functions"] = conn.execute(
            """
            select p.oid::regprocedure::text, md5(pg_get_functiondef(p.oid)), p.proacl::text,
              pg_get_userbyid(p.proowner)
            from pg_proc p where p.pronamespace::regnamespace::text like 'polaris%' and p.prokind = 'f' order by 1
            """
        ).fetchall()
        found["relations"] = conn.execute(
            """
            select c.oid::regclass::text, c.relkind::text, c.relacl::text, pg_get_userbyid(c.relowner), c.relrowsecurity
            from pg_class c where c.relnamespace::regnamespace::text like 'polaris%' order by 1
            """
        ).fetchall()
    return found


@contextmanager
def empty(owner: str, name: str) -> Iterator[str]:
    """The URL of a new database of the same server."""
    with psycopg.connect(owner, autocommit=True) as conn:
        conn.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        try:
            yield owner.rsplit("/", 1)[0] + f"/{name}"
        finally:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


async def backed_up(place: Place, folder: Path) -> Ran:
    ran = await polaris(
        "db", "backup", str(folder), POLARIS_DATABASE_URL=place.owner, POLARIS_HOME=str(folder.parent / "home")
    )
    assert ran.code == 0, ran.err
    return ran


async def restored(folder: Path, url: str, *words: str, **environment: str) -> Ran:
    given = {"POLARIS_DATABASE_URL": url, "POLARIS_HOME": str(folder.parent / "home")} | environment
    return await polaris("db", "restore", str(folder), *words, **given)


@pytest.fixture
async def lived_in(place: Place, manu: Client) -> Place:
    krishna = await place.client("user:krishna")
    await manu.push(
        "pj", "fxm", *[event(client_id=f"e{n}", body=f"line {n} “{n}”", payload={"n": n}) for n in range(50)]
    )
    await krishna.post("/projects/pj/messages", {"body": "to all"})
    await krishna.post("/projects/pj/sessions/fxm/inject", {"body": "use RS256"})
    await place.org("beta")
    await until(lambda: all_indexed(place), "the pass behind the ingest")
    return place


async def all_indexed(place: Place) -> bool:
    """Whether nothing is left to do behind the ingest: then nobody writes any more."""
    behind = """
    select 1 from polaris_data.project_heads h left join polaris_data.index_cursors c using (org_id, project_id)
    where h.last_seq > coalesce(c.seq, 0)
    """
    return await place.sql(behind) == []


async def test_all_of_it_comes_back_and_is_proven(lived_in: Place, tmp_path: Path) -> None:
    before = contents(lived_in.owner)
    ran = await backed_up(lived_in, tmp_path / "copy")
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_back") as url:
        back = await restored(tmp_path / "copy", url)
        after = contents(url)
        check = await polaris("db", "check", POLARIS_DATABASE_URL=url, POLARIS_HOME=str(tmp_path / "home"))

    assert back.code == 0, back.err
    assert after == before
    assert (check.code, check.out) == (0, "The database is up to date.\n")
    events = before["events"][0]
    assert f"{events} events of 1 project are in " in ran.out
    assert f"{events} events of 1 project are back." in back.out
    assert "No number is missing in any project." in back.out
    rows = before["audit"][0]
    assert f"{rows} rows of the audit logs are as they were written." in back.out


async def test_a_service_goes_on_with_it_where_the_other_stopped(lived_in: Place, tmp_path: Path) -> None:
    last = (await lived_in.admin.get("/projects/pj"))["last_seq"]
    await backed_up(lived_in, tmp_path / "copy")
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_on") as url:
        assert (await restored(tmp_path / "copy", url, POLARIS_SERVICE_PASSWORD=PASSWORD)).code == 0
        service = urlsplit(lived_in.database)._replace(path=urlsplit(url).path).geturl()

        class Again:
            owner, service = url, ""

        Again.service = service
        async with running(Again, tmp_path) as place:
            admin = Client(place.url, "user:manu", lived_in.admin.token, 0, place.http)
            (pushed,) = await admin.push("pj", "fxm", event(client_id="after"))
            (again,) = await admin.push("pj", "fxm", event(client_id="e7", body="line 7 “7”", payload={"n": 7}))
            status, _ = await admin.call("GET", "/readyz")
            page = await admin.get("/projects/pj/messages?after=0&limit=1000")

    assert (pushed["seq"] > last, pushed["created"]) == (True, True)
    assert again["created"] is False
    assert [found["seq"] for found in page["items"]] == list(range(1, page["last_seq"] + 1))
    assert status == 200


async def test_a_backup_is_of_one_moment_while_events_are_pushed(lived_in: Place, tmp_path: Path) -> None:
    async def push() -> None:
        for n in range(100_000):
            await lived_in.admin.push("pj", "fxm", *[event(client_id=f"m{n}-{i}") for i in range(20)])

    pushing = asyncio.create_task(push())
    try:
        await backed_up(lived_in, tmp_path / "copy")
    finally:
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_one") as url:
        back = await restored(tmp_path / "copy", url)

    assert back.code == 0, back.err
    assert "No number is missing" in back.out


async def test_a_damaged_backup_is_refused_and_leaves_the_database_empty(lived_in: Place, tmp_path: Path) -> None:
    await backed_up(lived_in, tmp_path / "copy")
    dump, manifest = tmp_path / "copy" / "database.dump", tmp_path / "copy" / "manifest.json"
    good, told = dump.read_bytes(), json.loads(manifest.read_text())
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_bad") as url:
        dump.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        ran = await restored(tmp_path / "copy", url)
        assert (ran.code, "is not what was written" in ran.err) == (Exit.CONFIGURATION, True)
        dump.write_bytes(good)

        told["figures"]["rows"]["events"] += 1
        manifest.write_text(json.dumps(told))
        ran = await restored(tmp_path / "copy", url)
        assert (ran.code, "events had " in ran.err) == (1, True)

    told["figures"]["rows"]["events"] -= 1
    told["figures"]["migrations"].append("migrations/9999_later.sql")
    manifest.write_text(json.dumps(told))
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_new") as url:
        ran = await restored(tmp_path / "copy", url)
        assert (ran.code, "of a newer Polaris" in ran.err) == (Exit.CONFIGURATION, True)
        with psycopg.connect(url) as conn:
            assert conn.execute("select from pg_namespace where nspname like 'polaris%'").fetchall() == []


async def test_a_database_with_something_in_it_is_left_alone(lived_in: Place, tmp_path: Path) -> None:
    await backed_up(lived_in, tmp_path / "copy")
    before = contents(lived_in.owner)
    ran = await restored(tmp_path / "copy", lived_in.owner)

    assert (ran.code, "There is a Polaris in this database already." in ran.err) == (1, True)
    assert contents(lived_in.owner) == before


async def test_logins_that_the_cluster_does_not_have_are_ended(lived_in: Place, tmp_path: Path) -> None:
    login = f"gone_{tmp_path.name[-20:]}".lower()
    made = logins.create_client(lived_in.owner, lived_in.org_id, "user:krishna", login)
    await backed_up(lived_in, tmp_path / "copy")
    logins.revoke_client(lived_in.owner, lived_in.org_id, made.login)
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_log") as url:
        ran = await restored(tmp_path / "copy", url)
        rows = logins.list_clients(url, lived_in.org_id)

    assert ran.code == 0, ran.err
    assert f"make new ones: {made.login}." in ran.out
    assert [row["revoked_at"] is not None for row in rows] == [True]


async def test_no_password_stands_where_others_can_read_it(lived_in: Place, tmp_path: Path) -> None:
    password = urlsplit(lived_in.owner).password or ""
    seen: list[str] = []

    async def look(process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            for found in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.append(found.read_bytes().decode(errors="replace"))
                except OSError:
                    continue
            await asyncio.sleep(0.005)

    process = await asyncio.create_subprocess_exec(
        *POLARIS,
        *("db", "backup", str(tmp_path / "copy")),
        env={"PATH": "/usr/bin:/bin", "POLARIS_DATABASE_URL": lived_in.owner, "POLARIS_HOME": str(tmp_path / "home")},
        stderr=asyncio.subprocess.PIPE,
    )
    looking = asyncio.create_task(look(process))
    assert await process.wait() == 0
    await looking

    assert any("pg_dump" in one and str(tmp_path) in one for one in seen)
    assert not any(password in one for one in seen)
    place = tmp_path / "copy"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
    ran = await restored(place, lived_in.owner, "--to", lived_in.owner)
    assert (ran.code, password in ran.err) == (Exit.USAGE, False)


async def test_to_names_another_database_and_the_password_is_in_the_environment(
    lived_in: Place, tmp_path: Path
) -> None:
    await backed_up(lived_in, tmp_path / "copy")
    with empty(lived_in.owner, f"{tmp_path.name[:40]}_to") as url:
        parts = urlsplit(url)
        bare = parts._replace(netloc=f"postgres@{parts.hostname}:{parts.port}").geturl()
        ran = await restored(tmp_path / "copy", lived_in.owner, "--to", bare, PGPASSWORD=parts.password or "")
        after = contents(url)

    assert ran.code == 0, ran.err
    assert after == contents(lived_in.owner)


async def test_a_folder_with_something_in_it_stays_as_it_is(lived_in: Place, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "diary.txt").write_text("dear diary")
    ran = await polaris(
        "db", "backup", str(tmp_path / "copy"), POLARIS_DATABASE_URL=lived_in.owner, POLARIS_HOME=str(tmp_path / "home")
    )

    assert ran.code == Exit.CONFIGURATION
    assert [file.name for file in (tmp_path / "copy").iterdir()] == ["diary.txt"]
