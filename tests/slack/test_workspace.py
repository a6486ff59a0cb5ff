"""The workers of one workspace: looked after, woken by what is new, and ended together when the workspace is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from bridge_house import House, until

from polaris.bridge import tasks
from polaris.bridge import workspace as module
from polaris.bridge.place import Place, Replaced, TokenRefused
from polaris.bridge.tasks import keep
from polaris.bridge.web_api import Limited
from polaris.bridge.workspace import Workspace
from polaris.db import calls, slack_calls
from polaris.demo_slack import FakeSlack
from polaris.tasks import finished, together


class Ear:
    """Stands for the listening connection."""

    def __init__(self) -> None:
        self.projects: list[int] = []

    async def listen(self, project_id: int) -> None:
        self.projects.append(project_id)

    def unlisten(self, project_id: int) -> None:
        self.projects.remove(project_id)


@pytest.fixture
async def place(house: House) -> Place:
    await house.connect()
    return await house.place()


@asynccontextmanager
async def working(workspace: Workspace) -> AsyncIterator[None]:
    task = asyncio.create_task(workspace.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_open_projects_are_listened_on_and_private_ones_are_not(house: House, place: Place) -> None:
    ear = Ear()
    workspace = Workspace(place, ear)
    made = await house.session("fxm", "pj")
    empty = await house.project("empty")
    await house.project("secret", "private")
    async with working(workspace):
        await house.live()
        await until(lambda: asyncio.sleep(0, sorted(ear.projects) == sorted([made, empty])))
        await house.ask(calls.set_visibility, house.org, house.me, "empty", "private")
        workspace.wake()
        await until(lambda: asyncio.sleep(0, ear.projects == [made]))

    assert ear.projects == []


async def test_the_first_session_of_a_project_is_noticed_by_its_first_event(house: House, place: Place) -> None:
    ear = Ear()
    workspace = Workspace(place, ear)
    number = await house.project()
    async with working(workspace):
        await until(lambda: asyncio.sleep(0, ear.projects))
        await house.session()
        workspace.project_changed(number)
        await house.live()


async def test_the_people_are_read_once_after_the_connection(house: House, place: Place, slack: FakeSlack) -> None:
    workspace = Workspace(place, Ear())
    async with working(workspace):
        await until(house.workspace, lambda row: row.people_at is not None)
        (row,) = await house.ask(slack_calls.list_slack_workspaces)
        workspace.changed(row)
        await asyncio.sleep(0.1)
        assert len(slack.called("users.list")) == 1

        workspace.changed(row._replace(people_at=datetime.now(UTC) - timedelta(hours=25)))
        await until(lambda: asyncio.sleep(0, len(slack.called("users.list")) == 2))

    found = await house.ask(slack_calls.list_slack_people, house.org, None)
    assert {person.member for person in found} >= {"manu"}


async def test_a_worker_that_fails_is_started_again_and_the_others_go_on(
    house: House, place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE_SECONDS", 0.01)
    runs: list[str] = []
    workspace = Workspace(place, Ear())

    async def failing() -> None:
        runs.append("run")
        if len(runs) < 3:
            raise ValueError("somebody's text")
        await asyncio.Event().wait()

    monkeypatch.setattr(workspace.poster, "run", failing)
    await house.session()
    async with working(workspace):
        await until(lambda: asyncio.sleep(0, len(runs) == 3))
        await house.live()

    assert [r.message for r in caplog.records].count("a worker failed and starts again") == 2


@pytest.mark.parametrize("end", [Replaced(), TokenRefused("token_revoked")])
async def test_what_concerns_the_whole_workspace_ends_all_workers(
    place: Place, monkeypatch: pytest.MonkeyPatch, end: Exception
) -> None:
    workspace = Workspace(place, Ear())
    ended = asyncio.Event()

    async def ending() -> None:
        raise end

    async def waiting() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(workspace.poster, "run", ending)
    monkeypatch.setattr(workspace.inbound, "run", waiting)

    with pytest.raises(type(end)):
        await workspace.run()

    assert ended.is_set()


async def test_a_digest_whose_time_has_come_is_written(
    house: House, place: Place, monkeypatch: pytest.MonkeyPatch, slack: FakeSlack
) -> None:
    monkeypatch.setattr(module, "DIGEST_SECONDS", 0.05)
    monkeypatch.setattr(slack_calls, "digest_slack", _tomorrow(slack_calls.digest_slack))
    workspace = Workspace(place, Ear())
    await house.session()
    async with working(workspace):
        await house.live()
        await house.ask(slack_calls.set_slack_channel, house.org, house.me, "pj", level="digest")
        await house.push("prompt", "Sign the tokens")
        workspace.wake()
        await until(lambda: asyncio.sleep(0, [p for p in slack.posts("T1", "pj") if "The last day" in p["text"]]))


async def test_work_that_has_begun_comes_to_its_end_before_a_cancellation() -> None:
    begun, go, did = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await go.wait()
        did.append("all of it")

    task = asyncio.create_task(finished(work()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert did == ["all of it"]


async def test_a_worker_that_slack_limits_waits_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise Replaced

    async def limited() -> None:
        raise Limited(30.0)

    monkeypatch.setattr(tasks.asyncio, "sleep", sleep)
    with pytest.raises(Replaced):
        await keep("one", limited)

    assert slept == [30.0, 30.0]


async def test_a_cancellation_that_comes_together_with_an_answer_is_not_lost(house: House) -> None:
    answers = 0

    async def ask_for_ever() -> None:
        nonlocal answers
        while True:
            await house.ask(slack_calls.list_slack_workspaces)
            answers += 1

    for _ in range(50):
        before = answers
        task = asyncio.create_task(ask_for_ever())
        await until(lambda before=before: asyncio.sleep(0, answers > before), pause=0)  # type: ignore[misc]
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.cancelled()


async def test_works_that_run_together_end_together() -> None:
    ended: list[str] = []

    async def short() -> None:
        raise TokenRefused("invalid_auth")

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("long")

    with pytest.raises(TokenRefused):
        await together(short(), long())

    assert ended == ["long"]


def _tomorrow(stub):  # type: ignore[no-untyped-def]
    """The stub, called as if a day had gone by."""

    async def call(conn, org, fence):  # type: ignore[no-untyped-def]
        return await stub(conn, org, fence, datetime.now(UTC) + timedelta(days=1))

    return call
