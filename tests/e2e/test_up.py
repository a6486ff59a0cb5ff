"""`polaris up` with real processes: everything answers, everything ends, and what dies comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from machine import Machine, answers, until

from polaris.db.embedded import Server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize(("number", "more"), [(signal.SIGTERM, []), (signal.SIGINT, ["--temporary"])])
def test_everything_answers_and_a_signal_leaves_nothing_running(
    machine: Machine, number: signal.Signals, more: list[str]
) -> None:
    process, url = machine.up(*more)
    data = Server(machine.home).folder
    saved = json.loads((machine.home / "credentials.json").read_text())

    assert answers(url)
    assert saved["profiles"]["local"] | {"token": ""} == {
        "url": url,
        "org": "local",
        "actor": "user:manu-p",
        "token": "",
    }
    assert len(machine.processes()) > 3
    secrets = json.loads((machine.home / "postgres.json").read_text())
    everything = " ".join(machine.processes().values())
    for secret in (secrets["owner_password"], secrets["service_password"], saved["profiles"]["local"]["token"]):
        assert secret not in everything

    process.send_signal(number)

    assert process.wait(30) == 0
    assert machine.processes() == {}
    assert not (machine.home / "daemon.json").exists()
    assert data.exists() is (more == [])


def test_the_settings_of_the_web_reach_the_service_alone_and_no_command_line(machine: Machine) -> None:
    web = {
        "POLARIS_PUBLIC_URL": "https://polaris.example.com",
        "POLARIS_OIDC_ISSUER": "http://127.0.0.1:9",
        "POLARIS_OIDC_CLIENT_ID": "polaris",
        "POLARIS_OIDC_CLIENT_SECRET": "hush-provider",
        "POLARIS_SMTP_URL": "smtp://u:hush-mail@127.0.0.1:9",
        "POLARIS_MAIL_FROM": "polaris@example.com",
    }
    machine.environment |= web
    machine.up()

    def given(part: str) -> dict[str, str]:
        lines = Path(f"/proc/{machine.part(part)}/environ").read_bytes().decode().split("\0")
        found = dict(line.partition("=")[::2] for line in lines)
        return {name: found[name] for name in web.keys() & found.keys()}

    assert given("serve") == web
    assert given("daemon") == {}
    assert "hush" not in " ".join(machine.processes().values())
    assert not any("hush" in file.read_text() for file in (machine.home / "logs").iterdir())


def test_with_an_app_of_slack_the_bridge_runs_too_and_comes_back(machine: Machine) -> None:
    machine.environment |= {
        "POLARIS_SLACK_CLIENT_ID": "1.2",
        "POLARIS_SLACK_CLIENT_SECRET": "hush-client",
        "POLARIS_SLACK_APP_TOKEN": "xapp-hush",
        "POLARIS_SLACK_INGRESS": "socket",
        "POLARIS_SLACK_KEYS": "ZqUglSzoHDQ9VL22EwnLfD8btFZxjhmI-zhccMqsjO8=",
        "POLARIS_SLACK_URL": "http://127.0.0.1:9",
        "POLARIS_OIDC_CLIENT_ID": "polaris",
        "POLARIS_OIDC_CLIENT_SECRET": "hush-provider",
        "POLARIS_OIDC_ISSUER": "http://127.0.0.1:9",
    }
    process, url = machine.up()
    bridge = machine.one("bridge --log")
    given = Path(f"/proc/{bridge}/environ").read_bytes().decode()

    assert f"POLARIS_PUBLIC_URL={url}\0" in given
    assert "hush-provider" not in given
    assert "hush" not in " ".join(machine.processes().values())

    os.kill(bridge, signal.SIGKILL)
    until(lambda: bridge not in machine.processes() and any(" bridge " in w for w in machine.processes().values()))
    until(lambda: (machine.home / "logs" / "bridge.log").read_text().count("the bridge runs") == 2)
    assert "hush" not in (machine.home / "logs" / "bridge.log").read_text()
    assert json.loads(machine.run("slack", "status", "--json").stdout) == []

    process.terminate()
    assert process.wait(30) == 0
    assert machine.processes() == {}


def test_it_stays_the_same_organization_and_the_same_owner_even_without_the_credentials(machine: Machine) -> None:
    process, _ = machine.up()
    assert machine.run("join", "pj", "fxm").returncode == 0
    before = json.loads((machine.home / "credentials.json").read_text())["profiles"]["local"]
    process.terminate()
    process.wait(30)

    process, url = machine.up()

    after = json.loads((machine.home / "credentials.json").read_text())["profiles"]["local"]
    assert after == before | {"url": url}
    process.terminate()
    process.wait(30)
    (machine.home / "credentials.json").unlink()
    machine.up()
    status: dict[str, Any] = json.loads(machine.run("status", "--json").stdout)
    assert (status["service"]["actor"], status["service"]["role"]) == ("user:manu-p", "admin")
    assert "made the session" in machine.run("tail", "pj", "--no-follow").stdout


def test_parts_that_are_killed_come_back_at_the_same_place(machine: Machine) -> None:
    _, url = machine.up()
    port = json.loads((machine.home / "daemon.json").read_text())["port"]
    api, daemon = machine.part("serve"), machine.part("daemon")
    os.kill(api, signal.SIGKILL)
    os.kill(daemon, signal.SIGKILL)

    until(lambda: api not in machine.processes() and answers(url))
    until(lambda: machine.run("status").returncode == 0)
    assert json.loads((machine.home / "daemon.json").read_text())["port"] == port


def test_when_it_is_killed_its_parts_end_and_the_next_one_goes_on(machine: Machine) -> None:
    process, _ = machine.up()
    machine.run("join", "pj", "fxm")
    process.kill()
    process.wait()
    until(lambda: not any("serve" in words or " daemon " in words for words in machine.processes().values()))

    machine.up()

    assert "made the session" in machine.run("tail", "pj", "--no-follow").stdout


def test_a_signal_in_the_middle_of_the_start_leaves_nothing_running(machine: Machine) -> None:
    process = machine.start("up", "--port=0")
    until(lambda: any("postgres" in words for words in machine.processes().values()))
    process.terminate()

    out, err = process.communicate(timeout=40)

    assert process.returncode == 0, out + err
    assert machine.processes() == {}


def test_a_port_that_is_taken_is_a_sentence(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = machine.run("up", f"--port={port}")

    assert refused.returncode != 0
    assert str(port) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert machine.processes() == {}


def test_the_commands_tell_what_they_did(machine: Machine) -> None:
    machine.up()

    second = machine.run("up", "--port=0")
    assert second.returncode == 1
    assert "is up already" in second.stderr
    assert machine.run("member", "add", "priya").stdout == "user:priya is member.\n"
    token = machine.run("token", "create", "user:priya", "--name=x").stdout.strip()
    assert token.startswith("plr_u_")
    assert "user:priya" in machine.run("token", "list").stdout
    assert "You drive pj/fxm" in machine.run("join", "pj", "fxm").stdout
    machine.environment["POLARIS_TOKEN"] = token
    assert "user:manu-p drives pj/fxm" in machine.run("join", "pj", "fxm").stdout
    assert machine.run("release", "pj", "fxm").returncode == 1
    assert machine.run("member", "add", "eve").returncode == 77
    waited = machine.run("inject", "pj", "fxm", "Use RS256", "--timeout=0.5")
    assert (waited.returncode, waited.stdout) == (69, "queued\n")
    sent = machine.run("inject", "pj", "fxm", "--no-wait", "--json", "--", "--literal")
    assert json.loads(sent.stdout)["state"] == "queued"
    lines = machine.run("tail", "pj", "--no-follow").stdout.splitlines()
    assert lines[-2:] == ['[user:priya → fxm] "Use RS256"', '[user:priya → fxm] "--literal"']
    machine.environment["POLARIS_TOKEN"] = "plr_u_nonsense"
    assert machine.run("member", "list").returncode == 77
    del machine.environment["POLARIS_TOKEN"]
    assert machine.run("tail", "nowhere").returncode == 1
    assert machine.run("db", "check").returncode == 0
    url = machine.run("login-role", "create", "user:priya").stdout.strip()
    assert url.startswith("postgresql://polaris_local_user_priya:")
    assert machine.run("login-role", "create", "user:priya").returncode == 1
    assert machine.run("login-role", "revoke", "polaris_local_user_priya").returncode == 0


def test_tail_follows_live_and_ends_quietly(machine: Machine) -> None:
    machine.up()
    machine.run("join", "pj", "fxm")
    tail = machine.start("tail", "pj", "--json", "--lines=0")
    assert tail.stdout
    # Until it listens, what is said may come before its beginning: say it until it is heard.
    until(lambda: bool(machine.run("inject", "pj", "fxm", "--no-wait", "one").returncode == 0))
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(tail.stdout.readline() if tail.stdout else ""))
    reader.start()
    while reader.is_alive():
        machine.run("inject", "pj", "fxm", "--no-wait", "again")
        reader.join(0.1)

    assert json.loads(heard[0])["kind"] == "advice"
    tail.send_signal(signal.SIGINT)
    assert tail.wait(10) == 130


def test_without_a_service_it_is_a_sentence_and_a_code(machine: Machine) -> None:
    assert machine.run("tail", "pj").returncode == 78
    machine.environment |= {"POLARIS_URL": "http://127.0.0.1:1", "POLARIS_TOKEN": "plr_u_x"}
    away = machine.run("tail", "pj", "--no-follow")

    assert away.returncode == 69
    assert "does not answer" in away.stderr
    assert machine.run("db", "status").returncode == 69
    assert list(machine.home.iterdir()) == []
