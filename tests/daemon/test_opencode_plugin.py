"""The OpenCode plugin under Node before a real daemon: what it hands over and puts in, and that it never disturbs."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, sign_in
from fake_service import FakeService, until

from polaris import resources

RECORDED = Path(__file__).parents[1] / "fixtures" / "opencode" / "_trace.tui.jsonl"
DELIVERY = "0f36803d-6a8e-4059-8989-171f0196413d"
SESSION = "ses_dfc233ec3ffe0h7HqJ3EwtXn1Q"
NODE = shutil.which("node")
LIMIT = "const LIMIT = 700"
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

Json = dict[str, Any]

# OpenCode's side: one JSON line a call, one line back when the plugin is done with it.
HOST = """
import readline from "node:readline"
const { Polaris } = await import(process.argv[2])
const say = (told) => console.log(JSON.stringify(told))
const session = { get: async () => ({ data: {} }), promptAsync: async (asked) => say({ prompted: asked }) }
const hooks = await Polaris({ directory: "/home/dev/project", client: { session } })
say({ hooks: Object.keys(hooks), pid: process.pid })
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { hook, input, output, leaves } = JSON.parse(line)
  const done = hooks[hook](input, output)
  if (leaves) process.exit(0)
  await done
  say({ hook, output })
}
process.exit(0)
"""


class OpenCode:
    """A process with the plugin."""

    def __init__(self, home: Path, folder: Path, limit: int = 10_000) -> None:
        # On a busy machine the daemon takes longer than OpenCode may wait; what the limit does has a test of its own.
        self.home, self.folder, self.limit = home, folder, limit
        self.process: asyncio.subprocess.Process | None = None
        self.prompts: list[Json] = []
        self.pid = 0

    async def __aenter__(self) -> OpenCode:
        # Bun reads every file as a module; Node asks for the ending.
        plugin, text = self.folder / "plugin.mjs", resources.path("hooks", "opencode.js").read_text()
        assert LIMIT in text
        plugin.write_text(text.replace(LIMIT, f"const LIMIT = {self.limit}"))
        (self.folder / "host.mjs").write_text(HOST)
        environment = {"POLARIS_HOME": str(self.home), "PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        # A proxy must not get to see anything.
        environment |= {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        self.process = await asyncio.create_subprocess_exec(
            str(NODE),
            str(self.folder / "host.mjs"),
            str(plugin),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            limit=2**22,
        )
        began = await self._line()
        assert {"event", "chat.message", "tool.execute.before", "tool.execute.after"} == set(began["hooks"])
        self.pid = began["pid"]
        return self

    async def __aexit__(self, *_: Any) -> None:
        assert self.process and self.process.stdin and self.process.stderr
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), 10)
        assert await self.process.stderr.read() == b""

    async def _line(self) -> Json:
        assert self.process and self.process.stdout
        told: Json = json.loads(await asyncio.wait_for(self.process.stdout.readline(), 15))
        return told

    async def call(self, hook: str, given: Any, output: Any = None) -> Json:
        """One call of the plugin; answers what it made of *output*."""
        assert self.process and self.process.stdin
        self.process.stdin.write(json.dumps({"hook": hook, "input": given, "output": output}).encode() + b"\n")
        while "hook" not in (told := await self._line()):
            self.prompts.append(told["prompted"])
        return dict(told["output"] or {})

    async def last_words(self, text: str) -> None:
        """OpenCode ends in the very moment in which it tells the plugin of a prompt."""
        assert self.process and self.process.stdin
        part = {"id": "prt_last1", "type": "text", "text": text, "messageID": "msg_last1", "sessionID": SESSION}
        output = {"message": {"id": "msg_last1", "role": "user", "sessionID": SESSION}, "parts": [part]}
        told = {"hook": "chat.message", "input": {"sessionID": SESSION}, "output": output, "leaves": True}
        self.process.stdin.write(json.dumps(told).encode() + b"\n")
        await asyncio.wait_for(self.process.wait(), 10)

    async def prompted(self) -> Json:
        while not self.prompts:
            self.prompts.append((await self._line())["prompted"])
        return self.prompts.pop(0)

    async def replay(self) -> None:
        for line in RECORDED.read_text().splitlines():
            told = json.loads(line)
            if told["kind"] == "event":
                await self.call("event", {"event": told["obj"]})
            elif told["kind"] in ("chat.message", "tool.execute.before", "tool.execute.after"):
                await self.call(told["kind"], told["obj"]["input"], told["obj"]["output"])

    async def typed(self, text: str = "hello", session: str = SESSION) -> Json:
        message = {"id": "msg_typed1", "role": "user", "sessionID": session, "time": {"created": 1}}
        part = {"id": "prt_typed1", "type": "text", "text": text, "messageID": "msg_typed1", "sessionID": session}
        return await self.call("chat.message", {"sessionID": session}, {"message": message, "parts": [part]})


@pytest.fixture
async def connected(daemon: DaemonProcess, fake: FakeService) -> DaemonProcess:
    """A daemon at which the recorded session drives pj/fxm."""
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect(SESSION, agent="opencode")
    await daemon.until(f"/status/{SESSION}", lambda status: status["connected"])
    return daemon


@pytest.fixture
async def opencode(connected: DaemonProcess, tmp_path: Path) -> AsyncIterator[OpenCode]:
    async with OpenCode(connected.home, tmp_path) as process:
        yield process


async def test_a_recorded_run_becomes_events_once(opencode: OpenCode, fake: FakeService) -> None:
    await opencode.replay()
    await until(lambda: len(fake.events) >= 9)

    assert [(event["kind"], event["body"]) for event in fake.events] == [
        ("notice", "Agent session started (startup)."),
        ("prompt", "STUB:main go"),
        ("tool.call", "bash: sleep 4; echo slept"),
        ("prompt", "MARK-BUSY-PROMPT"),
        ("tool.result", "slept"),
        ("message", "I will run."),
        ("reply", "final 1"),
        ("prompt", "STUB:idle MARK-IDLE-PROMPT"),
        ("reply", "idle ack"),
    ]


async def test_of_a_session_that_is_not_connected_nothing_is_kept(
    opencode: OpenCode, connected: DaemonProcess, fake: FakeService
) -> None:
    await opencode.typed(session="ses_other")
    await opencode.typed("and this")
    await until(lambda: fake.events)

    assert [event["body"] for event in fake.events] == ["and this"]
    await connected.kill()
    await opencode.typed("private", session="ses_other")
    assert not list((connected.home / "spool").glob("*.json"))


async def advised_while_busy(opencode: OpenCode, connected: DaemonProcess, fake: FakeService) -> None:
    """A turn is under way, and a piece of advice waits for the next event of it."""
    await opencode.typed()
    await until(lambda: fake.events)
    await fake.advise("fxm", DELIVERY, "Use 3.")
    await connected.until(f"/status/{SESSION}", lambda status: status["advice_waiting"] == 1)


async def test_advice_goes_into_the_next_prompt_as_a_part_that_nobody_typed(
    opencode: OpenCode, connected: DaemonProcess, fake: FakeService
) -> None:
    await advised_while_busy(opencode, connected, fake)
    typed, part = (await opencode.typed("and more"))["parts"]

    assert typed["text"] == "and more"
    assert "Use 3." in part.pop("text")
    assert part == {
        "type": "text",
        "synthetic": True,
        "id": "prt_typed1p0",
        "messageID": "msg_typed1",
        "sessionID": SESSION,
    }


@pytest.mark.parametrize("mcp", [False, True], ids=["built-in", "mcp"])
async def test_advice_stands_behind_what_a_tool_put_out(
    opencode: OpenCode, connected: DaemonProcess, fake: FakeService, mcp: bool
) -> None:
    await advised_while_busy(opencode, connected, fake)
    given = {"tool": "bash", "sessionID": SESSION, "callID": "call_1", "args": {}}
    output: Json = {"content": [{"type": "text", "text": "out"}]} if mcp else {"output": "out"}
    done = await opencode.call("tool.execute.after", given, output)
    text = "".join(part["text"] for part in done["content"]) if mcp else done["output"]

    assert text.startswith("out\n\n<polaris>") and text.endswith("</polaris>") and "Use 3." in text


async def test_a_session_that_goes_idle_is_prompted_with_what_waits(
    opencode: OpenCode, connected: DaemonProcess, fake: FakeService
) -> None:
    await advised_while_busy(opencode, connected, fake)
    await opencode.call("event", {"event": {"type": "session.idle", "properties": {"sessionID": SESSION}}})
    prompted = await opencode.prompted()

    assert prompted["path"] == {"id": SESSION}
    assert "Use 3." in prompted["body"]["parts"][0]["text"]


async def test_an_idle_session_is_woken(opencode: OpenCode, connected: DaemonProcess, fake: FakeService) -> None:
    await opencode.replay()
    await until(lambda: any(event["body"] == "idle ack" for event in fake.events))
    await fake.advise("fxm", DELIVERY, "Use 3.")
    prompted = await opencode.prompted()
    await until(lambda: (DELIVERY, "sent") in fake.settled)

    assert prompted["path"] == {"id": SESSION}
    assert "Use 3." in prompted["body"]["parts"][0]["text"]


async def test_what_was_told_in_the_moment_of_leaving_is_kept(opencode: OpenCode, fake: FakeService) -> None:
    await opencode.typed("first")
    await opencode.last_words("and the last")
    await until(lambda: len(fake.events) >= 2)

    assert [event["body"] for event in fake.events] == ["first", "and the last"]


async def test_a_call_of_our_own_tool_tells_whose_the_process_is(opencode: OpenCode, connected: DaemonProcess) -> None:
    asked = {"pid": opencode.pid, "agent": "opencode"}
    before = await connected.call("POST", "/register", asked)
    given = {"tool": "polaris_polaris_status", "sessionID": "ses_unbound", "callID": "call_1"}
    await opencode.call("tool.execute.before", given, {"args": {}})
    unbound = await connected.call("POST", "/register", asked)
    await opencode.call("tool.execute.before", given | {"sessionID": SESSION}, {"args": {}})
    bound = await connected.call("POST", "/register", asked)

    assert before[1]["agent_session_id"] is None
    assert (unbound[1]["agent_session_id"], unbound[1]["connected"]) == ("ses_unbound", False)
    assert (bound[1]["agent_session_id"], bound[1]["session"]) == (SESSION, "fxm")


async def test_what_the_daemon_did_not_take_waits_in_files_and_disturbs_nobody(
    opencode: OpenCode, connected: DaemonProcess, fake: FakeService
) -> None:
    await connected.kill()
    began = time.monotonic()
    output = await opencode.typed("while it was down")
    took = time.monotonic() - began
    (file,) = (connected.home / "spool").glob("*.json")

    assert len(output["parts"]) == 1
    assert took < 2
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    await connected.start()
    await until(lambda: fake.events)
    assert [event["body"] for event in fake.events] == ["while it was down"]


async def test_a_daemon_that_hangs_costs_no_more_than_the_limit(
    connected: DaemonProcess, fake: FakeService, tmp_path: Path
) -> None:
    assert connected.process
    async with OpenCode(connected.home, tmp_path, limit=700) as opencode:
        connected.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            await opencode.typed("into a stopped daemon")
            took = time.monotonic() - began
        finally:
            connected.process.send_signal(signal.SIGCONT)
    await until(lambda: fake.events)
    await connected.drained()

    assert took < 2.5, "0.7 s, on a busy machine"
    assert [event["body"] for event in fake.events] == ["into a stopped daemon"]


async def test_what_is_no_call_of_opencode_is_passed_over(opencode: OpenCode, fake: FakeService) -> None:
    for wrong in ({}, {"event": None}, {"event": {"type": "message.part.updated", "properties": {"part": 7}}}):
        await opencode.call("event", wrong)
        await opencode.call("chat.message", wrong, {"parts": 3})
        await opencode.call("tool.execute.after", wrong, None)
    await opencode.typed("still there")
    await until(lambda: fake.events)

    assert [event["body"] for event in fake.events] == ["still there"]
