"""The seat over a network that is cut: what was captured stays, under the epoch in which it happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from cable import Cable
from daemon_tools import DaemonProcess, prompt, sign_in_as
from fake_service import until
from real_service import RealService, both_links

LEASE_SECONDS = 5


pytestmark = both_links


@pytest.fixture
async def cable(service: RealService, daemon: DaemonProcess) -> AsyncIterator[Cable]:
    """A service with a short lease, and user:manu's daemon behind a cable; a1 drives pj/fxm."""
    await service.kill()
    service.lease_seconds = LEASE_SECONDS
    await service.start()
    async with Cable(service.link_port) as cable:
        daemon.options["answer_seconds"] = 2
        daemon.lease_seconds = LEASE_SECONDS
        sign_in_as(daemon, service.credential("user:manu", cable.port))
        await daemon.start()
        await daemon.connect("a1")
        await daemon.until("/status/a1", lambda status: status["connected"])
        yield cable
        await daemon.kill()


def expired(service: RealService) -> bool:
    return bool(service.events("fxm", "driver.expired"))


async def test_a_cut_that_outlives_the_lease_loses_nothing_and_the_open_seat_is_taken_again(
    cable: Cable, daemon: DaemonProcess, service: RealService
) -> None:
    await daemon.hook(prompt("a1", "before"))
    await daemon.drained()
    cable.pull()
    for number in range(10):
        await daemon.hook(prompt("a1", f"offline {number}"))
    await until(lambda: expired(service), 30)
    cable.plug()
    await daemon.drained(30)
    await daemon.until("/status/a1", lambda status: status["connected"])
    await until(lambda: len(service.events("fxm", "driver.claimed")) == 2, 20)
    await daemon.hook(prompt("a1", "after"))
    await daemon.drained()
    rows = service.events("fxm", "prompt")

    assert [(row["body"], row["epoch"]) for row in rows] == [
        ("before", 1),
        *((f"offline {number}", 1) for number in range(10)),
        ("after", 2),
    ]
    assert service.gaps_and_doubles() == (0, 0)


async def test_who_was_cut_off_and_replaced_keeps_what_was_said_and_drives_no_more(
    cable: Cable, daemon: DaemonProcess, service: RealService
) -> None:
    cable.pull()
    await daemon.hook(prompt("a1", "offline"))
    await until(lambda: expired(service), 30)
    async with service.client("user:krishna") as krishna:
        await krishna.claim("pj", "fxm")
        cable.plug()
        status = await daemon.until("/status/a1", lambda status: status["state"] == "lost", 30)
        await daemon.drained()
        assert await daemon.hook(prompt("a1", "not mine any more")) is None
        seat = await krishna.session("pj", "fxm")
    (row,) = service.events("fxm", "prompt")

    assert (row["body"], row["epoch"], row["late"], row["actor"]) == ("offline", 1, True, "user:manu")
    assert status["line"] == "polaris: pj/fxm (user:manu) ○ user:krishna drives"
    assert (seat["driver"], seat["epoch"]) == ("user:krishna", 2)


async def test_a_lease_that_is_renewed_lives_longer_than_itself(
    cable: Cable, daemon: DaemonProcess, service: RealService
) -> None:
    await asyncio.sleep(LEASE_SECONDS * 1.6)

    assert not expired(service)
    assert (await daemon.get("/status/a1"))["connected"]


async def test_when_the_agent_has_left_the_lease_ends_by_itself(
    cable: Cable, daemon: DaemonProcess, service: RealService
) -> None:
    await daemon.hook({"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "prompt_input_exit"})
    await until(lambda: expired(service), 30)

    assert (await daemon.get("/status/a1"))["state"] == "ended"
