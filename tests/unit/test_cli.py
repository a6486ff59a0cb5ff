"""The commands of ``polaris`` as a whole: every one explains itself, and asking costs nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from polaris.cli import main
from polaris.command import Group
from polaris.commands.together import Polaris

HEAVY = {"psycopg", "aiohttp", "yoyo", "pydantic", "uvloop", "polaris.http", "polaris.db.pool", "polaris.client"}


def commands(group: Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in dir(group):
        value = getattr(group, name)
        words = (*path, name.replace("_", "-"))
        if isinstance(value, Group):
            yield from commands(value, words)
        else:
            yield words


ALL = list(commands(Polaris()))


def test_the_promised_commands_are_there() -> None:
    promised = """
        up serve daemon tail inject join release status demo
        db-migrate db-status db-check login-role-create login-role-list login-role-revoke
        analyst-create analyst-list analyst-revoke
        member-add member-list member-remove token-create token-list token-revoke org-create
    """

    assert set(promised.split()) <= {"-".join(words) for words in ALL}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_explains_itself_and_its_flags(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0

    usage, _, text = capsys.readouterr().out.partition("\n\n")
    assert usage.startswith(f"Usage: polaris {' '.join(words)}")
    assert text.strip().splitlines()[0].endswith(".")
    for flag in usage.split():
        name = flag.strip("[]").split("=")[0]
        if name.startswith("--") and name != "--json":
            assert name in text, f"{name} is not explained"


def test_asking_for_help_loads_nothing_heavy() -> None:
    code = "import sys; from polaris.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set(done.stderr.split()) & HEAVY == set()
