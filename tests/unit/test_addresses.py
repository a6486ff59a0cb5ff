"""The address of a direct link: what is in one, what is shown of it, and that it is encrypted."""

from __future__ import annotations

import pytest

from polaris.addresses import Address, is_direct
from polaris.errors import Misconfigured

SECRET = "hush/hush:hush@"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("postgresql://manu:hush@127.0.0.1:5433/polaris", "postgresql://manu@127.0.0.1:5433/polaris"),
        ("postgres://manu:hush@localhost/polaris", "postgresql://manu@localhost:5432/polaris"),
        ("postgresql://manu:hush@[::1]/p", "postgresql://manu@[::1]:5432/p"),
        ("postgresql://manu:hush@/p?host=/run/postgresql", "postgresql://manu@:5432/p?host=/run/postgresql"),
        ("postgresql://manu:hush@%2Frun%2FPG/p", "postgresql://manu@:5432/p?host=/run/PG"),
        (
            "postgresql://manu:hush@db.example.com/p?sslmode=verify-full&sslrootcert=/etc/ca.crt",
            "postgresql://manu@db.example.com:5432/p?sslmode=verify-full&sslrootcert=/etc/ca.crt",
        ),
        ("postgresql://manu:hush@10.0.0.7/p?sslmode=require", "postgresql://manu@10.0.0.7:5432/p?sslmode=require"),
    ],
)
def test_an_address_is_shown_without_its_password_and_kept_whole(text: str, place: str) -> None:
    address = Address.parse(text)

    assert address.place == place
    assert address.password == "hush"
    assert Address.parse(address.secret) == address
    assert Address.parse(address.place).password is None
    assert "hush" not in f"{address!r} {address}"


def test_a_password_may_hold_anything() -> None:
    address = Address.parse("postgresql://manu@127.0.0.1/p").with_password(SECRET)

    assert Address.parse(address.secret).password == SECRET


@pytest.mark.parametrize(
    "host", ["db.example.com", "10.0.0.7", "[2001:db8::1]", "127.0.0.1.example.com", "0.0.0.0", "localhost.example"]
)
@pytest.mark.parametrize("mode", ["", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer", "?sslmode=REQUIRE"])
def test_what_would_go_over_a_network_unencrypted_is_refused(host: str, mode: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        Address.parse(f"postgresql://manu:hush@{host}/p{mode}")

    assert refused.value.code == "direct_link_not_encrypted"
    assert "hush" not in f"{refused.value!r} {refused.value.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://",
        "postgresql:///p",
        "postgresql://manu:hush@/p",  # libpq would ask PGHOST
        "postgresql://127.0.0.1/p",
        "postgresql://manu:hush@127.0.0.1",
        "postgresql://manu:hush@127.0.0.1/",
        "postgresql://manu:hush@127.0.0.1:0/p",
        "postgresql://manu:hush@127.0.0.1:99999/p",
        "postgresql://manu:hush@127.0.0.1,10.0.0.7/p?sslmode=require",
        "postgresql://manu:hush@127.0.0.1/p?hostaddr=10.0.0.7",
        "postgresql://manu:hush@127.0.0.1/p?host=10.0.0.7",
        "postgresql://manu@127.0.0.1/p?password=hush",
        "postgresql://manu@127.0.0.1/p?service=other",
        "postgresql://manu:hush@db.example.com/p?sslmode=require&sslmode=disable",
        "postgresql://manu:hush@127.0.0.1/p?sslmode",
        "postgresql://manu:hu sh@127.0.0.1/p",
        "postgresql://manu:hush@127.0.0.1/p#more",
        "http://manu:hush@127.0.0.1/p",
    ],
)
def test_what_is_no_such_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        Address.parse(text)

    assert refused.value.code == "direct_address_not_valid"
    assert "hush" not in f"{refused.value!r} {refused.value.hint}"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("postgresql://x", True), ("postgres://x", True), ("http://x", False), ("plr_u_x", False), ("postgresql", False)],
)
def test_a_direct_address_is_known_by_its_scheme(text: str, is_one: bool) -> None:
    assert is_direct(text) is is_one
