"""One Polaris service for all tests of this folder; for each test an organization, a stand-in model and a HOME."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import install
import pytest
from place import Floor, Place
from stub_llm import Stub
from user import User


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.agents)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    home = Path(tempfile.mkdtemp(prefix="polaris-test-agents-"))
    one = Place(home)
    try:
        yield one.start()
    finally:
        one.destroy()
        shutil.rmtree(home)


@pytest.fixture
def floor(place: Place) -> Floor:
    return place.floor()


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as one:
        yield one


@pytest.fixture
def somebody(floor: Floor, stub: Stub) -> Iterator[Callable[[str], User]]:
    """``somebody("claude")`` has that agent and no Polaris yet; skips where the agent is not installed."""
    root = Path(tempfile.mkdtemp(prefix="polaris-test-agents-"))
    came: list[User] = []

    def come(agent: str) -> User:
        if install.executable(agent) is None:
            pytest.skip(f"{agent} {install.PINS[agent].version} is not in {install.prefix()}: `make test-agents`")
        came.append(User(root, agent, stub, floor))
        return came[-1]

    try:
        yield come
    finally:
        for user in came:
            user.end()
        shutil.rmtree(root, ignore_errors=True)
