"""The API as the command line and the daemon see it: `polaris.client` against the real service."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_service import until
from real_service import RealService, both_links

from polaris.client import Client
from polaris.errors import Misconfigured, PolarisError, Unavailable


def event(number: int, epoch: int = 1) -> dict[str, Any]:
    return {"client_id": f"id-{number}", "kind": "prompt", "epoch": epoch, "body": f"text {number}"}


@both_links
async def test_a_session_is_joined_written_read_and_released(service: RealService) -> None:
    async with service.client("user:manu") as manu:
        me = await manu.me()
        joined = await manu.join("pj", "fxm")
        results = await manu.push("pj", "fxm", [event(1), event(1), event(2, epoch=9)])
        said = await manu.say("pj", "to all", client_id="s1")
        seat = await manu.session("pj", "fxm")
        released = await manu.release("pj", "fxm", joined["epoch"])
        bodies = [one["body"] async for one in manu.history("pj", page=2) if one["kind"] in ("prompt", "floor")]
        names = [one["name"] for one in await manu.projects()], [one["name"] for one in await manu.sessions("pj")]

    assert (me["org"], me["actor"]) == ("acme", "user:manu")
    assert (joined["claimed"], joined["epoch"], seat["driver"], released["seat"]) == (True, 1, "user:manu", "open")
    assert [one.get("created", one.get("code")) for one in results] == [True, False, "not_driver"]
    assert said["created"]
    assert bodies == ["text 1", "to all"]
    assert names == (["pj"], ["fxm"])


@both_links
async def test_advice_is_given_and_looked_after(service: RealService) -> None:
    async with service.client("user:manu") as manu, service.client("user:krishna") as krishna:
        await manu.join("pj", "fxm")
        given = await krishna.inject("pj", "fxm", "use RS256", client_id="c1", expires_in_seconds=60)
        again = await krishna.inject("pj", "fxm", "use RS256", client_id="c1")
        settled = await manu.settle("pj", given["delivery_id"], "sent", path="hook", epoch=1)
        shown = await krishna.delivery("pj", given["delivery_id"])
        listed = await krishna.deliveries("pj", "fxm")

    assert (given["created"], again["created"], again["delivery_id"]) == (True, False, given["delivery_id"])
    assert (settled["state"], shown["state"], [one["state"] for one in listed]) == ("sent", "sent", ["sent"])


async def test_members_and_tokens(service: RealService) -> None:
    async with service.client("user:manu") as manu:
        await manu.add_member("priya", email="p@acme.test")
        issued = await manu.create_token("laptop", expires_in_seconds=3600)
        tokens = await manu.tokens()
        async with Client(service.url, issued["token"]) as other:
            assert (await other.me())["actor"] == "user:manu"
            await manu.revoke_token(issued["token_id"])
            with pytest.raises(PolarisError) as refused:
                await other.me()
        members = [one["handle"] for one in await manu.members()]
        await manu.remove_member("priya")

    assert refused.value.status == 401
    assert members == ["krishna", "manu", "priya"]
    assert "token" not in tokens[0]


@both_links
async def test_following_misses_nothing_and_repeats_nothing_over_a_restart(killable: RealService) -> None:
    seen: list[int] = []

    async def follow(after: int | None) -> None:
        async with killable.exposed("user:krishna") as krishna:
            async for one in krishna.follow("pj", after=after):
                seen.append(one["seq"])

    async with killable.client("user:manu") as manu:
        await manu.join("pj", "fxm")
        following = asyncio.create_task(follow(0))
        await manu.push("pj", "fxm", [event(number) for number in range(50)])
        await until(lambda: len(seen) >= 20)
        await killable.kill()
        await killable.start()
        await manu.push("pj", "fxm", [event(number) for number in range(40, 100)])
        last = (await manu.messages("pj", limit=1))["last_seq"]
        await until(lambda: seen and seen[-1] == last, 30)
        following.cancel()

    assert seen == list(range(1, last + 1))


@both_links
async def test_following_from_now_begins_with_the_next_event(service: RealService) -> None:
    async with service.client("user:manu") as manu:
        await manu.join("pj", "fxm")
        stream = manu.follow("pj", "fxm")
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        await manu.push("pj", "fxm", [event(1)])
        found = await asyncio.wait_for(first, 10)
        await stream.aclose()  # type: ignore[attr-defined]

    assert found["body"] == "text 1"


async def test_a_refusal_carries_code_message_and_hint_and_never_the_token(service: RealService) -> None:
    async with service.client("user:krishna") as krishna, service.client("user:manu") as manu:
        await manu.join("pj", "fxm")
        with pytest.raises(PolarisError) as held:
            await krishna.claim("pj", "fxm")
        with pytest.raises(PolarisError) as missing:
            await krishna.session("pj", "no such/../thing")
        with pytest.raises(PolarisError) as unknown:
            async with krishna.socket("pj", "nothing"):
                pass
    async with Client(service.url, "plr_u_secret") as stranger:
        with pytest.raises(PolarisError) as nobody:
            await anext(stranger.follow("pj"))

    assert (held.value.code, held.value.details["driver"]) == ("seat_is_held", "user:manu")
    assert missing.value.status == 404
    assert unknown.value.code == "no_such_session"
    assert nobody.value.status == 401
    assert "secret" not in f"{nobody.value!r} {nobody.value} {nobody.value.__cause__!r} {stranger!r}"


async def test_a_service_that_is_not_there_is_named() -> None:
    async with Client("http://127.0.0.1:1/", "plr_u_secret") as client:
        with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:1 does not answer"):
            await client.me()


@pytest.mark.parametrize("url", ["http://user:hidden@127.0.0.1:1/", "ftp://x", "127.0.0.1:4320", ""])
def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        Client(url, "plr_u_secret")

    assert "hidden" not in str(refused.value)


async def test_a_service_that_hangs_is_given_up() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Client(url, "plr_u_secret", seconds=0.3) as client:
        with pytest.raises(Unavailable):
            await client.me()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)


async def test_a_redirect_is_not_followed_with_the_token() -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "plr_u_secret") as client:
        with pytest.raises(PolarisError):
            await client.me()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)

    assert len(asked) == 1
