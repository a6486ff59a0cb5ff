"""``polaris login`` and ``logout`` as a person runs them, against a service with local sign-in; and the audit log."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from machine import POLARIS, Machine
from stand_in_browser import StandIn

from polaris import audit
from polaris.db.embedded import Server

pytestmark = pytest.mark.e2e
STAND_IN = Path(__file__).with_name("stand_in_browser.py")


class Host(Machine):
    """A machine that runs a service."""

    url = ""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Where the service runs: it has the organization ``acme`` of ``user:manu``."""
    home = Path(tempfile.mkdtemp(prefix="polaris-test-e2e-"))
    one = Host(home)
    one.environment |= {"POLARIS_LOCAL_SIGN_IN": "1"}
    try:
        process = one.start("serve", "--port=0")
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), line + (process.communicate()[1] or "")
        one.url = line.split()[1]
        made = one.run("org", "create", "acme", "--handle", "manu")
        assert made.returncode == 0, made.stderr
        yield one
    finally:
        for process in one.running:
            process.kill()
            process.communicate()
        Server(home).destroy()
        shutil.rmtree(home)


@pytest.fixture
def service(host: Host) -> str:
    return host.url


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Machine]:
    """A person's machine, which has a browser."""
    one = Machine(tmp_path / "home")
    one.environment["BROWSER"] = f"{sys.executable} {STAND_IN} %s"
    for name in ("SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"):
        one.environment.pop(name, None)
    yield one
    for process in one.running:
        process.kill()
        process.communicate()


def saved(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((machine.home / "credentials.json").read_text())
    return found


def fed(machine: Machine, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POLARIS, *words],
        input=text,
        capture_output=True,
        text=True,
        env=machine.environment,
        timeout=60,
        check=False,
    )


def test_a_machine_signs_in_through_its_browser_and_out_again(laptop: Machine, service: str) -> None:
    done = laptop.run("login", service)
    assert done.returncode == 0, done.stderr
    name = service.removeprefix("http://")
    first = saved(laptop)["profiles"][name]["token"]
    file = laptop.home / "credentials.json"
    known = json.loads(laptop.run("status", "--json").stdout)["service"]

    assert done.stdout.startswith(f"You are user:manu of acme (admin) at {service}.")
    assert "polaris join" in done.stdout
    assert first not in done.stdout + done.stderr
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(laptop.home.stat().st_mode)) == (0o600, 0o700)
    assert saved(laptop)["default"] == name
    assert (known["url"], known["actor"]) == (service, "user:manu")

    again = laptop.run("login")  # the profile knows where
    second = saved(laptop)["profiles"][name]["token"]
    out = laptop.run("logout")

    assert (again.returncode, out.returncode) == (0, 0), again.stderr + out.stderr
    assert second != first
    assert not file.exists()
    laptop.environment["POLARIS_URL"] = service
    for token, code in ((first, 0), (second, 77)):  # only the one that was signed out is dead
        laptop.environment["POLARIS_TOKEN"] = token
        assert laptop.run("project", "list").returncode == code


def test_a_machine_without_a_browser_signs_in_with_a_code(laptop: Machine, service: str) -> None:
    laptop.environment["SSH_CONNECTION"] = "192.0.2.1 5000 192.0.2.2 22"
    process = laptop.start("login", service, "--profile=work", "--json")
    assert process.stderr
    said = ""
    while not (found := re.search(r"\b([B-Z]{4}-[B-Z]{4})\b", said)):
        line = process.stderr.readline()
        assert line, said
        said += line
    browser = StandIn(service)
    browser.sign_in()
    answered = browser.enter(found[1])
    out, rest = process.communicate(timeout=60)

    assert "Done" in answered
    assert process.returncode == 0, said + rest
    assert f"{service}/device" in said
    assert json.loads(out) == {
        "profile": "work",
        "url": service,
        "org": "acme",
        "actor": "user:manu",
        "role": "admin",
    }
    assert list(saved(laptop)["profiles"]) == ["work"]


def test_a_token_from_stdin_is_kept_beside_others_if_the_service_knows_it(laptop: Machine, service: str) -> None:
    laptop.run("login", service, "--profile=manu")
    made = json.loads(laptop.run("token", "create", "agent:ci", "--json").stdout)
    given = fed(laptop, made["token"] + "\n", "login", service, "--with-token", "--profile=ci")
    profiles = saved(laptop)
    laptop.environment["POLARIS_PROFILE"] = "manu"
    ended = laptop.run("token", "revoke", str(made["token_id"]))
    refused = fed(laptop, made["token"], "login", service, "--with-token", "--profile=again")
    dead = laptop.run("logout", "--profile=ci")

    assert given.returncode == 0, given.stderr
    assert "You are agent:ci of acme (agent)" in given.stdout
    assert (profiles["default"], profiles["profiles"]["ci"]["token"]) == ("ci", made["token"])
    assert ended.returncode == 0, ended.stderr
    assert (refused.returncode, made["token"] in refused.stderr) == (77, False)
    assert dead.returncode == 0, dead.stderr  # the service knows the token no more: that is what was wanted
    assert list(saved(laptop)["profiles"]) == ["manu"]


def test_the_log_is_verified_exported_and_expected(laptop: Machine, host: Host, service: str, tmp_path: Path) -> None:
    laptop.run("login", service)
    first = laptop.run("audit", "verify", "--json")
    assert first.returncode == 0, first.stdout + first.stderr
    anchor = json.loads(first.stdout)["anchor"]
    laptop.run("project", "create", "secret", "--private")
    invited = laptop.run("member", "invite", "priya@example.org")
    exported = laptop.run("audit", "export")
    (tmp_path / "log.jsonl").write_text(exported.stdout)
    second = laptop.run("audit", "verify", "--expect", anchor)
    offline = laptop.run("audit", "verify", "--file", str(tmp_path / "log.jsonl"), "--expect", anchor, "--json")
    wrong = laptop.run("audit", "verify", "--expect", f"{anchor.split(':')[0]}:{'0' * 64}")
    shown = laptop.run("audit", "list", "--lines", "3")
    installation = host.run("audit", "verify", "--installation", "--json")
    lines = [json.loads(line) for line in exported.stdout.splitlines()]

    assert invited.stdout.startswith(f"{service}/invites/acme/")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "all as they were written" in second.stdout
    assert json.loads(offline.stdout)["rows"] == len(lines)
    assert (wrong.returncode, "was rewritten" in wrong.stdout) == (1, True)
    assert len(shown.stdout.splitlines()) == 4
    assert "export" in shown.stdout.splitlines()[-1]
    assert installation.returncode == 0, installation.stderr
    assert json.loads(installation.stdout)["whole"] is True
    assert {"sign_in", "token.issued", "invite.created", "export"} <= {line["action"] for line in lines}
    chain = audit.Chain([audit.Anchor.read(anchor)])
    for line in lines:
        chain.add(line)
    chain.end()
