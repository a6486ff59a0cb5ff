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
from polaris.service import port_is_free

pytestmark = pytest.mark.e2e
STAND_IN = Path(__file__).with_name("stand_in_browser.py")
# What an agent or a desktop around these tests would bring in.
SOMEBODYS = (
    *("CLAUDE_CODE_SESSION_ID", "CLAUDE_PID", "CLAUDECODE", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_SESSION_ID"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "OPENCODE_CONFIG_DIR"),
)
SETTINGS = '{\n  // mine\n  "model": "opus",\n  "hooks": {}\n}\n'


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


class Laptop(Machine):
    """A person's machine: an empty home, a browser, and agents that can say their version and nothing more."""

    def __init__(self, folder: Path) -> None:
        self.user, self.programs = folder / "us er", folder / "programs"
        self.user.mkdir()
        self.programs.mkdir()
        super().__init__(self.user / ".polaris")
        for name in ("POLARIS_HOME", "SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY", *SOMEBODYS):
            self.environment.pop(name, None)
        self.environment |= {
            "HOME": str(self.user),
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "BROWSER": f"{sys.executable} {STAND_IN} %s",
        }
        self.program("systemctl", "exit 1")  # whatever this machine has: no service of its user's own

    def program(self, name: str, script: str) -> None:
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def files(self) -> dict[str, str]:
        """What lies in the user's home beside Polaris's own folder."""
        return {
            str(file.relative_to(self.user)): file.read_text()
            for file in sorted(self.user.rglob("*"))
            if file.is_file() and not file.is_relative_to(self.home)
        }

    def hook(self, payload: dict[str, Any]) -> None:
        subprocess.run(
            [str(self.home / "bin" / "capture.sh"), "claude-code"],
            input=json.dumps(payload),
            text=True,
            check=True,
            env=self.environment | {"CLAUDECODE": "1"},
            timeout=20,
        )


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    one = Laptop(tmp_path)
    yield one
    one.run("stop")
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


def test_a_machine_signs_in_through_its_browser_and_out_again(laptop: Laptop, service: str) -> None:
    done = laptop.run("login", service, "--no-install")
    assert done.returncode == 0, done.stderr
    name = service.removeprefix("http://")
    first = saved(laptop)["profiles"][name]["token"]
    file = laptop.home / "credentials.json"
    known = json.loads(laptop.run("status", "--json").stdout)["service"]

    assert done.stdout.startswith(f"You are user:manu of acme (admin) at {service}.")
    assert first not in done.stdout + done.stderr
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(laptop.home.stat().st_mode)) == (0o600, 0o700)
    assert saved(laptop)["default"] == name
    assert (known["url"], known["actor"]) == (service, "user:manu")

    again = laptop.run("login", "--no-install")  # the profile knows where, and is still good
    same = saved(laptop)["profiles"][name]["token"]
    anew = laptop.run("login", service, "--profile=second", "--no-install")
    second = saved(laptop)["profiles"]["second"]["token"]
    out = laptop.run("logout")

    assert (again.returncode, anew.returncode, out.returncode) == (0, 0, 0), again.stderr + out.stderr
    assert same == first != second
    assert "browser" not in again.stderr and "browser" in anew.stderr
    assert list(saved(laptop)["profiles"]) == [name]
    laptop.environment["POLARIS_URL"] = service
    for token, code in ((first, 0), (second, 77)):  # only the one that was signed out is dead
        laptop.environment["POLARIS_TOKEN"] = token
        assert laptop.run("project", "list").returncode == code


def test_a_machine_without_a_browser_signs_in_with_a_code(laptop: Laptop, service: str) -> None:
    laptop.environment["SSH_CONNECTION"] = "192.0.2.1 5000 192.0.2.2 22"
    process = laptop.start("login", service, "--profile=work", "--json", "--no-install")
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


def test_a_token_from_stdin_is_kept_beside_others_if_the_service_knows_it(laptop: Laptop, service: str) -> None:
    laptop.run("login", service, "--profile=manu", "--no-install")
    made = json.loads(laptop.run("token", "create", "agent:ci", "--json").stdout)
    given = fed(laptop, made["token"] + "\n", "login", service, "--with-token", "--profile=ci", "--no-install")
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


def test_one_command_sets_a_fresh_machine_up_and_another_takes_everything_out_again(
    laptop: Laptop, service: str
) -> None:
    laptop.program("claude", "echo '2.1.330 (Claude Code)'")
    (laptop.user / ".claude").mkdir()
    (laptop.user / ".claude" / "settings.json").write_text(SETTINGS)
    before = laptop.files()
    planned = laptop.run("login", service, "--dry-run")
    untouched, signed_in = laptop.files(), laptop.home.exists()
    done = laptop.run("login", service)
    assert done.returncode == 0, done.stdout + done.stderr
    hooked = laptop.files()[".claude/settings.json"]
    healthy = laptop.run("doctor", "--json")
    again = laptop.run("login")
    joined = laptop.run("join", "setup", "one", "--agent-session", "a1")
    state = json.loads((laptop.home / "daemon.json").read_text())
    out = laptop.run("logout")

    assert planned.returncode == 0, planned.stderr
    assert "Claude Code 2.1.330" in planned.stdout and "~/.claude/settings.json" in planned.stdout
    assert "starts" in planned.stdout and "Nothing was changed" in planned.stdout
    assert (untouched, signed_in) == (before, False)
    # First the plan, then what was done, then what is left to do.
    assert done.stderr.index("Your browser") < done.stderr.index("~/.claude/settings.json")
    assert "/polaris join" in done.stdout
    assert "capture.sh" in hooked and "// mine" in hooked and '"model": "opus"' in hooked
    assert healthy.returncode == 0, healthy.stdout
    assert {"joint": "claude-code", "level": "ok", "text": "Claude Code 2.1.330: set up.", "mend": None} in json.loads(
        healthy.stdout
    )["findings"]
    assert again.stderr.count("nothing to do") == 2, again.stderr
    assert "browser" not in again.stderr
    assert joined.stdout == "polaris: setup/one (user:manu) ● connected\n", joined.stderr
    assert out.returncode == 0, out.stdout + out.stderr
    assert laptop.files() == before
    assert not (laptop.home / "bin").exists() and not (laptop.home / "credentials.json").exists()
    assert not (laptop.home / "daemon.json").exists() and port_is_free(state["port"])


