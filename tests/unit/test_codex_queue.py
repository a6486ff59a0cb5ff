"""Waking Codex with its own command: which program, whose folder, and what its answer means."""

from __future__ import annotations

from pathlib import Path

import pytest

from polaris.daemon.agents.base import Sleeper, Waker
from polaris.daemon.agents.codex import WAKER
from polaris.daemon.agents.codex_queue import Queue, environment

ROLLOUT = "/home/dev/.codex-work/sessions/2026/11/22/rollout-2026-11-22T23-45-51-01a205a6.jsonl"
SLEEPER = Sleeper("01a205a6", transcript=ROLLOUT)


def codex(folder: Path, ends: str = "exit 0") -> str:
    """A program that notes how it was called and ends as it is told."""
    program = folder / "codex"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$CODEX_HOME" "$POLARIS_TOKEN" "$@" > "{folder}/called"\n{ends}\n')
    program.chmod(0o700)
    return str(program)


def waker(tmp_path: Path, program: str | None) -> Queue:
    return Queue(lambda: program, processes=tmp_path / "proc")


async def test_the_message_is_queued_for_the_thread_in_the_folder_of_its_codex(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLARIS_TOKEN", "secret")
    text = 'Advice from user:priya:\n> "Use 3"; $(rm -rf /) `x`'
    standing = await waker(tmp_path, codex(tmp_path)).wake(SLEEPER, text, "d1")

    assert standing.state == "handed"
    assert (tmp_path / "called").read_text() == (
        f"/home/dev/.codex-work\n\nqueue\n--thread\n01a205a6\n--message\n{text}\n"
    )


async def test_what_codex_refused_was_surely_not_shown_and_its_words_are_the_reason(tmp_path: Path) -> None:
    refusing = codex(tmp_path, "echo warning >&2; echo 'no such thread' >&2; exit 1")
    standing = await waker(tmp_path, refusing).wake(SLEEPER, "text", "d1")

    assert (standing.state, standing.reason) == ("unavailable", "codex queue: no such thread")


async def test_a_program_that_is_gone_is_no_way(tmp_path: Path) -> None:
    standing = await waker(tmp_path, str(tmp_path / "gone")).wake(SLEEPER, "text", "d1")

    assert standing.state == "unavailable"


def test_in_a_turn_a_hook_is_sooner_and_without_the_program_there_is_no_way(tmp_path: Path) -> None:
    queue = waker(tmp_path, codex(tmp_path))

    assert queue.look(SLEEPER).state == "ready"
    assert queue.look(Sleeper("x", busy=True)).state == "later"
    assert waker(tmp_path, None).look(SLEEPER).state == "unavailable"
    assert not queue.lost(SLEEPER, "d1", 0.0)


def test_the_program_of_a_running_codex_comes_before_the_installed_one(tmp_path: Path) -> None:
    running = tmp_path / "vendor"
    running.mkdir()
    program = codex(running)
    for number, target in (("7", "/bin/sh"), ("8", program), ("self", program)):
        (tmp_path / "proc" / number).mkdir(parents=True)
        (tmp_path / "proc" / number / "exe").symlink_to(target)

    assert waker(tmp_path, "/usr/bin/codex")._program() == program


@pytest.mark.parametrize("transcript", [None, "/tmp/rollout.jsonl", "/a/b/c/d/e/rollout.jsonl"])
def test_where_the_record_does_not_say_it_the_folder_is_the_users_own(transcript: str | None) -> None:
    assert environment(transcript, {"PATH": "/bin", "POLARIS_HOME": "/x"}) == {"PATH": "/bin"}


def test_it_is_the_waker_of_codex() -> None:
    fits: Waker | None = WAKER

    assert fits and fits.PATH == "queue"
