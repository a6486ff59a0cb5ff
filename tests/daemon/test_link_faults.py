"""What the link does with a service that hangs, refuses, forgets and comes back; the service is a fake."""

from __future__ import annotations

import asyncio

from daemon_tools import DaemonProcess, prompt, sign_in
from fake_service import FakeService, until


async def test_an_event_reaches_the_service_under_the_seats_epoch(bound: DaemonProcess, fake: FakeService) -> None:
    await bound.hook(prompt("a1", "hello"))
    await until(lambda: fake.events)

    told = [(e["kind"], e["body"], e["epoch"], e["actor"], e["agent"]) for e in fake.events]
    assert told == [("prompt", "hello", 1, "user:manu", "claude-code")]


async def test_a_service_that_hangs_neither_slows_the_hook_nor_loses_an_event(
    daemon: DaemonProcess, fake: FakeService
) -> None:
    daemon.options["answer_seconds"] = 0.3
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect("a1")
    await daemon.until("/status/a1", lambda status: status["connected"])
    fake.hang = True
    begun = asyncio.get_running_loop().time()
    for number in range(20):
        await daemon.hook(prompt("a1", f"hello {number}"))
    took = asyncio.get_running_loop().time() - begun
    await daemon.until("/status/a1", lambda status: not status["connected"])

    assert took < 2
    assert (await daemon.get("/status"))["spool"]["events"] == 20

    fake.hang = False
    await daemon.drained()

    assert [e["body"] for e in fake.events] == [f"hello {number}" for number in range(20)]


async def test_what_is_refused_for_good_is_kept_aside_and_shown_and_the_rest_goes_on(
    bound: DaemonProcess, fake: FakeService
) -> None:
    turn = "11111111-2222-4333-8444-555555555555"
    await bound.hook(prompt("a1", "first"))
    await until(lambda: fake.events)
    bad = fake.events[0]["client_id"].replace(fake.events[0]["turn"], turn)
    fake.refuse[bad] = "client_id_taken"
    await bound.hook(prompt("a1", "first", turn))
    await bound.hook(prompt("a1", "third"))
    await bound.drained()
    status = await bound.get("/status")

    assert [e["body"] for e in fake.events] == ["first", "third"]
    assert [(one["client_id"], one["code"]) for one in status["refused"]] == [(bad, "client_id_taken")]
    assert status["links"][0]["refused"] == 1


async def test_a_killed_daemon_delivers_what_it_had_committed_and_nothing_twice(
    bound: DaemonProcess, fake: FakeService
) -> None:
    fake.hang = True
    for number in range(30):
        await bound.hook(prompt("a1", f"hello {number}"))
    await bound.kill()
    fake.hang = False
    await bound.start()
    await bound.drained()

    assert [e["body"] for e in fake.events] == [f"hello {number}" for number in range(30)]


async def test_a_seat_that_somebody_else_has_taken_ends_the_capture_and_the_status_says_who(
    bound: DaemonProcess, fake: FakeService
) -> None:
    fake.hang = True
    await bound.hook(prompt("a1", "still mine"))
    fake.give_seat("fxm", "user:krishna")
    await bound.kill()
    fake.hang = False
    await bound.start()
    status = await bound.until("/status/a1", lambda status: status["state"] == "lost")
    await bound.drained()
    answer = await bound.hook(prompt("a1", "not mine any more"))

    assert status["line"] == "polaris: pj/fxm (user:manu) ○ user:krishna drives"
    assert not status["connected"]
    assert answer is None
    assert [(e["body"], e["epoch"]) for e in fake.events] == [("still mine", 1)]
    assert not (bound.home / "bound" / "a1").exists()


async def test_a_lease_that_ran_out_is_claimed_anew_when_the_seat_is_open(
    bound: DaemonProcess, fake: FakeService
) -> None:
    await bound.kill()
    fake.give_seat("fxm", None, "driver.expired")
    await bound.start()
    await until(lambda: fake.seats["fxm"] == ("user:manu", 2))
    await bound.until("/status/a1", lambda status: status["connected"])
    await until_epoch(bound, fake, 2)


