"""Addresses: whether one can only be this machine, and what a direct link's ``postgresql://`` address may be.

A direct link's address is a secret when it holds the login's password. So it comes in two forms: `Address.secret`,
whole, is what a profile keeps in place of a token; `Address.place`, without the password, is what anybody is shown.
Everything is said in the address itself: libpq's own environment variables choose neither server nor encryption.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

from polaris.errors import Misconfigured

SCHEMES = ("postgresql", "postgres")
ENCRYPTED = ("require", "verify-ca", "verify-full")
# What may follow the question mark: where the server is, and how the connection is secured.
PARAMETERS = frozenset(
    {
        *("host", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation"),
        *("channel_binding", "gssencmode", "require_auth"),
    }
)


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an address without brackets, can only be this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_direct(text: str) -> bool:
    """Whether *text* is, or means to be, the address of a direct link."""
    return text.partition("://")[0] in SCHEMES and "://" in text


@dataclass(frozen=True)
class Address:
    """Where a direct link leads, as whom: ``postgresql://LOGIN[:PASSWORD]@HOST[:PORT]/DATABASE[?PARAMETERS]``."""

    login: str
    password: str | None = field(repr=False)
    host: str
    port: int
    database: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, name: str = "The address") -> Self:
        """Reads *text*; *name* says what it is. Raises `Misconfigured`, never with the text: it may hold a password.

        ``direct_address_not_valid`` for what is no such address, ``direct_link_not_encrypted`` for one that would send
        the record over a network unencrypted.
        """
        rest, _, query = text.partition("://")[2].partition("?")
        authority, _, database = rest.partition("/")
        auth, _, place = authority.rpartition("@")
        login, colon, password = auth.partition(":")
        found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:,]*)(?::([0-9]{1,5}))?", place)
        try:
            given = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        except ValueError:
            found, given = None, []
        if found is None or not login or not database or re.search(r"[\s\x00-\x1f#]", text) or not is_direct(text):
            raise _not_valid(name, "It has to look like postgresql://LOGIN@HOST/DATABASE.")
        parameters = dict(given)
        if parameters.keys() - PARAMETERS or len(parameters) < len(given):
            raise _not_valid(name, f"It may name {', '.join(sorted(PARAMETERS))}, each once, and nothing else.")
        host = unquote(found[1]).strip("[]") or parameters.pop("host", "")
        if not host or "host" in parameters or "," in host:
            raise _not_valid(name, "It has to name one host: a name, an address, or ?host=/FOLDER of a Unix socket.")
        port = int(found[2] or 5432)
        if not 0 < port < 65536:
            raise _not_valid(name, "It has a port that cannot be.")
        address = cls(
            unquote(login),
            unquote(password) if colon else None,
            host,
            port,
            unquote(database),
            tuple(sorted(parameters.items())),
        )
        address.check()
        return address

    def check(self) -> None:
        """TLS, unless it is this machine. Raises `Misconfigured` ``direct_link_not_encrypted``."""
        local = self.host.startswith("/") or is_loopback(self.host)
        if not local and dict(self.parameters).get("sslmode") not in ENCRYPTED:
            raise Misconfigured(
                f"A direct link to {self.host} would not be encrypted.",
                code="direct_link_not_encrypted",
                hint="Put ?sslmode=verify-full at the end of the address; sslmode=require encrypts and trusts anybody.",
            )

    @property
    def place(self) -> str:
        """The address without the password."""
        return self._text(None)

    @property
    def secret(self) -> str:
        """The whole address."""
        return self._text(self.password)

    @property
    def server(self) -> tuple[str, int, str]:
        """What has one bus for all its logins: host, port and database."""
        return self.host, self.port, self.database

    def with_password(self, password: str) -> Address:
        """The same address with another password."""
        return Address(self.login, password, self.host, self.port, self.database, self.parameters)

    def _text(self, password: str | None) -> str:
        socket = self.host.startswith("/")
        host = "" if socket else f"[{self.host}]" if ":" in self.host else quote(self.host, safe=".-_")
        auth = quote(self.login, safe="") + ("" if password is None else f":{quote(password, safe='')}")
        query = urlencode([("host", self.host), *self.parameters] if socket else self.parameters, safe="/")
        return f"postgresql://{auth}@{host}:{self.port}/{quote(self.database, safe='')}" + (
            f"?{query}" if query else ""
        )


def _not_valid(name: str, hint: str) -> Misconfigured:
    return Misconfigured(f"{name} is not one that a direct link can use.", code="direct_address_not_valid", hint=hint)
