"""A direct client offers what the API's client offers, word for word, or says by name that it needs the API."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from polaris.client import Client, Socket
from polaris.db.direct import API_ONLY, DirectClient
from polaris.db.direct_socket import DirectSocket
from polaris.errors import Forbidden


def offered(kind: type[Any]) -> dict[str, list[tuple[str, Any, Any]]]:
    """The methods of a class by name, with names, kinds and defaults of what they take."""
    return {
        name: [(p.name, p.kind, p.default) for p in inspect.signature(value).parameters.values()]
        for name, value in vars(kind).items()
        if not name.startswith("_") and inspect.isfunction(value)
    }


def test_every_method_of_the_client_is_there_or_refused_by_name() -> None:
    api, direct = offered(Client), offered(DirectClient)

    assert {name: taken for name, taken in api.items() if name not in API_ONLY} == direct
    assert set(api) >= API_ONLY


def test_both_sockets_send_receive_and_close() -> None:
    api, direct = offered(Socket), offered(DirectSocket)

    assert {name: direct.get(name) for name in api} == api


@pytest.mark.parametrize("name", sorted(API_ONLY))
def test_what_needs_the_api_says_so(name: str) -> None:
    client = DirectClient("postgresql://manu:hush@127.0.0.1/p")

    with pytest.raises(Forbidden) as refused:
        getattr(client, name)()

    assert refused.value.code == "needs_the_api"
    assert "hush" not in f"{client!r} {refused.value}"


def test_any_other_name_is_none() -> None:
    client = DirectClient("postgresql://manu@127.0.0.1/p")

    assert not hasattr(client, "anything_else")
