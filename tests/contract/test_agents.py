"""Every agent's module fits the one interface, and docs/agents.md says of each exactly what it does."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from polaris.daemon import agents
from polaris.daemon.agents import base

PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")
SECTIONS = {
    "codex": "Codex CLI",
    "gemini-cli": "Gemini CLI",
    "opencode": "OpenCode",
    "cursor": "Cursor",
    "windsurf": "Windsurf",
}
FUNCTIONS = [name for name, member in vars(base.Agent).items() if inspect.isfunction(member) and name[0] != "_"]


def module(name: str) -> ModuleType:
    return import_module(f"polaris.daemon.agents.{agents.NAMES[name]}")


def names(text: str) -> set[str]:
    """What stands in code spans in the first column of a section's table."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([\w.]+)`", " ".join(cells)))


@pytest.mark.parametrize("name", agents.NAMES)
def test_a_module_has_every_function_of_the_interface_with_its_arguments(name: str) -> None:
    found = module(name)

    assert name == found.NAME
    for function in FUNCTIONS:
        expected = inspect.signature(getattr(base.Agent, function))
        arguments = list(expected.parameters.values())[1:]
        assert inspect.signature(getattr(found, function)) == expected.replace(parameters=arguments), function


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_has_the_events_that_become_something_and_no_others(name: str) -> None:
    section = PAGE.split(f"\n### {SECTIONS[name]}\n")[1].split("\n#")[0]

    assert names(section) == {event for event, reader in module(name).EVENTS.items() if reader}


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_has_the_answers_that_carry_advice(name: str) -> None:
    table = PAGE.split("\n## Where advice goes in\n")[1].split("\n## ")[0].split("\n\n")[1]
    rows, agent = [line.split("|") for line in table.splitlines()], ""
    answers: dict[str, set[str]] = {}
    for row in rows:
        agent = row[1].strip() or agent
        answers.setdefault(agent, set()).update(re.findall(r"`([\w.]+)`", row[2]))

    assert answers[SECTIONS[name]] == set(getattr(module(name), "ADVICE", ()))


@pytest.mark.parametrize("name", agents.NAMES)
def test_the_page_names_every_agent_as_the_hook_does(name: str) -> None:
    assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("name", SECTIONS)
def test_what_becomes_an_event_or_carries_advice_is_known(name: str) -> None:
    found = module(name)

    assert set(getattr(found, "ADVICE", ())) <= found.EVENTS.keys()
