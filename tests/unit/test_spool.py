"""The queue of events: committed before it is answered, in order, once, within its bounds."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from polaris.daemon import records, spool
from polaris.daemon.spool import Entry, Spool
from polaris.daemon.store import Store, StoreFull
from polaris.errors import Misconfigured


def entry(number: int, route_id: int = 1, size: int = 10) -> Entry:
    return Entry(route_id, f"id-{number}", 1, "prompt", b"x" * size, number)


def route(session: str = "fxm") -> records.Route:
    return records.Route(0, "local", "", "acme", "user:manu", "pj", session, b"key")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "daemon.sqlite", records.STEPS)
    opened.open()
    await opened.do(lambda db: records.save_route(db, route()))
    yield opened
    opened.close()


async def put(queue: Spool, store: Store, *entries: Entry) -> None:
    queue.room(entries)
    queue.kept(await store.do(lambda db: spool.insert(db, entries)))


async def test_events_come_out_in_the_order_they_came_in_and_leave_when_settled(store: Store) -> None:
    queue = Spool(store)
    await put(queue, store, *(entry(number) for number in (3, 1, 2)))
    batch = await queue.next(1)
    await queue.settle(1, [batch[0].event_id], [(batch[1].event_id, "not_driver", "no")])

    assert [one.client_id for one in batch] == ["id-3", "id-1", "id-2"]
    assert [one.client_id for one in await queue.next(1)] == ["id-2"]
    assert (queue.waiting[1], queue.refused[1], queue.bytes) == (1, 1, 20)
    assert [(one["client_id"], one["code"]) for one in await queue.aside()] == [("id-1", "not_driver")]


async def test_the_same_client_id_is_the_same_event(store: Store) -> None:
    queue = Spool(store)
    await put(queue, store, entry(1), entry(1))
    await put(queue, store, entry(1))

    assert (queue.waiting[1], len(await queue.next(1))) == (1, 1)


async def test_a_batch_ends_at_its_bytes_and_has_at_least_one(store: Store) -> None:
    queue = Spool(store)
    await put(queue, store, entry(1, size=spool.BATCH_BYTES + 1), entry(2), entry(3, size=spool.BATCH_BYTES))

    assert [len(await queue.next(1, after)) for after in (0, 1, 2)] == [1, 1, 1]


async def test_a_full_queue_takes_nothing_and_says_so(store: Store) -> None:
    queue = Spool(store, most_bytes=25)
    await put(queue, store, entry(1), entry(2))
    with pytest.raises(StoreFull) as full:
        queue.room([entry(3)])

    assert (full.value.status, full.value.code) == (507, "spool_full")

    await queue.settle(1, [one.event_id for one in await queue.next(1)], [])

    queue.room([entry(3)])
    assert queue.bytes == 0


async def test_the_counts_are_right_again_after_a_restart(tmp_path: Path, store: Store) -> None:
    queue = Spool(store)
    await put(queue, store, entry(1), entry(2), entry(3))
    await queue.settle(1, [], [(1, "unknown_kind", "no")])
    again = Spool(store)
    await again.load()

    assert (again.waiting[1], again.refused[1], again.bytes) == (2, 1, 30)


async def test_refused_events_are_kept_up_to_a_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "REFUSED_KEPT", 2)
    queue = Spool(store)
    await put(queue, store, *(entry(number) for number in range(5)))
    await queue.settle(1, [], [(one.event_id, "unknown_kind", "no") for one in await queue.next(1)])

    assert [one["client_id"] for one in await queue.aside()] == ["id-4", "id-3"]
    assert queue.bytes == 20


async def test_a_job_that_fails_undoes_itself_and_nobody_else(store: Store) -> None:
    def bad(db: sqlite3.Connection) -> None:
        spool.insert(db, [entry(1)])
        raise ValueError("no")

    answers = await asyncio.gather(
        store.do(lambda db: spool.insert(db, [entry(2)])),
        store.do(bad),
        store.do(lambda db: spool.insert(db, [entry(3)])),
        return_exceptions=True,
    )

    assert isinstance(answers[1], ValueError)
    assert [one.client_id for one in await Spool(store).next(1)] == ["id-2", "id-3"]


async def test_the_file_and_its_companions_are_private(store: Store) -> None:
    modes = {stat.S_IMODE(file.stat().st_mode) for file in store.file.parent.glob("daemon.sqlite*")}

    assert modes == {0o600}


async def test_what_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.sqlite").write_text("this is not a database, but it is long enough to be looked at" * 10)
    with pytest.raises(Misconfigured, match=r"other\.sqlite"):
        Store(tmp_path / "other.sqlite", records.STEPS).open()


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "newer.sqlite") as db:
        db.execute("pragma user_version=99")
    db.close()
    with pytest.raises(Misconfigured, match="newer"):
        Store(tmp_path / "newer.sqlite", records.STEPS).open()


KILLED = """
import asyncio, sys
from pathlib import Path
from polaris.daemon import records, spool
from polaris.daemon.store import Store
async def main():
    store = Store(Path(sys.argv[1]), records.STEPS)
    store.open()
    await store.do(lambda db: records.save_route(db, records.Route(0, "", "", "o", "user:m", "p", "s", b"")))
    for number in range(100000):
        await asyncio.gather(*(
            store.do(lambda db, n=number, m=more: spool.insert(db, [spool.Entry(1, f"{n}-{m}", 1, "prompt", b"x", 1)]))
            for more in range(4)
        ))
        print(number, flush=True)
asyncio.run(main())
"""


async def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    file = tmp_path / "daemon.sqlite"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE, cwd="/") as process:
        assert process.stdout
        answered = -1
        for line in process.stdout:
            answered = int(line)
            if answered == 50:
                os.kill(process.pid, signal.SIGKILL)
                break
        answered = max([answered, *(int(line) for line in process.stdout if line.strip().isdigit())])
    store = Store(file, records.STEPS)
    store.open()
    queue = Spool(store)
    await queue.load()
    store.close()

    assert (answered + 1) * 4 <= queue.waiting[1] <= (answered + 3) * 4
