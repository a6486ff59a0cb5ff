"""What dies under load comes back, and the record has everything once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from machine import Machine, answers, until

from polaris.client import Client
from polaris.credentials import find
from polaris.db.embedded import Server
from polaris.errors import PolarisError

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PUSHERS, EACH = 6, 120


def postmaster(home: Path) -> int | None:
    """The server's process; None while there is none."""
    try:
        return int((Server(home).data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        return None


async def test_postgres_and_the_service_killed_under_load_lose_nothing_and_double_nothing(machine: Machine) -> None:
    _, url = await asyncio.to_thread(machine.up)
    mine = find(machine.home / "credentials.json")
    assert mine is not None
    followed: list[int] = []
    acknowledged: Counter[str] = Counter()
    killed = asyncio.Event()

    async def follow(client: Client) -> None:
        async for event in client.follow("pj", after=0):
            followed.append(event["seq"])

    async def push(client: Client, pusher: int, epoch: int) -> None:
        for number in range(EACH):
            event = {"client_id": f"p{pusher}:{number}", "kind": "notice", "epoch": epoch, "body": str(number)}
            while True:  # a daemon repeats until it is answered; the client id makes that safe
                try:
                    (result,) = await client.push("pj", "fxm", [event])
                    break
                except PolarisError as error:
                    if error.status != 503:
                        raise
                    await asyncio.sleep(0.05)
            assert result.get("seq"), result
            acknowledged[event["client_id"]] += 1
            if number == EACH // 2:
                await killed.wait()

    async def kill() -> None:
        while sum(acknowledged.values()) < PUSHERS * EACH // 4:
            await asyncio.sleep(0.005)
        first = postmaster(machine.home)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: postmaster(machine.home) not in (None, first) and answers(url))
        os.kill(machine.part("serve"), signal.SIGKILL)
        killed.set()

    async with Client(mine.url, mine.token) as client:
        epoch = (await client.join("pj", "fxm"))["epoch"]
        follower = asyncio.create_task(follow(client))
        try:
            await asyncio.gather(kill(), *(push(client, pusher, epoch) for pusher in range(PUSHERS)))
            record = [event async for event in client.history("pj")]
            await asyncio.to_thread(until, lambda: len(followed) >= len(record))
        finally:
            follower.cancel()
            await asyncio.wait([follower])

    numbers = [event["seq"] for event in record]
    kept = Counter(event["client_id"] for event in record if event["kind"] == "notice")
    assert numbers == list(range(1, len(numbers) + 1))
    assert kept == acknowledged
    assert set(kept.values()) == {1}
    assert len(kept) == PUSHERS * EACH
    assert followed == numbers
