"""What a value is: whether a name says that it is a secret, whether it can be one, whether it was drawn by chance."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import groupby

from .secret_rules import KEY_WORDS

_KEY_OF = frozenset(KEY_WORDS.split("|"))
_KEY_OF_SIZES = sorted({len(word) for word in _KEY_OF}, reverse=True)
_OF = f"(?:{KEY_WORDS})"
_SENSITIVE = re.compile(
    rf"passw(?:or)?d|passphrase|(?<!o)(?<!\A)pwd|\Apwd|secret|token|credentials?|connectionstring|{_OF}key"
    r"|(?<!by)(?<!com)(?<!sur)(?<!low)(?<!high)(?<!band)(?<!tres)pass\Z"
)
# Names of things about a secret.
_ABOUT = re.compile(
    r"(?:tokens|count|limit|length|size|type|name|names|id|ids|ur[il]|endpoint|path|file|filename|dir|ttl|expiry|expires"
    r"|expire[ds]?in|expire[ds]?at|expired|expiration|version|format|prefix|policy|hint|field|label|placeholder|required|enabled"
    r"|valid|createdat|updatedat|usedat|ref|arn|manager|provider|store|rotation|class|usage|index|budget|text|message"
    r"|error|kind|scope|scopes|status|strategy|length|min|max|rule|rules|regex|pattern|reset|tokenizer|algorithm|alg"
    r"|strength|source|mode|input|prompt|fingerprint|last4|used|cost|price|per[a-z]+)\Z"
    r"|publickey|tokeniz|secretar|passwordless|keyboard|keyword|\A(?:max|min|num|total|input|output|cache[dr]?|context|completion|next|page"
    r"|prompt|pagination|continuation|sync|reasoning|thinking|special|pad|bos|eos|unk)(?:new|input|output|read|write|creation|prompt|completion|page|sync|total|used|context|result"
    r"|continuation|start|text|audio|image|s)*tokens?\Z"
)
_NOT_A_VALUE = re.compile(
    r"(?:\$|<|\{|:|![A-Za-z]+(?:\Z|\s)|%[sdv({]|\[|\*{2,}|[xX]{3,}\Z|\.{2,}|…|https?://(?![^/]*@)|/|\./|~/|[A-Z]:\\|@|&|\||=)"
    r"|(?:your|my|the|some|example|sample|dummy|fake|changeme|change[-_]me|replace|insert|enter|todo|tbd)(?![a-z0-9])"
    r"|(?:os|process|self|this|config|settings|env|environ|secrets|ctx|context|request|req|args|options|opts|params|props)[.\[]",
    re.IGNORECASE,
)
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """string str text bool boolean int integer number float object bytes any optional required password passwd
        passphrase secret secrets token tokens key hidden redacted masked none null true false undefined nil empty unset
        missing invalid expired unknown yes no default bearer basic oauth oauth2 jwt apikey api_key credentials void
        const let return await async new function self auth env public private readonly""",
    )
)
_CODE = re.compile(r"[()\[\]{}]|\A[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+[;,]?\Z")
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Digests and ids: git, md5, sha-1 to sha-512, MongoDB, trace ids.
_HEX_LENGTHS = frozenset((24, 32, 40, 56, 64, 96, 128))
_ID = re.compile(
    r"[a-z]{2,12}_[A-Za-z0-9]{10,32}|chatcmpl-\w+|pk_(?:live|test)_\w+"
    r"|Qm[1-9A-HJ-NP-Za-km-z]{44}"  # IPFS
)
# How files begin in base64: PNG, JPEG, GIF, WebP, PDF, ZIP, gzip, WebAssembly, fonts, SVG, XML.
_FILE = re.compile(r"iVBORw0KGgo|/9j/[24]|R0lGOD[dl]|UklGR|JVBERi0|UEsDB|H4sI|AGFzbQ|d09GM?|PHN2Zy|PD94bWw")
_WORD = re.compile(r"[A-Z]?[a-z]{3,}")
_LOWER_WORD = re.compile(r"(?:\A|/)[a-z]{4,}(?:/|\Z)")
_PUBLIC_WORDS = ("sha", "base64", "h1:", "ssh-", "ecdsa", "md5-", "integrity", "checksum", "etag", "x-amz-", "list=")
_PUBLIC = re.compile(
    r"(?:sha(?:1|224|256|384|512)[-:_=]|base64,|h1:|ssh-(?:rsa|dss|ed25519) |ecdsa-\S+ |md5-|\bintegrity\W{1,4}"
    r"|checksum\W{1,4}|etag\W{1,6}|x-amz-(?:cf-)?id(?:-2)?\W{1,4}|[?&]list=)\S{0,4}\Z",
    re.IGNORECASE,
)
_DIGITS = "0123456789"
_KINDS = bytes(
    ord("d" if 48 <= byte < 58 else "U" if 65 <= byte < 91 else "l" if 97 <= byte < 123 else "-") for byte in range(256)
)


def key_of(text: str, at: int) -> int | None:
    """Where the word begins that makes the `key` at a place one that opens something."""
    before = text[max(0, at - 20) : at].lower()
    plain = before[:-1] if before[-1:] in (" ", "_", ".", "-") else before
    for size in _KEY_OF_SIZES:
        if len(plain) >= size and plain[-size:] in _KEY_OF:
            return at - len(before) + len(plain) - size
    return None


@lru_cache(maxsize=4096)
def sensitive(name: str) -> bool:
    """Whether what is called *name* is a secret itself, not something about one."""
    plain = name.lower().translate(_SEPARATORS)
    return bool(_SENSITIVE.search(plain)) and not _ABOUT.search(plain)


_NO_MARKS = str.maketrans("", "", "-_/+")
_NO_DIGITS = str.maketrans("", "", _DIGITS)
_SEPARATORS = str.maketrans("", "", "_-. $\"'\\")


def plausible(value: str, name: str, *, quoted: bool, tight: bool) -> bool:
    """Whether *value* can be the secret that *name* promises. ``tight``: as in ``NAME=value``, not in code."""
    password = "pass" in name.lower() or "pwd" in name.lower()
    if len(value) < (4 if password else 8) or _NOT_A_VALUE.match(value) or value.lower().strip("\"';,.") in _WORDS:
        return False
    has_digit = len(value.translate(_NO_DIGITS)) < len(value)
    if " " in value or "\t" in value:
        return has_digit and password and len(value) < 80
    if UUID.fullmatch(value):
        return password or "secret" in name.lower() or "key" in name.lower()
    if value.isdecimal():
        return password
    if not quoted and _CODE.search(value):
        return False
    letters = value.replace("_", "").replace("-", "").replace(".", "")
    if letters.isalpha() and letters.isascii():
        one_case = letters.islower() or letters.isupper() or letters.istitle()
        if password:
            return quoted or tight or value.count("-") > 1
        return len(value) >= 20 and not one_case and random_looking(letters, digits=0)
    return True


def random_looking(token: str, digits: int = 2) -> bool:
    """Whether letters and digits change as they do by chance, and not as they do in names."""
    size = len(token)
    kinds = token.encode("latin-1", "replace").translate(_KINDS)
    if kinds.count(b"d") < digits or kinds.count(b"U") < 2 or kinds.count(b"l") < 2:
        return False
    changes = sum(1 for _ in groupby(kinds)) - 1
    words = sum(len(word) for word in _WORD.findall(token))
    return changes >= 0.4 * (size - 1) and words <= 0.4 * size and _entropy(token) >= min(4.5, 0.85 * math.log2(size))


def high_entropy(token: str, before: str) -> bool:
    """Whether a token without a known form is a secret; *before* are the few dozen characters in front of it."""
    core = token.strip("-_=+/.")
    if not 20 <= len(core) <= 256 or core.startswith(("AAAA", "sha1", "sha256", "sha384", "sha512")):
        return False
    if HEX.fullmatch(core):
        # Without a name that says so, hex of a digest's length is a digest.
        known = len(core) in _HEX_LENGTHS or core.isdecimal() or len(core) < 41 or len(core) > 128
        return not known and _entropy(core) > 3.0 and not _public(before)
    if "/" in core:
        if before.endswith(("/", ".", "~", ":", "\\", "@")) or token.startswith("/") or _LOWER_WORD.search(core):
            return False
    elif before.endswith(("/", "#")):
        # A part of a path or of a page's address.
        return False
    if len(core) == 36 and UUID.fullmatch(core):
        return False
    parts = re.split(r"[-_]", core)
    if len(parts) > 1 and max(map(len, parts)) < 12:
        return False
    return (
        random_looking(core.translate(_NO_MARKS))
        and not _ID.fullmatch(core)
        and not _FILE.match(token)
        and not _public(before)
    )


def _public(before: str) -> bool:
    """Whether what stands before a token says that it is a checksum or a public key."""
    low = before.lower()
    return any(word in low for word in _PUBLIC_WORDS) and _PUBLIC.search(before) is not None


def _entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0
