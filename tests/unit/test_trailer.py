"""`polaris trailer`: the hook that it makes, in real repositories, and the way back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from git_repositories import commit, git, repository

from polaris.commands.together import run_command
from polaris.errors import Exit

IN_AN_AGENT = {"CLAUDE_PID": "7"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, the folder that one is in; the command of this home says that pj/fxm is connected."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    says(home, "echo 'Polaris-Session: pj/fxm'")
    monkeypatch.setenv("POLARIS_HOME", str(home))
    shop = repository(tmp_path / "a shop's")
    monkeypatch.chdir(shop)
    return shop


def says(home: Path, line: str) -> None:
    (home / "bin/polaris").write_text(f"#!/bin/sh\n{line}\n")
    (home / "bin/polaris").chmod(0o755)


def message(shop: Path) -> str:
    return git(shop, "log", "-1", "--format=%B").rstrip("\n")


def committed(shop: Path, *words: str, **environment: str) -> str:
    git(shop, "commit", "-q", "--allow-empty", *words, **environment)
    return message(shop)


def hook(shop: Path) -> Path:
    return shop / ".git/hooks/prepare-commit-msg"


def test_commits_of_a_connected_session_name_it(shop: Path) -> None:
    assert run_command(["trailer", "on"]) == Exit.OK

    assert committed(shop, "-m", "Fix it", **IN_AN_AGENT) == "Fix it\n\nPolaris-Session: pj/fxm"
    assert committed(shop, "-m", "Fix it\n\nSigned-off-by: P <p@x>", **IN_AN_AGENT).splitlines()[2:] == [
        "Signed-off-by: P <p@x>",
        "Polaris-Session: pj/fxm",
    ]


def test_commits_outside_an_agent_and_of_unconnected_sessions_name_none(shop: Path, tmp_path: Path) -> None:
    run_command(["trailer", "on"])
    assert committed(shop, "-m", "by hand") == "by hand"
    for nothing in ("exit 0", "exit 1", "echo; exit 3"):
        says(tmp_path / "home", nothing)
        assert committed(shop, "-m", "Fix it", **IN_AN_AGENT) == "Fix it"


def test_a_commit_that_is_amended_names_each_session_once(shop: Path, tmp_path: Path) -> None:
    run_command(["trailer", "on"])
    committed(shop, "-m", "Fix it", **IN_AN_AGENT)
    assert committed(shop, "--amend", "--no-edit", **IN_AN_AGENT).count("Polaris-Session") == 1
    says(tmp_path / "home", "echo 'Polaris-Session: pj/fxk'")
    amended = committed(shop, "--amend", "--no-edit", **IN_AN_AGENT)

    assert amended.splitlines()[2:] == ["Polaris-Session: pj/fxm", "Polaris-Session: pj/fxk"]


def test_a_rebase_keeps_the_line(shop: Path) -> None:
    run_command(["trailer", "on"])
    commit(shop, "first")
    git(shop, "switch", "-q", "-c", "side")
    (shop / "a").write_text("a")
    git(shop, "add", "a")
    before = committed(shop, "-m", "Fix it", **IN_AN_AGENT)
    git(shop, "switch", "-q", "main")
    commit(shop, "second")
    git(shop, "rebase", "-q", "main", "side")

    assert message(shop) == before


def test_an_empty_message_still_stops_a_commit(shop: Path) -> None:
    run_command(["trailer", "on"])

    with pytest.raises(AssertionError):
        committed(shop, **IN_AN_AGENT, GIT_EDITOR="true")


def test_a_hook_that_is_there_runs_first_and_comes_back_byte_for_byte(shop: Path) -> None:
    own = b'#!/bin/sh\n# \xff odd\necho "from $(basename "$0") $2" >>"$1"\n'
    hook(shop).write_bytes(own)
    hook(shop).chmod(0o750)
    run_command(["trailer", "on"])
    run_command(["trailer", "on"])
    told = committed(shop, "-m", "Fix it", **IN_AN_AGENT)
    assert run_command(["trailer", "off"]) == Exit.OK

    assert "from prepare-commit-msg message" in told
    assert "Polaris-Session: pj/fxm" in told
    assert hook(shop).read_bytes() == own
    assert stat.S_IMODE(hook(shop).stat().st_mode) == 0o750
    assert not (hook(shop).parent / "before-polaris").exists()
    assert "Polaris" not in committed(shop, "-m", "Fix it", **IN_AN_AGENT)


def test_a_hook_that_is_a_link_comes_back_as_one(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "shared").chmod(0o755)
    hook(shop).symlink_to(tmp_path / "shared")
    run_command(["trailer", "on"])
    run_command(["trailer", "off"])

    assert os.readlink(hook(shop)) == str(tmp_path / "shared")


def test_the_users_own_hook_still_may_stop_a_commit(shop: Path) -> None:
    hook(shop).write_text("#!/bin/sh\nexit 9\n")
    hook(shop).chmod(0o755)
    run_command(["trailer", "on"])

    with pytest.raises(AssertionError):
        committed(shop, "-m", "Fix it", **IN_AN_AGENT)


def test_off_without_a_hook_changes_nothing(shop: Path) -> None:
    assert run_command(["trailer", "off"]) == Exit.OK

    assert not hook(shop).exists()


def test_off_leaves_a_hook_that_is_not_ours(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook(shop).write_text("#!/bin/sh\nexit 0\n")

    assert run_command(["trailer", "off"]) == Exit.FAILURE
    assert hook(shop).read_text() == "#!/bin/sh\nexit 0\n"
    assert "is not what `polaris trailer on` made" in capsys.readouterr().err


def test_a_hook_that_somebody_put_over_ours_is_not_lost(shop: Path) -> None:
    hook(shop).write_text("#!/bin/sh\n# first\n")
    run_command(["trailer", "on"])
    hook(shop).unlink()
    hook(shop).write_text("#!/bin/sh\n# second\n")

    assert run_command(["trailer", "on"]) == Exit.FAILURE
    assert "second" in hook(shop).read_text()
    assert "first" in (hook(shop).parent / "before-polaris/prepare-commit-msg").read_text()


def test_in_a_worktree_it_is_the_hook_of_all(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(shop)
    git(shop, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    monkeypatch.chdir(tmp_path / "side")
    run_command(["trailer", "on"])

    assert hook(shop).exists()
    assert "pj/fxm" in committed(tmp_path / "side", "-m", "Fix it", **IN_AN_AGENT)


def test_hooks_that_others_share_are_left_alone(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(shop, "config", "core.hooksPath", ".husky")

    assert run_command(["trailer", "on"]) == Exit.FAILURE
    assert "polaris trailer show" in capsys.readouterr().err
    assert not (shop / ".husky").exists()


def test_outside_a_repository_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run_command(["trailer", "on"]) == Exit.FAILURE
    assert "There is no git repository here." in capsys.readouterr().err


def test_show_prints_nothing_where_no_daemon_answers(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAUDE_CODE_SESSION_ID", "a1")

    assert run_command(["trailer", "show"]) == Exit.OK
    assert capsys.readouterr().out == ""
