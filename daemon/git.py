"""Where a working directory stands in git: repository, branch, commit, read from the files in ``.git`` alone.

Git itself is never started: it can run programs that a repository's configuration names, and costs milliseconds at
every hook. Nothing here fails or waits: whatever cannot be read is left out, a disk that does not answer is left alone
for a while, and what one reading takes is bounded. Files are read again only when they changed.

`Git.stands` answers part of `polaris.model.Facts`: ``{"repository": "github.com/acme/shop", "branch": "main",
"commit": "<40 or 64 digits>"}``, each only where it is known. A detached HEAD has no branch, a branch without a commit
no commit.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from polaris import log

from .agents.base import Payload
from .plainfile import Stamp, read
from .plainfile import stamp as stamp_of
from .reftable import Tables
from .remotes import NAME_CHARACTERS, normalized, plain, urls

T = TypeVar("T")
LOG = log.get("daemon.git")

SECONDS = 0.2  # that a hook may wait for the answer
HANGS_SECONDS = 1.0  # after which a reading is given up
REST_SECONDS = 60.0  # before a folder is looked at again that did not answer
STUCK = 4  # threads that may hang at once
REMEMBERED = 1000
LEVELS = 64
SMALL, CONFIG, PACKED = 4 << 10, 1 << 20, 64 << 20  # bytes of a file that is read
# A file that changed so lately may change again without a trace in its time.
FRESH_NS = 2_000_000_000

_REF = re.compile(r"ref: *(refs/[^\s\x00-\x1f\x7f]+)\s*")
_HEX = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\s*")
# What each working tree has for itself; all other refs are common.
_OWN = ("refs/bisect/", "refs/worktree/", "refs/rewritten/")


class Git:
    """Answers for agent sessions, from a thread of its own; *excluded* says which folders are nobody's business."""

    def __init__(self, excluded: Callable[[list[str]], bool]) -> None:
        self._excluded = excluded
        self._checkouts = Checkouts(excluded)
        self._folders: OrderedDict[str, str] = OrderedDict()
        self._resting: dict[str, float] = {}
        self._worker: _Worker | None = None
        self._stuck: list[_Worker] = []

    async def stands(self, agent_session_id: str, folder: str | None) -> Payload:
        """Where a session stands; *folder* None: in the one that it told last."""
        folder = self._remembered(agent_session_id, folder)
        self._stuck = [worker for worker in self._stuck if worker.is_alive()]
        if folder is None or self._resting.get(folder, 0.0) > time.monotonic() or len(self._stuck) >= STUCK:
            return {}
        if self._worker is None:
            self._worker = _Worker(self._checkouts.facts)
            self._worker.start()
        worker = self._worker
        asked = worker.ask(folder)
        done, _ = await asyncio.wait({asked}, timeout=SECONDS)
        if done:
            return asked.result()
        if self._worker is worker and time.monotonic() - worker.since > HANGS_SECONDS:
            LOG.warning("a folder did not answer; it is left alone for a while")
            if len(self._resting) >= REMEMBERED:
                self._resting.clear()
            self._resting[worker.folder] = time.monotonic() + REST_SECONDS
            worker.leave()
            self._stuck.append(worker)
            # What it has in memory is its own; the next one begins with nothing.
            self._worker, self._checkouts = None, Checkouts(self._excluded)
        return {}

    def _remembered(self, agent_session_id: str, folder: str | None) -> str | None:
        if folder is None:
            return self._folders.get(agent_session_id)
        self._folders[agent_session_id] = folder
        self._folders.move_to_end(agent_session_id)
        if len(self._folders) > REMEMBERED:
            self._folders.popitem(last=False)
        return folder


class _Worker(threading.Thread):
    """Reads, one folder after the other, until it is left alone. A thread that hangs keeps no process from its end."""

    def __init__(self, reader: Callable[[str], Payload]) -> None:
        super().__init__(name="polaris-git", daemon=True)
        self.folder, self.since = "", float("inf")  # what is being read, and since when
        self._reader = reader
        self._asked: SimpleQueue[tuple[str, asyncio.Future[Payload]] | None] = SimpleQueue()

    def ask(self, folder: str) -> asyncio.Future[Payload]:
        future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._asked.put((folder, future))
        return future

    def leave(self) -> None:
        self._asked.put(None)

    def run(self) -> None:
        while (task := self._asked.get()) is not None:
            self.folder, future = task
            self.since = time.monotonic()
            try:
                facts = self._reader(self.folder)
            except Exception as error:
                LOG.warning("git's files were not understood", extra={"reason": type(error).__name__})
                facts = {}
            self.since = float("inf")
            try:
                future.get_loop().call_soon_threadsafe(_settle, future, facts)
            except RuntimeError:
                return  # the loop is over


def _settle(future: asyncio.Future[Payload], facts: Payload) -> None:
    if not future.done():
        future.set_result(facts)