def test_what_was_captured_is_delivered_before_the_last_profile_goes(laptop: Laptop, service: str) -> None:
    laptop.program("claude", "echo '2.1.330 (Claude Code)'")
    laptop.run("login", service, "--profile=elsewhere", "--no-install")
    reader = saved(laptop)["profiles"]["elsewhere"]["token"]
    (laptop.home / "credentials.json").unlink()  # as if it were another machine's
    laptop.run("login", service, "--profile=one")
    laptop.run("login", service, "--profile=two", "--no-install")
    laptop.environment["POLARIS_PROFILE"] = "one"
    assert laptop.run("join", "leaving", "fxm", "--agent-session", "a1").returncode == 0
    first = laptop.run("logout", "--profile=two")
    for number in range(30):
        laptop.hook({"session_id": "a1", "hook_event_name": "UserPromptSubmit", "prompt": f"step {number}"})
    hooks, alive = (laptop.home / "bin" / "capture.sh").exists(), (laptop.home / "daemon.json").exists()
    last = laptop.run("logout", "--json")
    del laptop.environment["POLARIS_PROFILE"]
    laptop.environment |= {"POLARIS_URL": service, "POLARIS_TOKEN": reader}
    record = laptop.run("tail", "leaving", "--no-follow", "--lines=100", "--json")
    told = [json.loads(line) for line in record.stdout.splitlines()]

    assert "Everything else stays, for: one." in first.stdout, first.stdout + first.stderr
    assert (hooks, alive) == (True, True)
    assert last.returncode == 0, last.stderr
    assert json.loads(last.stdout)["waiting"] == {"events": 0, "files": 0}
    assert [one["body"] for one in told if one["kind"] == "prompt"] == [f"step {number}" for number in range(30)]
    assert [one["kind"] for one in told if one["kind"].startswith("driver.")] == ["driver.claimed", "driver.released"]


def test_an_agent_hands_its_seat_over_and_the_next_one_is_told_what_happened(laptop: Laptop, service: str) -> None:
    laptop.program("claude", "echo '2.1.330 (Claude Code)'")
    laptop.run("login", service)
    here = ("here", "--agent-session")
    joined = laptop.run(*here, "a1", "join handing fxm")
    laptop.hook({"session_id": "a1", "hook_event_name": "UserPromptSubmit", "prompt": "Build the retention job"})
    paused, resumed = laptop.run(*here, "a1", "pause"), laptop.run(*here, "a1", "resume")
    inbox, mine = laptop.run(*here, "a1", "inbox"), laptop.run("ask", "handing", "fxm")
    line = laptop.run("status", "--session", "a1")
    given = laptop.run(*here, "a1", "handoff", "user:manu")
    taken = laptop.run(*here, "a2", "join", "handing", "fxm")
    left = laptop.run(*here, "a2", "disconnect")

    assert joined.stdout.startswith("polaris: handing/fxm (user:manu) ● connected\nThis agent session drives"), joined
    assert "What happened before" not in joined.stdout
    assert "◌ paused" in paused.stdout and "● connected" in resumed.stdout
    assert inbox.stdout == "Nobody has advised handing/fxm yet.\n"
    assert mine.stdout.startswith("You drive handing/fxm")
    assert line.stdout == "polaris: handing/fxm (user:manu) ● connected\n"
    assert given.stdout.startswith("The seat of handing/fxm is kept for user:manu for five minutes.\n")
    assert "What happened before:" in taken.stdout and "Build the retention job" in taken.stdout
    assert left.stdout == "Disconnected. The seat is open.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "none is named here"),
        (("--agent-session", "a1"), "No daemon runs"),
        (("--agent-session", "a1", ""), "No daemon runs"),
        (("join pj",), "It goes: /polaris join PROJECT SESSION"),
        (("join", "pj"), "It goes: /polaris join PROJECT SESSION"),
        (("juin", "pj", "--flag", "--agent-session"), "/polaris knows no 'juin'"),
        (("ask", "pj", "fxm", "may", "I", "--please", "-x", "\x1f"), "not signed in"),
        (("--agent-session=a1", "handoff", "--", "x", "y"), "It goes: /polaris handoff"),
    ],
)
def test_what_an_agent_calls_never_fails_and_says_what_is_wrong_on_stdout(
    laptop: Laptop, words: tuple[str, ...], said: str
) -> None:
    done = laptop.run("here", *words)

    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout


def test_the_log_is_verified_exported_and_expected(laptop: Laptop, host: Host, service: str, tmp_path: Path) -> None:
    laptop.run("login", service, "--no-install")
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
