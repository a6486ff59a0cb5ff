"""Where a secret could be: one pass over a text with all hints at once, before any rule is tried.

The engine is Hyperscan (Vectorscan on ARM): every hint in one automaton, a few hundred megabytes a second whatever the
text is like, and linear for every text. A hint may say too much, never too little; the rules have the last word. It
works on bytes, one a character, in windows: each says for each hint where it was met first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import hyperscan

from . import secret_rules as rules

WINDOW = 4096
# What is before a window and read with it: longer than any hint that is met in one piece.
_OVERLAP = 512
# How far before the end of a hint the rules have to begin; a place begins with a word that may be far away.
_BACK, _BACK_TO_PLACE = 256, 1024

_RUN = "[A-Za-z0-9+/_=-]"
_FORMS = (
    r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30}|github_pat_|gl[a-z]{2,6}-[A-Za-z0-9_.=-]{16}",
    r"sk-(?:ant|or|proj|svcacct|admin|None)-|sk-[A-Za-z0-9]{20}|sess-[A-Za-z0-9]{32}|xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10}|xapp-[0-9]-|xwfp-",
    r"AIza[0-9A-Za-z_-]{35}|ya29\.|GOCSPX-|1//0[0-9A-Za-z_-]{30}|[sr]k_(?:live|test)_[A-Za-z0-9]{10}|whsec_[A-Za-z0-9+/=]{20}",
    r"npm_[A-Za-z0-9]{30}|pypi-[A-Za-z0-9_-]{50}|rubygems_[a-f0-9]{48}|cio[A-Za-z0-9]{32}|SG\.[A-Za-z0-9_-]{16}",
    r"(?:SK|AC)[0-9a-f]{32}|key-[0-9a-f]{32}|[0-9a-f]-us[0-9]|eyJ[A-Za-z0-9_-]{8}|plr_[a-z]_[0-9A-Za-z]{20}",
    r"hf_[A-Za-z0-9]{30}|api_org_[A-Za-z0-9]{30}|hv[sbr]\.[A-Za-z0-9_-]{20}|\.atlasv1\.|do[opr]_v1_|dapi[a-f0-9]{32}|dckr_[po]at_",
    r"shp[acs][tas]_[a-fA-F0-9]{32}|sq0[a-z]{3}-|gl(?:sa|c)_[A-Za-z0-9+/=_]{32}|sntry[su]_|NRAK-|NRII-|lin_(?:api|oauth)_|ntn_",
    r"secret_[A-Za-z0-9]{43}|figd_|PMAK-|pscale_|sb[ps]_[A-Za-z0-9_]{30}|ATATT3|ATBB[A-Za-z0-9]{32}|tskey-|gsk_[A-Za-z0-9]{40}",
    r"xai-[A-Za-z0-9]{60}|pplx-|r8_[A-Za-z0-9]{36}|lsv2_|fo1_|fm[12][ar]?_[A-Za-z0-9+/=_-]{60}|dp\.[a-z]{2,5}\.|pul-[a-f0-9]{40}|HRKU-",
    r"sl\.[A-Za-z0-9_-]{60}|[0-9]Q~|AGE-SECRET-KEY-1|dt0[a-z][0-9]{2}\.|pat[A-Za-z0-9]{14}\.|nf[pcou]_[A-Za-z0-9]{9}|sgp_|bk[uac]{1,3}_[a-f0-9]{9}",
    r"CCIP(?:AT|RJ)_|AZDO|pat-(?:na|eu|ap)[0-9]-|aio_[A-Za-z0-9]{9}|tfp_|CFPAT-|xkeysib-|xsmtpsib-|EZ[AT]K|LTAI[A-Za-z0-9]{9}|EAA[A-Za-z0-9]{16}",
    # Discord's have no word of their own.
    r"[A-Za-z0-9_-]{23}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}",
)
# A capital beside a digit in a long token, or more hex than an id has.
_NAMELESS = (rf"(?:[0-9][A-Z]|[A-Z][0-9]){_RUN}{{7}}", r"(?:^|[^A-Za-z0-9]|\\[nrt])[0-9a-f]{41}")
_NAME = rf"(?i:pass|pwd|secret|token|credential|connectionstring|(?:{rules.KEY_WORDS})[ _.-]{{0,2}}key)"
_REST = "[A-Za-z0-9_.-]{0,40}"
_IS = rf"{_REST}\\*[\"'`]?\]?[ \t]{{0,8}}(?:=>|[:=])[= \t]{{0,9}}[\\\"'`]{{0,9}}"
_NAMES = (
    rf"(?i:pass|pwd){_IS}[^\s\"'`\\]{{4}}",
    rf"{_NAME}{_IS}[^\s\"'`\\]{{8}}",
    # In JSON, whatever its value is made of.
    rf"{_NAME}[^\"]{{0,100}}\":\"[^\"]",
    rf"{_NAME}{_REST}>[^<>\s]",
    rf"{_NAME}{_REST}\\*[\"'`]?:[ \t]?[A-Za-z][A-Za-z0-9_.?\[\]]{{0,30}}[ \t]?=[ \t]?\\*[\"'`]",
    rf"--[A-Za-z0-9_-]{{0,40}}{_NAME}{_REST}[ \t]",
    rf"(?:ENV|setenv|setx|set -gx) {_REST}{_NAME}{_REST}[ \t]",
    r"(?i:passw)[a-z]{0,4}[ \t]{1,4}\\*'",
)
_PAIR = rf"\"(?i:name|key)\\*\"\s{{0,3}}:\s{{0,3}}\\*\"[^\"\\]{{0,100}}{_NAME}"
_CALL = rf"{_NAME}{_REST}\\*[\"'], ?\\*[\"']"
_VALUE = rf"{_NAME}{_REST}\\*[\"']?(?:\s|\\+[rn])+(?i:value)[:=]"

FORM, NAMELESS, NAME, PAIR, CALL, VALUE, NUL = range(7)
# What is not one of these is a place: `rules.PLACES[kind - FIRST_PLACE]`.
FIRST_PLACE = 7
_HINTS: tuple[tuple[int, str], ...] = (
    *((FORM, hint) for hint in _FORMS),
    *((NAMELESS, hint) for hint in _NAMELESS),
    *((NAME, hint) for hint in _NAMES),
    (PAIR, _PAIR),
    (CALL, _CALL),
    (VALUE, _VALUE),
    # Postgres takes no NUL; in JSON it is written so.
    (NUL, r"\\u0000"),
    *((FIRST_PLACE + index, place.hint) for index, place in enumerate(rules.PLACES)),
)


class _Engine(threading.local):
    """Hyperscan's database is for all threads, what it writes on is for one."""

    database: hyperscan.Database | None = None
    lock = threading.Lock()

    def __init__(self) -> None:
        with self.lock:
            if _Engine.database is None:
                database = hyperscan.Database()
                database.compile(
                    expressions=[hint.encode() for _, hint in _HINTS],
                    ids=[kind for kind, _ in _HINTS],
                    flags=hyperscan.HS_FLAG_SINGLEMATCH,
                )
                _Engine.database = database
        self.scan = _Engine.database.scan
        self.scratch = hyperscan.Scratch(_Engine.database)


