"""What only a direct link has: one listener, revoked logins, passwords that are not shown, a killed Postgres."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, sign_in_as
from fake_service import until
from real_service import RealService

from polaris.addresses import Address
from polaris.client import Client
from polaris.db import logins, migrate
from polaris.db.direct import DirectClient
from polaris.db.direct_line import Exchange
from polaris.db.embedded import SERVICE_LOGIN, THROW_AWAY, Server
from polaris.errors import NotFound, PolarisError, SocketClosed, Unauthorized, Unavailable
from polaris.settings import Credential

direct = pytest.mark.parametrize("link", ["direct"], indirect=True)


def event(number: int, epoch: int = 1) -> dict[str, Any]:
    return {"client_id": f"id-{number}", "kind": "prompt", "epoch": epoch, "body": f"text {number}"}


def connections(service: RealService, name: str) -> int:
    (row,) = service.rows(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = %s",
        name,
    )
    return int(row["n"])


async def receive(socket: Any, kind: str) -> dict[str, Any]:
    """The next frame of a kind."""
    while True:
        frame: dict[str, Any] = await asyncio.wait_for(socket.receive(), 15)
        if frame["type"] == kind:
            return frame


@direct
async def test_a_daemon_listens_once_whatever_it_has_connected(manu: DaemonProcess, service: RealService) -> None:
    for name in ("a1", "a2", "a3"):
        await manu.connect(name, session=name)
    await manu.connect("a4", session="tests", token=service.secret("agent:test-writer"))
    for name in ("a1", "a2", "a3", "a4"):
        await manu.until(f"/status/{name}", lambda status: status["connected"])
    await until(lambda: connections(service, "polaris listener") == 2)  # the API's is the other one

    assert connections(service, "polaris direct") <= 6, "two logins, three connections each at most"


@direct
async def test_no_password_is_in_status_log_or_list_of_processes(manu: DaemonProcess, service: RealService) -> None:
    password = str(service.logins["user:manu"].password)
    await manu.connect("a1")
    await manu.until("/status/a1", lambda status: status["connected"])
    await service.kill()
    await manu.until("/status/a1", lambda status: not status["connected"])
    await manu.hook(prompt("a1", "kept"))
    shown = str(await manu.get("/status"))
    assert manu.process
    commands = Path(f"/proc/{manu.process.pid}/cmdline")

    assert "does not answer" in shown
    assert password not in shown + manu.said()
    assert not commands.exists() or password.encode() not in commands.read_bytes()
    assert manu.settings.credentials_file.stat().st_mode & 0o777 == 0o600


@direct
@pytest.mark.parametrize("how", ["dropped", "revoked"])
async def test_a_revoked_login_ends_everything_within_five_seconds_and_says_why(
    manu: DaemonProcess, service: RealService, how: str
) -> None:
    await manu.connect("a1")
    await manu.until("/status/a1", lambda status: status["connected"])
    login = service.logins["user:manu"].login
    begun = time.monotonic()
    if how == "dropped":
        await asyncio.to_thread(logins.revoke_client, service.owner_url, service.org_id, login)
    else:
        service.rows("select * from polaris.revoke_login(p_org => %s, p_login => %s)", service.org_id, login)
    await manu.until("/status/a1", lambda status: "sign in again" in status["line"])
    took = time.monotonic() - begun
    await manu.hook(prompt("a1", "kept"))

    assert took < 5
    assert (await manu.get("/status"))["spool"]["events"] == 1

    name = f"{login}_new"
    service.logins["user:manu"] = Address.parse(
        logins.create_client(service.owner_url, service.org_id, "user:manu", name).url
    )
    sign_in_as(manu, service.credential("user:manu"))
    await manu.drained(20)

    assert [row["body"] for row in service.events("fxm", "prompt")] == ["kept"]


@direct
async def test_the_same_answers_come_over_both_links(service: RealService) -> None:
    """Names and types of everything that both clients answer, and the frames of both sockets."""

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(one) for name, one in value.items()}
        return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value)

    async def tour(client: Client, project: str, frames: list[Any]) -> list[Any]:
        said: list[Any] = [await client.me(), await client.create_project(project)]
        said += [await client.join(project, "s"), await client.claim(project, "s")]
        said += [await client.push(project, "s", [event(1), event(1), event(2, epoch=9), {"kind": "prompt"}])]
        said += [await client.say(project, "to all", client_id="c", agent="claude-code")]
        given = await client.inject(project, "s", "use RS256", client_id="a", expires_in_seconds=60)
        async with client.socket(project, "s", after=0) as socket:
            hello = await socket.receive()
            first: dict[str, Any] = {}
            while first.keys() < {"advice", "event"}:
                frame = await asyncio.wait_for(socket.receive(), 15)
                first.setdefault(frame["type"], frame)
            frames += [hello, first["advice"], first["event"]]
            for frame in (
                {"type": "push", "id": 1, "events": [event(3)]},
                {"type": "heartbeat", "id": 2, "epoch": 1},
                {"type": "settle", "id": 3, "delivery": given["delivery_id"], "state": "sent", "epoch": 1},
                {"type": "settle", "id": 4, "delivery": given["delivery_id"], "state": "nonsense"},
                {"type": "push", "id": 5, "events": []},
                {"type": "nothing", "id": 6},
            ):
                await socket.send(frame)
                while (answer := await asyncio.wait_for(socket.receive(), 15)).get("id") != frame["id"]:
                    pass
                frames.append(answer)
        said += [given, await client.delivery(project, given["delivery_id"])]
        said += [await client.settle(project, given["delivery_id"], "seen", epoch=1)]
        said += [await client.deliveries(project, "s"), await client.messages(project, "s", limit=3)]
        said += [await client.session(project, "s"), await client.sessions(project), await client.project(project)]
        said += [await client.brief(project, "s"), await client.release(project, "s", 1)]
        said += [await client.projects(), await client.members(), await client.set_visibility(project, "private")]
        said += [await client.add_project_member(project, "user:krishna"), await client.project_members(project)]
        said += [await client.remove_project_member(project, "user:krishna")]
        said += [await client.archive_project(project), await client.restore_project(project)]
        return said

    frames: tuple[list[Any], list[Any]] = ([], [])
    async with Client(service.url, service.tokens["user:manu"]) as api, service.client("user:manu") as sql:
        expected, found = await tour(api, "one", frames[0]), await tour(sql, "two", frames[1])

    assert found[0].pop("token_expires_at") is None  # a login has no end
    del expected[0]["token_expires_at"]
    for one, other in zip(expected, found, strict=True):
        assert shape(other) == shape(one)
    for one, other in zip(*frames, strict=True):
        # The words of a refused field are the validator's own over HTTP.
        drop = ("message", "details", "hint") if one.get("code") == "not_valid" else ()
        assert {k: shape(v) for k, v in other.items() if k not in drop} == {
            k: shape(v) for k, v in one.items() if k not in drop
        }
        assert other.get("code") == one.get("code")


@direct
async def test_the_same_refusals_come_over_both_links(service: RealService) -> None:
    async def refusals(client: Client, project: str) -> list[tuple[int, str, Any]]:
        found = []
        for call in (
            client.session(project, "nothing"),
            client.project("nothing"),
            client.claim(project, "s"),
            client.release(project, "s"),
            client.push(project, "nothing", [event(1)]),
            client.delivery(project, "00000000-0000-4000-8000-000000000001"),
            client.create_project(project),
            anext(client.follow("nothing")),
        ):
            with pytest.raises(PolarisError) as refused:
                await call
            found.append((refused.value.status, refused.value.code, refused.value.message))
        with pytest.raises(PolarisError) as unknown:
            async with client.socket(project, "nothing"):
                pass
        return [*found, (unknown.value.status, unknown.value.code, unknown.value.message)]

    async with Client(service.url, service.tokens["user:krishna"]) as api, service.client("user:krishna") as sql:
        async with service.client("user:manu") as manu:
            await manu.join("pj", "s")
        assert await refusals(sql, "pj") == await refusals(api, "pj")


@direct
async def test_who_may_not_see_the_project_any_more_is_told_at_once(service: RealService) -> None:
    async with service.client("user:manu") as manu, service.client("user:krishna") as krishna:
        await manu.join("pj", "fxm")
        async with krishna.socket("pj", "fxm") as socket:
            await receive(socket, "hello")
            await manu.set_visibility("pj", "private")
            with pytest.raises(SocketClosed) as closed:
                await receive(socket, "never")
        with pytest.raises(NotFound):
            await anext(krishna.follow("pj"))

    assert (closed.value.close_code, closed.value.reason) == (4403, "no access to this project any more")


@direct
async def test_what_somebody_says_is_redacted_before_it_reaches_the_database(service: RealService) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    async with service.client("user:manu") as manu:
        await manu.join("pj", "fxm")
        await manu.say("pj", f"token {secret}")
        await manu.inject("pj", "fxm", f"password=hunter22-{secret[:12]} {secret}")
        await manu.push("pj", "fxm", [event(1) | {"body": secret, "payload": {"x": [secret]}}])
        kept = str((await manu.messages("pj"))["items"])

    assert secret not in kept
    assert kept.count("[REDACTED:") >= 4


@direct
async def test_without_a_process_of_the_service_leases_end_all_the_same(service: RealService) -> None:
    assert service.runner
    await service.runner.cleanup()
    service.runner = None
    service.lease_seconds = 1
    async with service.client("user:krishna") as krishna, service.client("user:manu") as manu:
        await krishna.join("pj", "fxm")
        async with manu.socket("pj", "fxm") as socket:
            while (await receive(socket, "event"))["event"]["kind"] != "driver.expired":
                pass


async def test_an_address_that_nobody_answers_at_or_lets_in_is_told_apart(cluster: Any, database: Any) -> None:
    place = f"127.0.0.1:{cluster.port}/{database.name}"
    for address, kind, code in (
        ("postgresql://nobody:hush@127.0.0.1:1/p", Unavailable, "database_unavailable"),
        (f"postgresql://nobody:hush@{place}", Unauthorized, "login_refused"),
        (f"postgresql://nobody:hush@{place}?sslmode=require", Unavailable, "database_unavailable"),
        (database.service, Unauthorized, "login_unknown"),
        (cluster.owner_url(), PolarisError, "database_not_migrated"),
    ):
        async with DirectClient(address) as client:
            with pytest.raises(kind) as refused:
                await client.me()
            assert refused.value.code == code
            assert "hush" not in f"{refused.value!r} {refused.value.hint} {refused.value.__cause__!r}"


@direct
async def test_the_commands_sign_in_join_advise_and_follow(service: RealService, home: Path) -> None:
    async def polaris(*words: str, given: str = "") -> tuple[int | None, str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "import sys; from polaris.cli import main; sys.exit(main())", *words),
            env=clean | {"POLARIS_HOME": str(home)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
        )
        out, err = await asyncio.wait_for(process.communicate(given.encode()), 60)
        return process.returncode, out.decode(), err.decode()

    mine = service.logins["user:manu"]
    password = str(mine.password)
    signed_in = await polaris("login", mine.place, "--with-token", "--no-install", given=f"{password}\n")
    said = [
        await polaris("join", "pj", "fxm"),
        await polaris("inject", "pj", "fxm", "use RS256", "--no-wait"),
        await polaris("tail", "pj", "--no-follow"),
        await polaris("status"),
        await polaris("token", "list"),
        await polaris("logout", "--forget"),
    ]

    assert signed_in[0] == 0, signed_in
    assert mine.place in signed_in[1]
    assert [code for code, _, _ in said[:3]] == [0, 0, 0], said
    assert "You drive pj/fxm" in said[0][1]
    assert "use RS256" in said[2][1]
    assert f"{mine.place}: user:manu of acme (admin)" in said[3][1]
    assert "needs the service's API" in said[4][2]
    assert "login-role revoke" in said[5][2]
    assert password not in str([signed_in, *said])


@direct
async def test_a_server_that_is_silent_is_given_up_and_its_connection_not_used_again(
    service: RealService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polaris.db.direct_line.CALL_SECONDS", 0.5)
    assert service.door
    async with DirectClient(service.secret("user:manu")) as manu:
        await manu.me()
        service.door.pull()
        with pytest.raises(Unavailable):
            await manu.me()
        service.door.plug()
        assert (await manu.me())["actor"] == "user:manu"


@direct
async def test_clients_of_one_process_share_a_line_and_leave_nothing_behind(service: RealService) -> None:
    exchange = Exchange()
    address = service.logins["user:manu"].secret
    async with DirectClient(address, exchange=exchange) as one, DirectClient(address, exchange=exchange) as other:
        await one.join("pj", "fxm")
        async with one.socket("pj", "fxm") as first, other.socket("pj") as second:
            await receive(first, "hello")
            await receive(second, "hello")
            await until(lambda: connections(service, "polaris listener") == 2)  # the API's is the other one
    await exchange.close()
    await until(lambda: connections(service, "polaris direct") == 0)

    assert connections(service, "polaris listener") == 1


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A Postgres that may be killed."""
    home = Path(tempfile.mkdtemp(prefix="polaris-test-pg-"))
    home.chmod(0o711)
    server = Server(home, options=THROW_AWAY | {"fsync": "on", "synchronous_commit": "on"}, open_home=True)
    try:
        migrate.apply(server.start().owner)
        logins.ensure_service(server.urls().owner, SERVICE_LOGIN, server.service_password())
        yield server
    finally:
        server.destroy()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def exposed(own_server: Server, tmp_path: Path) -> AsyncIterator[RealService]:
    """A service over a Postgres that may be killed, on a direct link."""
    folder = tmp_path / "api"
    folder.mkdir(mode=0o700)
    urls = own_server.urls()
    service = RealService(folder, urls.service, urls.owner, "direct")
    await service.start()
    yield service
    await service.end()


async def test_kill_9_of_postgres_under_load_loses_nothing_and_doubles_nothing(
    exposed: RealService, own_server: Server, daemon: DaemonProcess
) -> None:
    mine = exposed.logins["user:manu"]
    sign_in_as(daemon, Credential(mine.place, "acme", "user:manu", mine.secret))
    await daemon.start()
    await daemon.connect("a1")

    async def talk() -> None:
        for number in range(300):
            await daemon.hook(prompt("a1", f"hello {number}"))
            await asyncio.sleep(0.005)

    talking = asyncio.create_task(talk())
    for _ in range(2):
        await asyncio.sleep(0.4)
        pid = int((own_server.data / "postmaster.pid").read_text().splitlines()[0])
        await asyncio.to_thread(_kill_and_start, own_server, pid)
    await talking
    await daemon.drained(60)

    assert [row["body"] for row in exposed.events("fxm", "prompt")] == [f"hello {number}" for number in range(300)]
    assert exposed.gaps_and_doubles() == (0, 0)


def _kill_and_start(server: Server, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    server.start()
