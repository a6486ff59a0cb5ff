"""Which agent session belongs to which Polaris session: followed where it is sure, and never guessed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from polaris.daemon import records
from polaris.daemon.bindings import Bindings, Sighting
from polaris.daemon.records import Binding
from polaris.daemon.store import Store
from polaris.errors import Unprocessable

STARTED = {10: "first", 20: "second"}


def seen(name: str, pid: int | None = 10, **more: str) -> Sighting:
    return Sighting("claude-code", name, pid, **more)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "daemon.sqlite", records.STEPS)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
async def bindings(store: Store, tmp_path: Path) -> Bindings:
    """``a1`` in process 10 drives pj/fxm under epoch 1."""
    made = Bindings(store, tmp_path / "bound", STARTED.get)
    await made.load()
    route = await made.save_route(records.Route(0, "", "", "acme", "user:manu", "pj", "fxm", b"key"), 1)
    await made.bind(bound("a1", route.route_id))
    return made


def bound(name: str, route_id: int, pid: int | None = 10) -> Binding:
    started = None if pid is None else STARTED.get(pid)
    return Binding(name, "claude-code", route_id, "driver", pid, started, "active", None, 1, 0, 0, "", bound_at=1)


def marks(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "bound").iterdir())


async def test_an_event_of_the_bound_session_finds_its_binding(bindings: Bindings) -> None:
    found = await bindings.see(seen("a1"))

    assert found == bindings.of("a1")


async def test_a_clear_moves_the_binding_to_the_new_id(bindings: Bindings, tmp_path: Path) -> None:
    await bindings.see(seen("a1", ends="clear"))
    found = await bindings.see(seen("b1", starts="clear"))

    assert found
    assert (found.agent_session_id, found.former, found.cleared) == ("b1", "a1", 0)
    assert marks(tmp_path) == ["b1"]
    assert bindings.of("a1") == found, "a late event of before belongs to it as well"


async def test_the_start_may_come_before_the_end_and_the_end_may_be_missing(bindings: Bindings) -> None:
    first = await bindings.see(seen("b1", starts="clear"))
    late = await bindings.see(seen("a1", ends="clear"))
    second = await bindings.see(seen("c1", starts="clear"))

    assert first and second
    assert late == first
    assert (second.agent_session_id, second.former) == ("c1", "a1 b1")


async def test_after_a_clear_any_event_of_the_same_process_is_the_new_session(bindings: Bindings) -> None:
    await bindings.see(seen("a1", ends="clear"))
    found = await bindings.see(seen("b1"))

    assert found
    assert found.agent_session_id == "b1"


@pytest.mark.parametrize(
    "other",
    [
        seen("b1", 20, starts="clear"),  # another process
        seen("b1", 10, starts="resume"),  # /resume of another conversation in the same process
        seen("b1", 10, starts="startup"),
        seen("b1", 10),  # nothing says that it follows a1
        seen("b1", None, starts="clear"),  # no process
        seen("b1", 20, starts="fork"),
    ],
)
async def test_what_is_not_sure_is_not_bound(bindings: Bindings, other: Sighting) -> None:
    assert await bindings.see(other) is None
    assert bindings.of("b1") is None
    assert bindings.of("a1")


async def test_another_process_with_the_same_number_is_not_the_same(store: Store, tmp_path: Path) -> None:
    started = {10: "first"}
    made = Bindings(store, tmp_path / "bound", started.get)
    await made.load()
    route = await made.save_route(records.Route(0, "", "", "acme", "user:manu", "pj", "fxm", b"key"), 1)
    await made.bind(bound("a1", route.route_id))
    started[10] = "later"

    assert await made.see(seen("b1", starts="clear")) is None


async def test_a_resume_in_a_new_process_keeps_the_binding(bindings: Bindings) -> None:
    ended = await bindings.see(seen("a1", ends="prompt_input_exit"))
    resumed = await bindings.see(seen("a1", 20, starts="resume"))

    assert ended and resumed
    assert (ended.state, resumed.state) == ("ended", "active")
    assert (resumed.pid, resumed.started) == (20, "second")


async def test_a_lost_seat_is_not_found_again_by_an_event(bindings: Bindings, tmp_path: Path) -> None:
    await bindings.change("a1", state="lost", reason="user:krishna drives")
    found = await bindings.see(seen("a1"))

    assert found
    assert (found.state, found.captures) == ("lost", False)
    assert marks(tmp_path) == []


async def test_everything_is_there_after_a_restart_and_the_marks_agree(
    bindings: Bindings, store: Store, tmp_path: Path
) -> None:
    await bindings.see(seen("b1", starts="clear"))
    await bindings.see(seen("x1", 20))
    (tmp_path / "bound" / "stale").touch()
    (tmp_path / "bound" / "b1").unlink()
    again = Bindings(store, tmp_path / "bound", STARTED.get)
    await again.load()

    assert again.of("b1") == bindings.of("b1")
    assert again.routes == bindings.routes
    assert marks(tmp_path) == ["b1"]
    process = again.session_of(20)
    assert process
    assert process.agent_session_id == "x1"


async def test_a_process_that_was_replaced_names_no_session(
    bindings: Bindings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bindings.see(seen("x1", 20))
    monkeypatch.setitem(STARTED, 20, "another")

    assert bindings.session_of(20) is None


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a" * 129, "a\n"])
async def test_an_id_that_is_no_file_name_is_never_bound(bindings: Bindings, name: str, tmp_path: Path) -> None:
    with pytest.raises(Unprocessable):
        await bindings.bind(bound(name, 1))

    assert marks(tmp_path) == ["a1"]


async def test_a_capture_belongs_to_the_epoch_of_its_own_time(bindings: Bindings, store: Store) -> None:
    def note(epoch: int, since: int) -> Callable[..., None]:
        return lambda db: records.note_epoch(db, 2, epoch, since)

    route = await bindings.save_route(records.Route(0, "", "", "acme", "user:manu", "pj", "other", b"key"), 1)
    assert route.route_id == 2
    await store.do(lambda db: db.execute("delete from epochs"))
    await store.do(note(1, 1000))
    await store.do(note(3, 2000))

    assert [await store.do(lambda db, at=at: records.epoch_at(db, 2, at)) for at in (500, 1000, 1999, 2000, 9000)] == [
        1, 1, 1, 3, 3,
    ]  # fmt: skip


async def test_many_events_at_once_change_it_one_after_the_other(bindings: Bindings) -> None:
    await asyncio.gather(
        bindings.see(seen("a1", 20)),
        bindings.change("a1", paused=1),
        bindings.see(seen("a1", 20, transcript="/t.jsonl")),
        bindings.change("a1", epoch=7),
    )
    found = bindings.of("a1")

    assert found
    assert (found.pid, found.paused, found.transcript, found.epoch) == (20, 1, "/t.jsonl", 7)


class TestManySessionsInOneProcess:
    """Codex's server, an editor: the number of the process says nothing about a session."""

    @pytest.fixture
    async def codex(self, store: Store, tmp_path: Path) -> Bindings:
        made = Bindings(store, tmp_path / "bound", STARTED.get)
        await made.load()
        route = await made.save_route(records.Route(0, "", "", "acme", "user:manu", "pj", "fxm", b"key"), 1)
        await made.bind(replace(bound("c1", route.route_id), agent="codex"))
        return made

    async def test_a_clear_in_the_same_process_is_another_session(self, codex: Bindings) -> None:
        await codex.see(Sighting("codex", "c1", 10, ends="clear"))

        assert await codex.see(Sighting("codex", "c2", 10, starts="clear")) is None
        assert codex.of("c1")

    async def test_the_process_is_in_no_binding_and_names_nobody(self, codex: Bindings) -> None:
        await codex.see(Sighting("codex", "c1", 10))
        await codex.note(Sighting("codex", "c1", 10))
        found = codex.of("c1")

        assert found and (found.pid, found.started) == (None, None)
        assert codex.session_of(10) is None
        assert codex.processes() == []

    async def test_who_calls_our_own_tool_is_whom_its_server_speaks_for(
        self, codex: Bindings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await codex.see(Sighting("opencode", "ses_1", 20, calls_us=True))
        await codex.see(Sighting("opencode", "ses_2", 20, calls_us=True))
        await codex.see(Sighting("opencode", "ses_1", 20))
        found = codex.session_of(20)

        assert found and (found.agent, found.agent_session_id) == ("opencode", "ses_2")
        monkeypatch.setitem(STARTED, 20, "another")
        assert codex.session_of(20) is None
