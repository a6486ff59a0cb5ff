"""Advice from the API into a coding agent and back: the real daemon, hook script, API and Postgres.

The agent is `polaris.replay`'s: it runs the real hook and writes its transcript as Claude Code does.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, sign_in_as, stop
from fake_service import until
from real_service import RealService, both_links

from polaris import resources
from polaris.replay import Agent

# The hook waits for 0.7 s: what it is answered later it does not hand on.
pytestmark = [both_links, pytest.mark.alone]


class Quiet(Agent):
    """An agent that drops what its hooks answer while ``deaf``: killed between the answer and the display."""

    deaf = False

    def _take(self, event: str, payload: dict[str, Any], answer: dict[str, Any], stdout: str) -> None:
        if not self.deaf:
            super()._take(event, payload, answer, stdout)


@pytest.fixture
async def agent(manu: DaemonProcess, tmp_path: Path) -> AsyncIterator[Quiet]:
    """A coding agent that drives pj/fxm."""
    environment = {"POLARIS_HOME": str(manu.home), "POLARIS_PORT": str(manu.port)}
    (tmp_path / "agent").mkdir()
    async with Quiet(tmp_path / "agent", resources.path("hooks", "capture.sh"), environment) as agent:
        await join(manu, agent)
        yield agent


async def join(daemon: DaemonProcess, agent: Agent) -> None:
    await daemon.connect(agent.session_id, pid=agent.pid, transcript_path=str(agent.transcript))
    await daemon.until(f"/status/{agent.session_id}", lambda status: status["connected"])


async def advise(service: RealService, daemon: DaemonProcess, agent: Agent, text: str) -> str:
    """Injects as user:krishna and waits until the daemon has it."""
    async with service.client("user:krishna") as krishna:
        delivery = (await krishna.inject("pj", "fxm", text))["delivery_id"]
    await daemon.until(f"/status/{agent.session_id}", lambda status: status["advice_waiting"])
    return str(delivery)


def state(service: RealService, delivery: str) -> str:
    (row,) = service.rows("select state from polaris_data.deliveries where delivery_id = %s", delivery)
    return str(row["state"])


def history(service: RealService, delivery: str) -> list[str]:
    """Every state that the sender was told of."""
    rows = service.rows(
        "select payload ->> 'state' as state from polaris_data.events where kind = 'delivery'"
        " and payload ->> 'delivery' = %s order by seq",
        delivery,
    )
    return [row["state"] for row in rows]


async def becomes(service: RealService, delivery: str, wanted: str) -> None:
    await until(lambda: state(service, delivery) == wanted, 20)


def shown(agent: Agent, delivery: str) -> int:
    """How often the agent was given the piece."""
    lines = [json.loads(line) for line in agent.transcript.read_text().splitlines()]
    contexts = [line["attachment"] for line in lines if line["type"] == "attachment"]
    return sum(delivery in str(one["content"]) for one in contexts if one["type"] == "hook_additional_context")


async def test_advice_reaches_the_agent_with_its_next_hook_and_the_truth_is_told(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    assert state(service, delivery) == "queued"

    await agent.prompt("which algorithm?")
    await becomes(service, delivery, "seen")
    await agent.answer("RS256, as Krishna says.")
    await becomes(service, delivery, "answered")

    assert shown(agent, delivery) == 1
    assert history(service, delivery) == ["sent", "seen", "answered"]
    assert "use RS256" in agent.transcript.read_text()


async def test_advice_comes_in_the_middle_of_a_turn_with_a_tools_result(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    await agent.prompt("write it")
    await agent.call("Write", {"file_path": "/x", "content": "y"})
    delivery = await advise(service, manu, agent, "not there")
    await agent.result("Write", {"file_path": "/x", "content": "y"}, {"filePath": "/x"})
    await becomes(service, delivery, "seen")
    await agent.answer("moved")
    await becomes(service, delivery, "answered")

    assert shown(agent, delivery) == 1


async def test_several_pieces_come_together_and_each_is_proved(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    pieces = [await advise(service, manu, agent, f"piece {number}") for number in range(3)]
    await manu.until(f"/status/{agent.session_id}", lambda status: status["advice_waiting"] == 3)
    await agent.prompt("go on")
    await agent.answer("done")
    for delivery in pieces:
        await becomes(service, delivery, "answered")

    assert [shown(agent, delivery) for delivery in pieces] == [1, 1, 1]


async def test_a_written_answer_alone_is_sent_and_never_seen(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    agent.deaf = True
    await agent.prompt("which algorithm?")
    await becomes(service, delivery, "sent")
    await asyncio.sleep(0.6)

    assert state(service, delivery) == "sent"
    assert shown(agent, delivery) == 0


async def test_what_was_lost_between_answer_and_display_is_handed_again_and_seen_once(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    agent.deaf = True
    await agent.prompt("which algorithm?")
    await becomes(service, delivery, "sent")
    await agent.answer("HS256.")
    await becomes(service, delivery, "queued")
    agent.deaf = False
    await agent.prompt("are you sure?")
    await becomes(service, delivery, "seen")
    await agent.answer("RS256, as Krishna says.")
    await becomes(service, delivery, "answered")

    assert shown(agent, delivery) == 1
    assert history(service, delivery) == ["sent", "queued", "sent", "seen", "answered"]


async def test_a_late_proof_of_the_first_copy_stops_the_second(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    agent.deaf = True
    output = await agent.hook({"hook_event_name": "UserPromptSubmit", "prompt": "which?", "prompt_id": "x"})
    await agent.answer("HS256.")
    await becomes(service, delivery, "queued")
    agent.deaf = False
    agent._take("UserPromptSubmit", {}, output, "")
    await agent.prompt("are you sure?")
    await becomes(service, delivery, "answered")

    assert shown(agent, delivery) == 1, "the second prompt's hook carried nothing"


async def test_kill_9_of_the_daemon_after_the_answer_neither_loses_nor_doubles(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    await agent.prompt("which algorithm?")
    await manu.kill()
    await manu.start()
    await becomes(service, delivery, "seen")
    await agent.answer("RS256.")
    await becomes(service, delivery, "answered")

    assert shown(agent, delivery) == 1


async def test_kill_9_while_the_agent_got_nothing_hands_it_again(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    agent.deaf = True
    await agent.prompt("which algorithm?")
    # Else the sender is told nothing of the attempt, and nothing of its end.
    await until(lambda: "sent" in history(service, delivery))
    await manu.kill()
    await manu.start()
    await manu.until(f"/status/{agent.session_id}", lambda status: status["connected"])
    await agent.answer("HS256.")
    agent.deaf = False
    await until(lambda: "queued" in history(service, delivery), 20)
    await agent.prompt("are you sure?")
    await agent.answer("RS256.")
    await becomes(service, delivery, "answered")

    assert shown(agent, delivery) == 1


async def test_an_interrupted_turn_leaves_the_piece_seen_and_not_answered(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    await agent.prompt("which algorithm?")
    await becomes(service, delivery, "seen")
    await agent.prompt("something else")  # Esc: no Stop came
    await agent.answer("else")
    await manu.drained()

    assert state(service, delivery) == "seen"
    assert shown(agent, delivery) == 1


async def test_advice_for_a_session_without_a_driver_waits_for_the_next_one(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    await manu.call("POST", "/disconnect", {"agent_session_id": agent.session_id})
    async with service.client("user:krishna") as krishna:
        delivery = (await krishna.inject("pj", "fxm", "for whoever comes"))["delivery_id"]
    await agent.prompt("nobody hears me")
    assert (state(service, delivery), shown(agent, delivery)) == ("queued", 0)

    await join(manu, agent)
    await manu.until(f"/status/{agent.session_id}", lambda status: status["advice_waiting"])
    await agent.prompt("hello")
    await becomes(service, delivery, "seen")

    assert shown(agent, delivery) == 1


async def test_the_former_driver_gives_back_what_was_not_proved(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    agent.deaf = True
    await agent.prompt("which algorithm?")
    await becomes(service, delivery, "sent")
    await manu.call("POST", "/disconnect", {"agent_session_id": agent.session_id})

    assert state(service, delivery) == "queued"


async def test_without_a_transcript_nothing_is_claimed(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    await manu.until("/status/a1", lambda status: status["connected"])
    async with service.client("user:krishna") as krishna:
        delivery = (await krishna.inject("pj", "fxm", "use RS256"))["delivery_id"]
    await manu.until("/status/a1", lambda status: status["advice_waiting"])
    turn = str(uuid.uuid4())
    answer = await manu.hook(prompt("a1", "which?", turn))
    await manu.hook(stop("a1", "HS256", turn))
    await becomes(service, delivery, "failed")
    (row,) = service.rows("select reason from polaris_data.deliveries where delivery_id = %s", delivery)

    assert delivery in answer["hookSpecificOutput"]["additionalContext"]
    assert row["reason"] == "unproven"


async def test_advice_that_was_answered_is_not_handed_after_a_restart(
    manu: DaemonProcess, service: RealService, agent: Quiet
) -> None:
    delivery = await advise(service, manu, agent, "use RS256")
    await agent.prompt("which algorithm?")
    await agent.answer("RS256.")
    await becomes(service, delivery, "answered")
    await manu.kill()
    await manu.start()
    await manu.until(f"/status/{agent.session_id}", lambda status: status["connected"])
    await agent.prompt("and now?")
    await agent.answer("still RS256")

    assert shown(agent, delivery) == 1


async def test_a_hook_of_a_seat_that_is_not_surely_held_hands_nothing(
    daemon: DaemonProcess, service: RealService, tmp_path: Path
) -> None:
    sign_in_as(daemon, service.credential("user:manu"))
    await daemon.start()
    await daemon.connect("a1")
    await daemon.until("/status/a1", lambda status: status["connected"])
    async with service.client("user:krishna") as krishna:
        await krishna.inject("pj", "fxm", "use RS256")
    await daemon.until("/status/a1", lambda status: status["advice_waiting"])
    await daemon.kill()
    await service.kill()
    await daemon.start()

    assert await daemon.hook(prompt("a1", "offline")) is None
