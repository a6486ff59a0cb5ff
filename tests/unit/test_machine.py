"""The user's settings of capture, and the commands that change them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from polaris import machine
from polaris.commands.together import run_command
from polaris.errors import Misconfigured
from polaris.machine import Machine, Watched


def test_a_path_is_inside_by_its_parts_and_through_links(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (tmp_path / "link").symlink_to(private)
    excluded = Machine(excluded=(str(private),))

    assert excluded.excludes([str(private)])
    assert excluded.excludes([str(tmp_path / "link" / "new")])
    assert excluded.excludes(["/elsewhere", str(private / ".." / "private" / "x")])
    assert not excluded.excludes([str(tmp_path), str(tmp_path / "private2"), "/"])
    assert Machine(excluded=("/",)).excludes(["/any"])
    assert not Machine().excludes([str(private)])


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = machine.file_of(tmp_path)
    watched = Watched(file)
    assert watched.now() == Machine()
    machine.write(file, Machine(agents_off=("codex",), bypass=True))
    assert watched.now() == Machine(agents_off=("codex",), bypass=True)
    file.write_text("[]")
    assert watched.now().bypass
    file.unlink()
    assert watched.now() == Machine()


@pytest.mark.parametrize("text", ["{", "[]", '{"excluded": [1]}', '{"agents_off": "codex"}', '{"bypass": "on"}'])
def test_a_file_that_cannot_be_understood_is_refused_by_name(tmp_path: Path, text: str) -> None:
    machine.file_of(tmp_path).write_text(text)
    with pytest.raises(Misconfigured) as refused:
        machine.read(machine.file_of(tmp_path))

    assert refused.value.code == "machine_settings_broken"


def test_commands_change_it_and_say_what_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("POLARIS_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    assert run_command(["capture", "exclude", "work"]) == 0
    assert run_command(["capture", "off", "codex"]) == 0
    assert run_command(["capture", "bypass", "on"]) == 0
    file = machine.file_of(home)

    assert machine.read(file) == Machine((str(tmp_path / "work"),), ("codex",), True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    capsys.readouterr()
    assert run_command(["capture", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["excluded"] == [str(tmp_path / "work")]
    assert run_command(["capture", "include", "work"]) == 0
    assert run_command(["capture", "on", "codex"]) == 0
    assert run_command(["capture", "bypass", "off"]) == 0
    assert machine.read(file) == Machine()
    for wrong in (["exclude", "nowhere"], ["include", "work"], ["off", "nobody"], ["bypass", "maybe"]):
        assert run_command(["capture", *wrong]) != 0