class Checkouts:
    """Reads the files; for one thread."""

    def __init__(self, excluded: Callable[[list[str]], bool] = lambda _: False) -> None:
        self._excluded = excluded
        self._files: OrderedDict[str, tuple[Stamp, str | None]] = OrderedDict()
        self._packed: OrderedDict[str, tuple[Stamp, dict[str, str | None]]] = OrderedDict()

    def facts(self, folder: str) -> Payload:
        """Never fails; ``{}`` where there is no repository."""
        try:
            found = self._find(os.path.realpath(folder)) if os.path.isabs(folder) else None
        except (OSError, ValueError):
            return {}
        if found is None:
            return {}
        top, own = found
        common = self._common(own)
        if self._excluded([folder, top, common]):
            return {}
        branch, commit = self._head(own, common)
        told = {"repository": self._repository(top, common), "branch": branch, "commit": commit}
        return {name: value for name, value in told.items() if value is not None}

    def _find(self, folder: str) -> tuple[str, str] | None:
        """The top of the working tree and its git directory."""
        for _ in range(LEVELS):
            place = os.path.join(folder, ".git")
            if os.path.isdir(place):
                if os.path.lexists(os.path.join(place, "HEAD")):
                    return folder, place
            elif (line := self._text(place)) is not None and line.startswith("gitdir:"):
                own = os.path.normpath(os.path.join(folder, line[7:].strip()))
                return (folder, own) if os.path.isdir(own) else None
            above = os.path.dirname(folder)
            if above == folder:
                break
            folder = above
        return None

    def _common(self, own: str) -> str:
        """Where the refs and the configuration are that all working trees of a repository share."""
        told = (self._text(os.path.join(own, "commondir")) or "").strip()
        return os.path.normpath(os.path.join(own, told)) if told else own

    def _head(self, own: str, common: str) -> tuple[str | None, str | None]:
        text = self._text(os.path.join(own, "HEAD")) or ""
        if _HEX.fullmatch(text):
            return None, text.strip()
        found = _REF.fullmatch(text)
        if found is None:
            return None, None
        if found[1] == "refs/heads/.invalid":  # what stands there for programs that do not know reftables
            ref, commit = Tables(own, common).head()
        else:
            ref, commit = found[1], self._resolved(found[1], own, common)
        branch = ref.removeprefix("refs/heads/") if ref else None
        return branch if branch and len(branch) <= NAME_CHARACTERS else None, commit

    def _resolved(self, ref: str, own: str, common: str) -> str | None:
        for _ in range(5):
            if ".." in ref.split("/"):
                return None
            text = self._text(os.path.join(own if ref.startswith(_OWN) else common, ref))
            if text is None:
                return self._from_packed(os.path.join(common, "packed-refs"), ref)
            if _HEX.fullmatch(text):
                return text.strip()
            if (further := _REF.fullmatch(text)) is None:
                return None
            ref = further[1]
        return None

    def _from_packed(self, path: str, ref: str) -> str | None:
        stamp = stamp_of(path)
        if stamp is None:
            return None
        known = self._packed.get(path)
        if known is None or known[0] != stamp or _fresh(stamp):
            known = self._packed[path] = (stamp, {})
            _bound(self._packed)
        if ref not in known[1]:
            data = read(path, PACKED) or b""
            end = data.find(b" " + ref.encode("utf-8", "surrogateescape") + b"\n")
            name = data[data.rfind(b"\n", 0, end) + 1 : end].decode("ascii", "replace") if end > 0 else ""
            if len(known[1]) >= REMEMBERED:
                known[1].clear()
            known[1][ref] = name if _HEX.fullmatch(name) else None
        return known[1][ref]

    def _repository(self, top: str, common: str) -> str:
        """By the remote ``origin``, else the first that there is, else by the folder's name."""
        remotes = urls(self._text(os.path.join(common, "config"), CONFIG) or "")
        url = remotes.get("origin") or next(iter(remotes.values()), "")
        home, name = os.path.split(common)
        folder = os.path.basename(home) if name == ".git" else os.path.basename(top)
        return normalized(url) or plain(folder) or "(unnamed)"

    def _text(self, path: str, limit: int = SMALL) -> str | None:
        """What a file says, from memory where it did not change; None where there is none, or a larger one."""
        stamp = stamp_of(path)
        if stamp is None:
            return None
        known = self._files.get(path)
        if known is None or known[0] != stamp or _fresh(stamp):
            data = read(path, limit)
            known = self._files[path] = (stamp, None if data is None else data.decode("utf-8", "replace"))
            _bound(self._files)
        return known[1]


def _fresh(stamp: Stamp) -> bool:
    return abs(time.time_ns() - stamp[0]) < FRESH_NS


def _bound(cache: OrderedDict[str, T]) -> None:
    while len(cache) > REMEMBERED:
        cache.popitem(last=False)
