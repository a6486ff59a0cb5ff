"""The proof of a domain, asked of a real name server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from polaris.http.web.dns import Names, NamesUnavailable, ProofMissing, record


class NameServer(asyncio.DatagramProtocol):
    """Answers TXT over UDP; what is not in ``texts`` does not exist."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        if name in self.silent:
            return
        answer = dns.message.make_response(query, recursion_available=True)
        if name in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name in self.texts:
            if self.texts[name]:
                answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "TXT", self.texts[name]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), address)


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, found = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield found
    transport.close()


@pytest.fixture
def names(server: NameServer) -> Names:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = server.transport.get_extra_info("sockname")[1]
    resolver.search = [dns.name.from_text("search.example")]
    resolver.cache = None
    return Names(resolver)


@pytest.mark.parametrize("place", ["_polaris.acme.example", "acme.example"])
@pytest.mark.parametrize(
    "texts",
    [
        ["polaris-verify=p1"],
        ['"v=spf1 -all"', '"polaris-verify=p1"'],
        ['"polaris-" "verify=p1"'],
        ['" polaris-verify=p1 "'],
        ['"polaris-verify=old"', '"polaris-verify=p1"'],
    ],
    ids=str,
)
async def test_the_proof_is_found(names: Names, server: NameServer, place: str, texts: list[str]) -> None:
    server.texts[place] = texts

    await names.require_proof("acme.example", "p1")


@pytest.mark.parametrize(
    "texts",
    [{}, {"acme.example": []}, {"acme.example": ["v=spf1"]}, {"x.acme.example": ["polaris-verify=p1"]}],
    ids=str,
)
async def test_without_the_record_it_says_which_one_to_add(
    names: Names, server: NameServer, texts: dict[str, list[str]]
) -> None:
    server.texts = texts

    with pytest.raises(ProofMissing, match="no TXT record") as missing:
        await names.require_proof("acme.example", "p1")
    assert "_polaris.acme.example with the value polaris-verify=p1" in str(missing.value.hint)


@pytest.mark.parametrize("text", ["polaris-verify=p2", "polaris-verify=", "polaris-verify=p12", "polaris-verify=P1"])
async def test_the_proof_of_another_organization_is_none(names: Names, server: NameServer, text: str) -> None:
    server.texts["_polaris.acme.example"] = [text]

    with pytest.raises(ProofMissing, match="another value"):
        await names.require_proof("acme.example", "p1")


async def test_only_the_domain_itself_is_asked(names: Names, server: NameServer) -> None:
    with pytest.raises(ProofMissing):
        await names.require_proof("acme.example", "p1")

    assert server.asked == ["_polaris.acme.example", "acme.example"]


async def test_a_name_server_that_fails_is_not_a_missing_record(names: Names, server: NameServer) -> None:
    server.broken = {"_polaris.acme.example"}
    server.texts["acme.example"] = ["v=spf1"]

    with pytest.raises(NamesUnavailable):
        await names.require_proof("acme.example", "p1")


async def test_one_answer_is_enough_when_the_other_fails(names: Names, server: NameServer) -> None:
    server.broken = {"_polaris.acme.example"}
    server.texts["acme.example"] = ["polaris-verify=p1"]

    await names.require_proof("acme.example", "p1")


async def test_a_silent_name_server_is_not_waited_for_long(
    names: Names, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polaris.http.web.dns.TIMEOUT_SECONDS", 0.2)
    server.silent = {"_polaris.acme.example", "acme.example"}

    async with asyncio.timeout(5):
        with pytest.raises(NamesUnavailable, match="does not answer"):
            await names.require_proof("acme.example", "p1")


async def test_a_name_that_cannot_be_is_refused_without_asking(names: Names, server: NameServer) -> None:
    with pytest.raises(NamesUnavailable):
        await names.require_proof("a" * 64 + ".example", "p1")

    assert server.asked == []


def test_the_record_is_told_as_it_is_looked_for() -> None:
    assert record("acme.example", "p1") == ("_polaris.acme.example", "polaris-verify=p1")
