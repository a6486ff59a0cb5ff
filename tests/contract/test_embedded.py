"""The embedded server: started, started again, killed, started twice at once; data and passwords kept safe."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from polaris.db import binaries, logins
from polaris.db.embedded import SERVICE_LOGIN, THROW_AWAY, Server
from polaris.errors import Misconfigured

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its server to another user")


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that root's server can enter; whatever runs below it is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="polaris-test-home-"))
    folder.chmod(0o711)
    yield folder
    Server(folder).destroy()
    shutil.rmtree(folder)


def server(home: Path, **options: str) -> Server:
    return Server(home, options=THROW_AWAY | {"shared_buffers": "16MB"} | options, open_home=True)


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row
        return row[0]


def postmaster(one: Server) -> int:
    return int((one.data / "postmaster.pid").read_text().split()[0])


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this did not become true in time"
        time.sleep(0.01)


def test_a_new_home_gets_a_server_and_starting_again_changes_nothing(home: Path) -> None:
    one = server(home)
    urls = one.start()

    assert ask(urls.owner, "select current_database()") == "polaris"
    assert one.start() == urls
    assert server(home).urls() == urls
    assert one.running()


def test_stopping_keeps_data_and_port(home: Path) -> None:
    one = server(home)
    urls = one.start()
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("create table kept as select 7 as n")
    one.stop()
    assert not one.running()
    assert not (one.data / "postmaster.pid").exists()
    one.stop()

    assert one.start() == urls
    assert ask(urls.owner, "select n from kept") == 7


def test_a_killed_server_starts_again_with_everything_that_was_committed(home: Path) -> None:
    one = server(home, fsync="on", synchronous_commit="on")
    urls = one.start()
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("create table kept as select 7 as n")
    killed = postmaster(one)
    os.kill(killed, signal.SIGKILL)

    assert one.start() == urls
    assert ask(urls.owner, "select n from kept") == 7
    assert postmaster(one) != killed


def test_a_process_number_that_somebody_else_has_by_now_does_not_stop_it(home: Path) -> None:
    one = server(home)
    urls = one.start()
    file = one.data / "postmaster.pid"
    left = file.read_text()
    one.stop()
    # As after the end of a container: the file is there, and its number belongs to another process of the same user.
    who = binaries.account(one.data)
    other = subprocess.Popen(["sleep", "600"], **(who.for_subprocess() if os.geteuid() == 0 else {}))
    try:
        file.write_text(left.replace(left.split("\n", 1)[0], str(other.pid), 1))
        os.chown(file, who.uid, who.gid)
        assert not one.running()

        assert one.start() == urls
        assert ask(urls.owner, "select 1") == 1
    finally:
        other.kill()
        other.wait()


def test_two_processes_that_start_at_once_get_one_server(home: Path) -> None:
    code = (
        "import os, pathlib; from polaris.db.embedded import Server, THROW_AWAY;"
        "print(Server(pathlib.Path(os.environ['WHERE']), options=THROW_AWAY, open_home=True).start().owner)"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"WHERE": str(home)}
        )
        for _ in range(2)
    ]

    first, second = (process.communicate(timeout=60)[0].strip() for process in both)
    assert first == second
    assert ask(first, "select 1") == 1


def test_a_kept_port_that_is_taken_is_exchanged_for_a_free_one(home: Path) -> None:
    one = server(home)
    before = one.start()
    one.stop()
    port = json.loads(one.secrets_file.read_text())["port"]
    with socket.create_server(("127.0.0.1", port)):
        after = one.start()

    assert after != before
    assert ask(after.owner, "select 1") == 1


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"port {port} is taken"):
            Server(home, port=port, options=THROW_AWAY, open_home=True).start()


def test_data_of_another_version_are_named_with_what_to_do(home: Path) -> None:
    one = server(home)
    one.start()
    one.stop()
    (one.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(Misconfigured) as failure:
        one.start()

    error = failure.value
    assert error.code == "database_of_another_version"
    assert "are of PostgreSQL 12, the programs in" in error.message
    assert all(word in str(error.hint) for word in ("POLARIS_PG_BIN", "pg_dumpall", "pg_upgrade", str(one.folder)))


def test_lost_passwords_are_named_and_nothing_is_overwritten(home: Path) -> None:
    one = server(home)
    one.start()
    one.stop()
    one.secrets_file.unlink()

    with pytest.raises(Misconfigured, match=r"passwords in .* are gone"):
        one.start()
    assert (one.data / "PG_VERSION").exists()


def test_passwords_are_asked_for_and_stand_nowhere_that_others_can_read(home: Path) -> None:
    one = server(home)
    urls = one.start()
    saved = json.loads(one.secrets_file.read_text())
    words = [saved["owner_password"], saved["service_password"]]

    assert stat.S_IMODE(one.secrets_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(one.data.stat().st_mode) == 0o700
    assert not any(word in one.log_file.read_text() for word in words)
    if Path("/proc/self").exists():
        lines = [file.read_bytes().decode(errors="replace") for file in Path("/proc").glob("[0-9]*/cmdline")]
        assert not any(word in line for line in lines for word in words)
    for wrong in (re.sub(r":[^:@]+@", "@", urls.owner), re.sub(r":[^:@]+@", ":wrong@", urls.owner)):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(wrong)


def test_the_log_holds_no_statement_and_no_parameter(home: Path) -> None:
    one = server(home)
    url = one.start().owner
    with psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.Error):
            connection.execute("select 'hush-statement' from nowhere")
        with pytest.raises(psycopg.Error):
            connection.execute("select 1 / length(%s::text)", [""])

    assert "hush" not in one.log_file.read_text()


def test_the_login_of_the_service_is_made_once_and_its_password_follows(home: Path) -> None:
    one = server(home)
    urls = one.start()
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("create role polaris_service nologin")

    logins.ensure_service(urls.owner, SERVICE_LOGIN, one.service_password())
    verifier = ask(urls.owner, "select rolpassword from pg_authid where rolname = 'polaris_api'")
    logins.ensure_service(urls.owner, SERVICE_LOGIN, one.service_password())

    assert ask(urls.service, "select pg_has_role('polaris_service', 'member')")
    assert verifier.startswith("SCRAM-SHA-256$")
    assert ask(urls.owner, "select rolpassword from pg_authid where rolname = 'polaris_api'") == verifier

    logins.ensure_service(urls.owner, SERVICE_LOGIN, "another one")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(urls.service)


@AS_ROOT
def test_a_closed_home_of_root_stays_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    one = server(home)
    try:
        urls = one.start()

        assert (home / "postgres").is_symlink()
        assert one.folder.parent == binaries.SHARED
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert ask(urls.owner, "select 1") == 1
        assert Path(f"/proc/{postmaster(one)}").stat().st_uid != 0
    finally:
        folder = one.folder
        one.destroy()

    assert not folder.exists()
    assert list(home.iterdir()) == []


@AS_ROOT
def test_data_of_roots_server_in_a_home_that_was_closed_later_are_named_with_what_to_do(home: Path) -> None:
    one = server(home)
    one.start()
    one.stop()
    home.chmod(0o700)

    with pytest.raises(Misconfigured, match="cannot enter") as failure:
        one.start()
    assert "ln -s" in str(failure.value.hint)


@AS_ROOT
def test_data_that_are_gone_are_not_silently_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "postgres").symlink_to(tmp_path / "gone")

    with pytest.raises(Misconfigured, match="which is gone"):
        server(home).start()


def test_a_machine_without_postgres_is_told_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLARIS_PG_BIN", str(home))

    with pytest.raises(Misconfigured, match=r"POLARIS_PG_BIN names .*, which has no initdb"):
        server(home).start()
    monkeypatch.delenv("POLARIS_PG_BIN")
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    with pytest.raises(Misconfigured, match="no PostgreSQL") as failure:
        binaries.folder()
    assert "pip install" in str(failure.value.hint)


def test_nothing_is_left_after_it_is_destroyed(home: Path) -> None:
    one = server(home)
    one.start()
    pid = postmaster(one)
    one.destroy()

    until(lambda: not Path(f"/proc/{pid}").exists())
    assert list(home.iterdir()) == []
