"""A daemon in a process of its own and what hooks and commands do with it, for the tests of this folder."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

import aiohttp

from polaris.settings import Credential, Settings, save_credential

Json = dict[str, Any]

RUN = """
import asyncio, json, sys
from polaris.daemon.app import serve
from polaris.settings import Settings
from polaris import log
home, port, lease, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
log.setup("debug")
settings = Settings.from_env({}, home=home).replace(lease_seconds=lease)
asyncio.run(serve(settings, port=port, ready=lambda n: print("ready", n, flush=True), **options))
"""


class DaemonProcess:
    """The real daemon of one home; `start` it again after `kill`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None
        self.options: Json = {"grace_seconds": 0.3}
        self.lease_seconds = 60  # on a direct link; the API has its own

    @property
    def settings(self) -> Settings:
        return Settings.from_env({}, home=str(self.home))

    @property
    def token(self) -> str:
        return self.settings.daemon_token_file.read_text()

    async def start(self) -> DaemonProcess:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
        with (self.home / "daemon.err").open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                RUN,
                str(self.home),
                str(self.port),
                str(self.lease_seconds),
                json.dumps(self.options),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=environment,
                cwd="/",
            )
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), 20)
        assert line.startswith(b"ready "), self.said()
        self.port = int(line.split()[1])
        return self

    async def kill(self) -> None:
        assert self.process
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        assert self.process
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 10)

    def said(self) -> str:
        return (self.home / "daemon.err").read_text()

    async def call(self, method: str, path: str, body: Any = None, headers: Json | None = None) -> tuple[int, Any]:
        """One request with the daemon's token; answers status and decoded body (raw bytes where it is no JSON)."""
        sent = {"X-Polaris-Token": self.token, "Content-Type": "application/json"} | (headers or {})
        raw = body if isinstance(body, bytes) else (None if body is None else json.dumps(body).encode())
        data = None if raw is None else io.BytesIO(raw)
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as http, http.request(method, url, data=data, headers=sent) as answer:
            raw = await answer.read()
        try:
            return answer.status, json.loads(raw) if raw else None
        except ValueError:
            return answer.status, raw

    async def get(self, path: str) -> Json:
        status, body = await self.call("GET", path)
        assert status == 200, body
        return dict(body)

    async def hook(self, payload: Json, pid: int | None = None, capture: str | None = None) -> Any:
        """What capture.sh does with a payload; answers the hook's output."""
        headers = {"X-Polaris-Capture": capture or uuid.uuid4().hex, "X-Polaris-Agent": "claude-code"}
        headers |= {"X-Polaris-Pid": str(pid or ""), "X-Polaris-At": ""}
        status, body = await self.call("POST", "/events", payload, headers)
        assert status == 200, body
        return body

    async def connect(self, agent_session_id: str, project: str = "pj", session: str = "fxm", **more: Any) -> Json:
        asked = {"agent_session_id": agent_session_id, "agent": "claude-code", "project": project, "session": session}
        status, body = await self.call("POST", "/connect", asked | more)
        assert status == 200, body
        return dict(body)

    async def drained(self, seconds: float = 15.0) -> None:
        """Waits until nothing waits here any more."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (status := await self.get("/status"))["spool"]["events"]:
            assert asyncio.get_running_loop().time() < deadline, status
            await asyncio.sleep(0.02)

    async def until(self, path: str, fits: Any, seconds: float = 15.0) -> Json:
        """Waits until the answer of a path fits."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not fits(found := await self.get(path)):
            assert asyncio.get_running_loop().time() < deadline, found
            await asyncio.sleep(0.02)
        return found


def prompt(session: str, text: str, turn: str | None = None, **more: Any) -> Json:
    return {
        "session_id": session,
        "hook_event_name": "UserPromptSubmit",
        "prompt": text,
        "prompt_id": turn or str(uuid.uuid4()),
    } | more


def stop(session: str, text: str, turn: str, **more: Any) -> Json:
    told = {"session_id": session, "hook_event_name": "Stop", "last_assistant_message": text, "prompt_id": turn}
    return told | {"stop_hook_active": False} | more


def sign_in(daemon: DaemonProcess, url: str, token: str, actor: str, org: str = "acme") -> None:
    sign_in_as(daemon, Credential(url, org, actor, token))


def sign_in_as(daemon: DaemonProcess, credential: Credential) -> None:
    save_credential(daemon.settings.credentials_file, "local", credential)