_engine: _Engine | None = None


def warm() -> None:
    """Makes the automaton, which takes a third of a second; without it the first text waits."""
    _of_thread()


def anywhere(raw: bytes) -> bool:
    """Whether a text, or JSON as it is written without spaces, has any hint at all."""
    engine = _of_thread()
    try:
        engine.scan(raw, _stop, scratch=engine.scratch)
    except hyperscan.ScanTerminated:
        return True
    return False


def windows(raw: bytes) -> Iterator[tuple[int, dict[int, int]]]:
    """For each window with hints its end, and for each kind of hint where the rules have to begin."""
    engine = _of_thread()
    for begin in range(0, len(raw), WINDOW):
        base = max(0, begin - _OVERLAP)
        met: dict[int, int] = {}
        part = raw[base : begin + WINDOW] if len(raw) > WINDOW else raw
        engine.scan(part, _note, context=met, scratch=engine.scratch)
        if met:
            yield (
                min(begin + WINDOW, len(raw)),
                {
                    kind: max(0, base + end - (_BACK if kind < FIRST_PLACE else _BACK_TO_PLACE))
                    for kind, end in met.items()
                },
            )


def _of_thread() -> _Engine:
    global _engine
    if _engine is None:
        _engine = _Engine()
    return _engine


def _stop(*_: object) -> bool:
    return True


def _note(kind: int, start: int, end: int, flags: int, met: object) -> None:
    if end < met.get(kind, end + 1):  # type: ignore[attr-defined]
        met[kind] = end  # type: ignore[index]
