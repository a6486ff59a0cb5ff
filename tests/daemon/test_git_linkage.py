"""The whole way: hooks in a real repository, a commit by a tool call, and from the commit back to the prompt."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, stop
from real_service import RealService, both_links
from test_capture import leave_file

Json = dict[str, Any]

pytestmark = both_links

SHOP = "github.com/acme/shop"
HUSH = "hush-hush-hush"


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=P", "-c", "user.email=p@acme.example"]
    done = subprocess.run(["git", *named, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "shop"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", f"https://priya:{HUSH}@github.com/acme/shop.git")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


async def run(daemon: DaemonProcess, shop: Path, command: str, number: int) -> str:
    """A call of the shell as Claude Code tells it, and the call itself; answers what it printed."""
    call: Json = {
        "session_id": "a1",
        "cwd": str(shop),
        "prompt_id": "t1",
        "tool_name": "Bash",
        "tool_input": {"command": command},
        "tool_use_id": f"toolu_{number}",
    }
    await daemon.hook(call | {"hook_event_name": "PreToolUse"})
    process = await asyncio.create_subprocess_shell(command, cwd=shop, stdout=-1, stderr=-1)
    out, err = await process.communicate()
    response = {"stdout": out.decode(), "stderr": err.decode(), "interrupted": False, "isImage": False}
    await daemon.hook(call | {"hook_event_name": "PostToolUse", "tool_response": response})
    return out.decode()


async def log(service: RealService, tmp_path: Path, *words: str) -> Json:
    """What `polaris log` says as user:krishna, once the pass behind the ingest was there."""
    found = service.credential("user:krishna")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
    url = found.token if service.link == "direct" else found.url
    environment |= {"POLARIS_HOME": str(tmp_path / "other"), "POLARIS_URL": url, "POLARIS_TOKEN": found.token}
    command = [str(Path(sys.executable).with_name("polaris")), "log", *words, "--json"]
    deadline = time.monotonic() + 30
    while True:
        process = await asyncio.create_subprocess_exec(*command, env=environment, cwd="/", stdout=-1, stderr=-1)
        out, err = await process.communicate()
        if process.returncode == 0:
            rows: list[Json] = json.loads(out)
            if rows:
                return rows[0]
        assert time.monotonic() < deadline, (out, err)


async def test_a_commit_leads_back_to_the_session_and_the_prompt(
    manu: DaemonProcess, service: RealService, shop: Path, tmp_path: Path
) -> None:
    first = git(shop, "rev-parse", "HEAD")
    await manu.connect("a1")
    await manu.hook(prompt("a1", "Fix the login", "t1", cwd=str(shop)))
    edit = {"tool_name": "Write", "tool_input": {"file_path": str(shop / "src/auth.py"), "content": "x"}}
    told = {"session_id": "a1", "cwd": str(shop), "prompt_id": "t1", "tool_use_id": "toolu_0"} | edit
    await manu.hook(told | {"hook_event_name": "PreToolUse"})
    who = "git -c user.name=P -c user.email=p@acme.example"
    await run(manu, shop, f"{who} commit --allow-empty -m 'Fix it'", 1)
    printed = git(shop, "rev-parse", "HEAD")
    await run(manu, shop, f"{who} commit -q --allow-empty -m 'Quietly'", 2)
    quiet = git(shop, "rev-parse", "HEAD")
    await manu.hook(stop("a1", "Done.", "t1", cwd=str(shop)))
    await manu.drained()

    rows = service.events("fxm")
    by_kind = {(row["kind"], row["body"]): row["facts"] for row in rows}
    at_first = {"repository": SHOP, "branch": "main", "commit": first}
    assert by_kind["prompt", "Fix the login"] == at_first
    assert by_kind["tool.call", "Write: src/auth.py"] == at_first
    assert by_kind["reply", "Done."] == at_first | {"commit": quiet}
    assert HUSH not in str(rows)

    for commit, subject in ((printed, "Fix it"), (quiet, None)):
        found = await log(service, tmp_path, "--commit", commit)
        assert (found["commit"], found["made"], found["subject"]) == (commit, True, subject)
        assert (found["project"], found["session"], found["actor"]) == ("pj", "fxm", "user:manu")
        assert found["prompt"] == "Fix the login"
    changed = await log(service, tmp_path, "--file", "src/auth.py")
    assert (changed["path"], changed["prompt"]) == (str(shop / "src/auth.py"), "Fix the login")
    assert not (await log(service, tmp_path, "--commit", first))["made"]


async def test_what_was_kept_in_a_file_says_nothing_of_git_and_neither_does_an_excluded_repository(
    manu: DaemonProcess, service: RealService, shop: Path
) -> None:
    inner = shop / "inner"
    inner.mkdir()
    await manu.connect("a1")
    leave_file(manu, prompt("a1", "late", cwd=str(shop)), time.time())
    await manu.hook(prompt("a1", "now", cwd=str(shop)))
    # The session works beside what is excluded; its repository's own files lie in there.
    (manu.home / "machine.json").write_text(json.dumps({"excluded": [os.path.realpath(shop / ".git")]}))
    await manu.hook(prompt("a1", "in private", cwd=str(inner)))
    while len(service.events("fxm", "prompt")) < 3:
        await asyncio.sleep(0.05)

    facts = {row["body"]: (row["facts"] or {}).get("branch") for row in service.events("fxm", "prompt")}
    assert facts == {"late": None, "now": "main", "in private": None}
