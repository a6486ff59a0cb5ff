"""Advice for an agent that does nothing, over every way into its session: the real daemon, a fake agent and service.

The claim behind all of it: whatever fails at whatever moment, no session is shown a piece twice.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from daemon_tools import DaemonProcess, prompt, sign_in, stop
from fake_claude import WRAPPED, FakeClaude
from fake_service import FakeService, until

from polaris.daemon import records

REST = {"grace_seconds": 0.3, "rest_seconds": 0.6, "unproven_seconds": 1.2}


@pytest.fixture
async def started(daemon: DaemonProcess, fake: FakeService) -> DaemonProcess:
    """A daemon of user:manu that soon gives up waiting for a trace."""
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    daemon.options = dict(REST)
    return await daemon.start()


@pytest.fixture
async def claude(started: DaemonProcess) -> AsyncIterator[FakeClaude]:
    """An idle Claude Code that drives pj/fxm."""
    async with FakeClaude(started) as claude:
        yield await claude.join()


async def advise(fake: FakeService, text: str = "use RS256", **more: Any) -> str:
    delivery = str(uuid.uuid4())
    await fake.advise("fxm", delivery, text, **more)
    return delivery


def states(fake: FakeService, delivery: str) -> list[str]:
    return [state for name, state in fake.settled if name == delivery]


async def becomes(fake: FakeService, delivery: str, state: str) -> dict[str, Any]:
    """Waits for the receipt of that state, and answers it."""
    found: dict[str, Any] = await until(
        lambda: next((one for one in fake.receipts if (one["delivery"], one["state"]) == (delivery, state)), None)
    )
    return found


async def reason(claude: FakeClaude, words: str) -> None:
    """Waits until the status says so."""
    path = f"/status/{claude.session_id}"
    await claude.daemon.until(path, lambda status: words in str(status["advice_reason"]))


async def restart(claude: FakeClaude) -> None:
    await claude.daemon.kill()
    await claude.daemon.start()
    await claude.daemon.until(f"/status/{claude.session_id}", lambda status: status["connected"])


async def test_an_idle_session_is_woken_over_its_inbox_and_the_truth_is_told(
    fake: FakeService, claude: FakeClaude
) -> None:
    delivery = await advise(fake)
    await asyncio.wait_for(claude.heard.wait(), 5)
    (frame,) = claude.frames
    await claude.show(frame)
    await becomes(fake, delivery, "seen")
    await claude.end("RS256 it is")
    await becomes(fake, delivery, "answered")

    assert (frame["type"], frame["session_id"], frame["msg_id"]) == ("user", claude.session_id, delivery)
    assert WRAPPED.fullmatch(frame["message"]["content"])
    assert states(fake, delivery) == ["sent", "seen", "answered"]
    assert {one["path"] for one in fake.receipts} == {"inbox"}
    assert claude.shown(delivery) == 1
    await claude.daemon.drained()
    assert [event["kind"] for event in fake.events] == ["reply"], "our own text is nobody's prompt"


async def test_the_turn_that_a_piece_begins_takes_the_others_along(fake: FakeService, claude: FakeClaude) -> None:
    pieces = [await advise(fake, f"piece {number}") for number in range(3)]
    await asyncio.wait_for(claude.heard.wait(), 5)
    await claude.show(claude.frames[0])
    await claude.end()
    for delivery in pieces:
        await becomes(fake, delivery, "answered")

    assert len(claude.frames) == 1
    assert [claude.shown(delivery) for delivery in pieces] == [1, 1, 1]


async def test_a_busy_session_gets_it_with_its_next_event(fake: FakeService, claude: FakeClaude) -> None:
    await claude.begin("write it")
    delivery = await advise(fake)
    await reason(claude, "in a turn")
    await claude.tool("Bash", {"stdout": "x"})
    await claude.end()
    assert (await becomes(fake, delivery, "answered"))["path"] == "hook"

    assert (claude.frames, claude.shown(delivery)) == ([], 1)


async def test_a_turn_that_was_interrupted_without_a_word_is_noticed(fake: FakeService, claude: FakeClaude) -> None:
    await claude.begin("write it")
    delivery = await advise(fake)
    await reason(claude, "in a turn")
    claude.status("idle")  # Esc: no hook tells
    await asyncio.wait_for(claude.heard.wait(), 5)
    await claude.show(claude.frames[0])
    await becomes(fake, delivery, "seen")

    assert claude.shown(delivery) == 1


async def test_an_open_dialog_is_waited_for(fake: FakeService, claude: FakeClaude) -> None:
    claude.status("waiting")
    delivery = await advise(fake)
    await reason(claude, "a dialog is open")
    assert claude.frames == []
    claude.status("idle")
    await asyncio.wait_for(claude.heard.wait(), 5)
    await claude.show(claude.frames[0])
    await becomes(fake, delivery, "seen")


async def test_what_expires_while_a_dialog_is_open_is_never_shown(fake: FakeService, claude: FakeClaude) -> None:
    claude.status("waiting")
    delivery = await advise(fake, expires_at="2026-01-01T00:00:00+00:00")
    await claude.daemon.until(f"/status/{claude.session_id}", lambda status: status["advice_waiting"])
    claude.status("idle")
    await claude.begin("and now?")
    await claude.end()

    assert (claude.frames, claude.shown(delivery)) == ([], 0)


async def test_a_session_that_keeps_messages_out_gets_it_with_its_next_event(
    fake: FakeService, claude: FakeClaude
) -> None:
    claude.setting("crossSessionInbound", "hold")
    delivery = await advise(fake)
    await reason(claude, "crossSessionInbound")
    await claude.begin("hello")
    await becomes(fake, delivery, "seen")

    assert (claude.frames, claude.shown(delivery)) == ([], 1)


async def test_an_inbox_that_swallows_messages_is_asked_once_and_hooks_carry_on(
    fake: FakeService, claude: FakeClaude
) -> None:
    delivery = await advise(fake)
    await becomes(fake, delivery, "queued")
    await reason(claude, "did not take the piece")
    second = await advise(fake, "and PS256 never")
    await claude.daemon.until(f"/status/{claude.session_id}", lambda status: status["advice_waiting"] == 2)
    await claude.begin("hello")
    await becomes(fake, delivery, "seen")
    await becomes(fake, second, "seen")

    assert [frame["msg_id"] for frame in claude.frames] == [delivery]
    assert [claude.shown(delivery), claude.shown(second)] == [1, 1]
    assert states(fake, delivery) == ["sent", "queued", "sent", "seen"]


async def test_what_the_session_took_and_never_showed_is_unproven_and_not_sent_again(
    fake: FakeService, claude: FakeClaude
) -> None:
    delivery = await advise(fake)
    await asyncio.wait_for(claude.heard.wait(), 5)
    claude.queued(claude.frames[0])
    assert (await becomes(fake, delivery, "failed"))["reason"] == "unproven"
    await claude.begin("hello")

    assert (len(claude.frames), claude.shown(delivery)) == (1, 0)


async def test_a_late_proof_counts_while_the_piece_waits_again(fake: FakeService, claude: FakeClaude) -> None:
    delivery = await advise(fake)
    await becomes(fake, delivery, "queued")
    await claude.show(claude.frames[0])
    await becomes(fake, delivery, "seen")

    assert claude.shown(delivery) == 1, "the hook of that very prompt carried nothing"


async def test_a_session_that_bypasses_permissions_is_not_woken(fake: FakeService, claude: FakeClaude) -> None:
    claude.mode = "bypassPermissions"
    await claude.begin("hello")
    await claude.end()
    delivery = await advise(fake)
    await reason(claude, "bypasses permissions")
    await restart(claude)
    await reason(claude, "bypasses permissions")
    await claude.begin("and now?")
    await becomes(fake, delivery, "seen")

    assert (claude.frames, claude.shown(delivery)) == ([], 1)


async def test_a_socket_that_others_could_have_made_is_not_written_to(fake: FakeService, claude: FakeClaude) -> None:
    elsewhere = claude.folder / "link.sock"
    elsewhere.symlink_to(claude.socket)
    claude.status("idle", messagingSocketPath=str(elsewhere))
    await advise(fake)
    await reason(claude, "not this user's")
    claude.status("idle")
    claude.folder.chmod(0o777)
    await claude.begin("hello")
    await claude.end()
    await advise(fake)
    await reason(claude, "not this user's")

    assert claude.frames == []


async def test_a_socket_that_is_gone_leaves_the_piece_for_the_next_event(fake: FakeService, claude: FakeClaude) -> None:
    claude.socket.rename(claude.folder / "kept.sock")
    dead = claude.folder / "dead.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(dead))
    claude.status("idle", messagingSocketPath=str(dead))
    delivery = await advise(fake)
    await reason(claude, "cannot be reached")
    await claude.begin("hello")
    await becomes(fake, delivery, "seen")

    assert (states(fake, delivery), claude.shown(delivery)) == (["sent", "seen"], 1)


async def test_advice_does_not_land_in_the_session_after_a_clear(fake: FakeService, claude: FakeClaude) -> None:
    claude.status("idle", sessionId="another")
    await advise(fake)
    await reason(claude, "another session")

    assert claude.frames == []


async def test_kill_9_before_the_message_was_written_whole_sends_it_again(
    fake: FakeService, claude: FakeClaude
) -> None:
    await claude.hang_up()
    claude.deaf = True
    await claude.listen()
    delivery = await advise(fake, "x" * 900_000)
    await claude.daemon.until("/status", lambda status: status["advice"].get("handing"))
    await claude.daemon.kill()
    await claude.hang_up()
    claude.deaf = False
    await claude.listen()
    await claude.daemon.start()
    await asyncio.wait_for(claude.heard.wait(), 10)
    await claude.show(claude.frames[0])
    await claude.end()
    await becomes(fake, delivery, "answered")

    assert (len(claude.frames), claude.shown(delivery)) == (1, 1)


async def test_kill_9_after_the_message_was_written_waits_for_its_trace(fake: FakeService, claude: FakeClaude) -> None:
    delivery = await advise(fake)
    await asyncio.wait_for(claude.heard.wait(), 5)
    await claude.daemon.kill()
    claude.status("busy")
    await claude.daemon.start()
    await claude.show(claude.frames[0])
    await becomes(fake, delivery, "seen")
    await claude.end()
    await becomes(fake, delivery, "answered")

    assert (len(claude.frames), claude.shown(delivery)) == (1, 1)


async def test_kill_9_while_the_session_shows_it_finds_the_trace_in_the_transcript(
    fake: FakeService, claude: FakeClaude
) -> None:
    delivery = await advise(fake)
    await becomes(fake, delivery, "sent")
    await claude.daemon.kill()
    claude.status("busy")
    content = claude.frames[0]["message"]["content"]
    line = {"type": "user", "promptId": "t1", "message": {"role": "user", "content": content}}
    claude.write(line | {"origin": {"kind": "peer"}, "promptSource": "system"})
    await claude.daemon.start()
    await becomes(fake, delivery, "seen")
    await claude.begin("and now?")
    await claude.end()

    assert (len(claude.frames), claude.contexts) == (1, [])


async def test_kill_9_at_any_moment_of_the_hand_over_never_shows_it_twice(
    fake: FakeService, claude: FakeClaude
) -> None:
    """The daemon dies so and so long after the advice came: before, in and after each step."""
    for milliseconds in (0, 2, 4, 6, 9, 13, 20, 40):
        frames = len(claude.frames)
        delivery = await advise(fake)
        await asyncio.sleep(milliseconds / 1000)
        await claude.daemon.kill()
        await claude.daemon.start()
        # What the socket got before the kill is shown as soon as the agent gets to it.
        await until(lambda before=frames: len(claude.frames) > before, 15)
        await claude.show(claude.frames[-1])
        await becomes(fake, delivery, "seen")
        await claude.end()
        await becomes(fake, delivery, "answered")
        assert (len(claude.frames) - frames, claude.shown(delivery)) == (1, 1)


async def test_who_leaves_in_the_middle_does_not_pass_on_what_the_agent_may_still_show(
    fake: FakeService, claude: FakeClaude
) -> None:
    delivery = await advise(fake)
    await becomes(fake, delivery, "sent")
    await claude.daemon.call("POST", "/disconnect", {"agent_session_id": claude.session_id})

    assert (await becomes(fake, delivery, "failed"))["reason"] == "unproven"


async def test_after_an_inbox_that_is_not_there_comes_the_channel(fake: FakeService, started: DaemonProcess) -> None:
    flags = ("--dangerously-load-development-channels", "server:polaris")
    async with FakeClaude(started, *flags) as claude, aiohttp.ClientSession() as http:
        await claude.join()
        claude.status("idle", messagingSocketPath=None)
        url = f"http://127.0.0.1:{started.port}/channel?pid={claude.pid}"
        async with http.get(url, headers={"X-Polaris-Token": started.token}) as channel:
            assert channel.status == 200
            delivery = await advise(fake)
            line = json.loads(await asyncio.wait_for(channel.content.readline(), 5))
            text = f'<channel source="polaris" delivery="{delivery}">\n{line["content"]}\n</channel>'
            await claude.begin(text, origin={"kind": "channel"}, promptSource="system")
            await claude.end()
            assert (await becomes(fake, delivery, "answered"))["path"] == "channel"

        assert line["meta"] == {"delivery": delivery}
        assert (claude.frames, claude.shown(delivery)) == ([], 1)


async def test_a_channel_that_breaks_in_the_middle_gives_way_to_the_next_event(
    fake: FakeService, started: DaemonProcess
) -> None:
    async with FakeClaude(started, "--channels", "plugin:polaris@acme") as claude, aiohttp.ClientSession() as http:
        await claude.join()
        claude.status("idle", messagingSocketPath=None)
        url = f"http://127.0.0.1:{started.port}/channel?pid={claude.pid}"
        async with http.get(url, headers={"X-Polaris-Token": started.token}) as channel:
            delivery = await advise(fake)
            await asyncio.wait_for(channel.content.readline(), 5)
        await becomes(fake, delivery, "queued")
        await claude.begin("hello")
        await becomes(fake, delivery, "seen")

        assert claude.shown(delivery) == 1


async def test_a_session_without_the_flag_has_no_channel(claude: FakeClaude) -> None:
    status, problem = await claude.daemon.call("GET", f"/channel?pid={claude.pid}")

    assert (status, problem["code"]) == (409, "channel_not_loaded")


async def test_the_answer_of_an_mcp_tool_carries_what_waits(fake: FakeService, claude: FakeClaude) -> None:
    await claude.begin("what is new?")
    delivery = await advise(fake)
    await reason(claude, "in a turn")
    status, answer = await claude.daemon.call("POST", "/advice", {"pid": claude.pid, "path": "mcp"})
    again = await claude.daemon.call("POST", "/advice", {"agent_session_id": claude.session_id})
    context = await claude.tool("mcp__polaris__status", [{"type": "text", "text": answer["texts"][0]}])
    await claude.end()
    assert (await becomes(fake, delivery, "answered"))["path"] == "mcp"

    assert (status, len(answer["texts"]), again) == (200, 1, (200, {"texts": []}))
    assert (context, claude.shown(delivery)) == ("", 0), "no hook carried a second copy"


async def test_an_answer_that_the_model_never_got_is_handed_again(fake: FakeService, claude: FakeClaude) -> None:
    await claude.begin("what is new?")
    delivery = await advise(fake)
    await reason(claude, "in a turn")
    await claude.daemon.call("POST", "/advice", {"pid": claude.pid})
    await claude.end()
    await becomes(fake, delivery, "queued")
    await asyncio.wait_for(claude.heard.wait(), 5)
    await claude.show(claude.frames[0])
    await becomes(fake, delivery, "seen")

    assert claude.shown(delivery) == 1


async def test_who_is_not_connected_has_no_advice_and_no_error(started: DaemonProcess) -> None:
    assert await started.call("POST", "/advice", {"pid": 1}) == (200, {"texts": []})


async def test_a_plugin_that_waits_is_told_at_once_and_only_when_its_session_is_idle(
    fake: FakeService, started: DaemonProcess
) -> None:
    await started.connect("ses_1", agent="opencode")
    await started.until("/status/ses_1", lambda status: status["connected"])
    poll = asyncio.create_task(started.call("POST", "/wake", {"agent_session_id": "ses_1"}))
    first = await advise(fake)
    status, answer = await asyncio.wait_for(poll, 5)
    assert status == 200 and first in answer["prompt"]
    assert (await becomes(fake, first, "sent"))["path"] == "prompt_async"
    # OpenCode has no transcript: what no payload proves is never sent again.
    assert (await becomes(fake, first, "failed"))["reason"] == "unproven"


async def test_a_newer_question_takes_the_place_of_the_older(fake: FakeService, started: DaemonProcess) -> None:
    await started.connect("ses_1", agent="opencode")
    await started.until("/status/ses_1", lambda status: status["connected"])
    older = asyncio.create_task(started.call("POST", "/wake", {"agent_session_id": "ses_1"}))
    await asyncio.sleep(0.1)
    newer = asyncio.create_task(started.call("POST", "/wake", {"agent_session_id": "ses_1"}))
    assert await asyncio.wait_for(older, 5) == (204, None)
    delivery = await advise(fake)
    status, answer = await asyncio.wait_for(newer, 5)

    assert status == 200 and delivery in answer["prompt"]


async def test_an_agent_that_nothing_can_wake_keeps_its_advice_for_the_next_event(
    fake: FakeService, started: DaemonProcess
) -> None:
    await started.connect("a1")
    await started.until("/status/a1", lambda status: status["connected"])
    delivery = await advise(fake)
    await started.until("/status/a1", lambda status: status["advice_reason"])
    turn = str(uuid.uuid4())
    answer = await started.hook(prompt("a1", "hello", turn))
    await started.hook(stop("a1", "done", turn))

    assert delivery in answer["hookSpecificOutput"]["additionalContext"]


async def test_advice_that_an_older_daemon_left_is_still_handed(fake: FakeService, daemon: DaemonProcess) -> None:
    """A file without the columns that this version added."""
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect("a1")
    await daemon.until("/status/a1", lambda status: status["connected"])
    delivery = await advise(fake)
    await daemon.until("/status/a1", lambda status: status["advice_waiting"])
    await daemon.kill()
    _take_back(daemon.settings.daemon_database, records.SCHEMA)
    await daemon.start()
    await daemon.until("/status/a1", lambda status: status["connected"])
    answer = await daemon.hook(prompt("a1", "hello"))

    assert delivery in answer["hookSpecificOutput"]["additionalContext"]


def _take_back(file: Path, schema: str) -> None:
    """Makes the database what version 1 would have left."""
    old = sqlite3.connect(":memory:")
    old.executescript(schema)
    with sqlite3.connect(file) as db:
        for table in ("advice", "bindings"):
            known = {row[1] for row in old.execute(f"pragma table_info({table})")}
            for name in [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in known]:
                db.execute(f"alter table {table} drop column {name}")
        kept = {row[0] for row in old.execute("select name from sqlite_master where type = 'table'")}
        for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
            if table not in kept:
                db.execute(f"drop table {table}")
        db.execute("pragma user_version = 1")
    db.close()
