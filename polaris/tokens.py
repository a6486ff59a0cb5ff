"""Bearer tokens: ``plr_<kind>_`` + 43 base62 characters (256 bits) + 6 base62 characters of CRC32.

The prefix lets secret scanners find a token that leaked; the checksum catches typing errors without asking the
database, which keeps only the `digest` and the first characters for display.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from typing import Literal

Kind = Literal["u", "a"]  # u: a person's, a: an agent's

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PATTERN = re.compile(r"\bplr_[ua]_[0-9A-Za-z]{49}\b", re.ASCII)
SHOWN_CHARACTERS = 12


def new(kind: Kind) -> str:
    """A new token of 55 characters."""
    if kind not in ("u", "a"):
        raise ValueError(f"there is no kind of token {kind!r}")
    text = f"plr_{kind}_" + _base62(int.from_bytes(secrets.token_bytes(32), "big"), 43)
    return text + _checksum(text)


def kind_for(actor: str) -> Kind:
    """The kind of token that a participant such as ``user:manu`` or ``agent:test-writer`` gets."""
    return "a" if actor.startswith("agent:") else "u"


def well_formed(token: str) -> bool:
    """Whether *token* can be one of ours at all: shape and checksum."""
    return bool(PATTERN.fullmatch(token)) and _checksum(token[:-6]) == token[-6:]


def digest(token: str) -> bytes:
    """What the database keeps instead of the token: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def shown(token: str) -> str:
    """The first characters, enough to recognise a token in a list and useless for signing in."""
    return token[:SHOWN_CHARACTERS]


def _base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits.rjust(width, "0")


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), 6)