async def until_epoch(daemon: DaemonProcess, fake: FakeService, epoch: int) -> None:
    await daemon.hook(prompt("a1", "after"))
    await until(lambda: fake.events)

    assert fake.events[-1]["epoch"] == epoch


async def test_a_seat_that_was_released_is_not_taken_back(bound: DaemonProcess, fake: FakeService) -> None:
    await bound.kill()
    fake.give_seat("fxm", None, "driver.released")
    await bound.start()
    status = await bound.until("/status/a1", lambda status: status["state"] == "lost")

    assert fake.seats["fxm"] == (None, 1)
    assert "released" in status["line"]


async def test_a_dead_token_stops_the_link_until_somebody_signs_in_again(
    bound: DaemonProcess, fake: FakeService
) -> None:
    del fake.actors["token-of-manu"]
    await fake.sockets["fxm"].close(code=4401)
    status = await bound.until("/status/a1", lambda status: not status["connected"])
    await bound.hook(prompt("a1", "kept"))

    assert "sign in again" in (await bound.until("/status/a1", lambda s: "sign" in s["line"]))["line"], status
    assert (await bound.get("/status"))["spool"]["events"] == 1

    fake.actors["token-new"] = "user:manu"
    sign_in(bound, fake.url, "token-new", "user:manu")
    await bound.drained(20)

    assert [e["body"] for e in fake.events] == ["kept"]


async def test_a_profile_that_became_somebody_else_writes_nothing_under_the_new_name(
    bound: DaemonProcess, fake: FakeService
) -> None:
    sign_in(bound, fake.url, "token-of-krishna", "user:krishna")
    await fake.sockets["fxm"].close(code=1001)
    await bound.hook(prompt("a1", "manu's"))
    status = await bound.until("/status/a1", lambda status: "not signed in" in status["line"])

    assert fake.events == []
    assert not status["connected"]


async def test_the_seat_of_an_agent_that_died_without_a_word_is_not_renewed(
    daemon: DaemonProcess, fake: FakeService
) -> None:
    fake.lease_seconds = 0.3
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    agent = await asyncio.create_subprocess_exec("sleep", "100")
    await daemon.connect("a1", pid=agent.pid)
    await daemon.until("/status/a1", lambda status: status["connected"])
    agent.kill()
    await agent.wait()
    status = await daemon.until("/status/a1", lambda status: status["state"] == "ended")

    assert status["line"].endswith("○ ended")


async def test_an_event_that_the_service_fails_at_stops_nobody_else_and_gets_another_chance(
    bound: DaemonProcess, fake: FakeService
) -> None:
    fake.poison = "poison"
    for text in ("first", "poison", "third"):
        await bound.hook(prompt("a1", text))
    await bound.drained()
    aside = (await bound.get("/status"))["refused"]

    assert [e["body"] for e in fake.events] == ["first", "third"]
    assert [one["code"] for one in aside] == ["internal"]

    fake.poison = None
    await bound.kill()
    await bound.start()
    await bound.drained()

    assert [e["body"] for e in fake.events] == ["first", "third", "poison"]


async def test_advice_that_another_driver_may_have_handed_is_not_handed_here(
    bound: DaemonProcess, fake: FakeService
) -> None:
    await fake.advise("fxm", "00000000-0000-4000-8000-000000000001", "use RS256")
    await bound.until("/status/a1", lambda status: status["advice_waiting"])
    fake.give_seat("fxm", "user:krishna")
    fake.give_seat("fxm", None, "driver.expired")
    fake.deliveries.clear()
    await fake.sockets["fxm"].close(code=1001)
    await until(lambda: fake.seats["fxm"] == ("user:manu", 3))
    await bound.until("/status/a1", lambda status: status["connected"] and not status["advice_waiting"])

    assert await bound.hook(prompt("a1", "hello")) is None
