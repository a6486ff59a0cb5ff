"""daemon.git: where a working directory stands, read from real repositories without starting git."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from git_repositories import commit, git, repository
from hypothesis import given
from hypothesis import strategies as st

from polaris.daemon import git as module
from polaris.daemon.git import Checkouts, Git
from polaris.daemon.remotes import normalized, urls

SHOP = "github.com/acme/shop"


def facts(folder: Path) -> dict[str, str]:
    return Checkouts().facts(str(folder))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "home" / "shop")


def test_a_commit_on_a_branch(shop: Path) -> None:
    made = commit(shop)
    (shop / "src" / "deep").mkdir(parents=True)

    expected = {"repository": SHOP, "branch": "main", "commit": made}
    assert facts(shop) == facts(shop / "src" / "deep") == expected


def test_a_branch_without_a_commit(shop: Path) -> None:
    assert facts(shop) == {"repository": SHOP, "branch": "main"}


def test_a_detached_head_has_no_branch(shop: Path) -> None:
    made = commit(shop)
    git(shop, "checkout", "-q", "--detach")

    assert facts(shop) == {"repository": SHOP, "commit": made}


def test_packed_refs_and_a_loose_one_that_is_newer(shop: Path) -> None:
    first = commit(shop)
    git(shop, "branch", "main2")
    git(shop, "tag", "-a", "-m", "v1", "v1")
    git(shop, "pack-refs", "--all")
    assert not (shop / ".git/refs/heads/main").exists()
    assert facts(shop)["commit"] == first
    second = commit(shop)

    assert facts(shop)["commit"] == second
    git(shop, "switch", "-q", "main2")
    assert facts(shop) == {"repository": SHOP, "branch": "main2", "commit": first}


def test_a_branch_with_slashes_and_letters_of_any_language(shop: Path) -> None:
    git(shop, "switch", "-q", "-c", "fix/größe-尺寸")
    made = commit(shop)
    git(shop, "pack-refs", "--all")

    assert facts(shop) == {"repository": SHOP, "branch": "fix/größe-尺寸", "commit": made}


def test_a_worktree_has_its_own_head_and_the_repository_of_all(shop: Path, tmp_path: Path) -> None:
    first = commit(shop)
    git(shop, "worktree", "add", "-q", "-b", "side", str(tmp_path / "elsewhere"))
    second = commit(tmp_path / "elsewhere")

    assert facts(shop)["commit"] == first
    assert facts(tmp_path / "elsewhere") == {"repository": SHOP, "branch": "side", "commit": second}
    git(shop, "pack-refs", "--all")
    assert facts(tmp_path / "elsewhere")["commit"] == second


def test_a_worktree_of_a_repository_without_remotes_is_called_like_the_repository(tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop", remote=None)
    commit(shop)
    git(shop, "worktree", "add", "-q", "-b", "side", str(tmp_path / "elsewhere"))

    assert facts(tmp_path / "elsewhere")["repository"] == facts(shop)["repository"] == "shop"


def test_a_submodule_is_a_repository_of_its_own(shop: Path, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner")
    made = commit(inner)
    commit(shop)
    git(shop, "submodule", "--quiet", "add", str(inner), "lib/inner")

    assert facts(shop / "lib" / "inner") == {"repository": "inner", "branch": "main", "commit": made}
    assert facts(shop)["repository"] == SHOP


def test_a_working_tree_whose_git_directory_lies_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", "--separate-git-dir", str(tmp_path / "store"))
    made = commit(folder)

    assert facts(folder) == {"repository": "tree", "branch": "main", "commit": made}


def test_a_sha_256_repository(tmp_path: Path) -> None:
    folder = tmp_path / "wide"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    made = commit(folder)

    assert len(made) == 64
    assert facts(folder)["commit"] == made


def test_in_the_middle_of_a_rebase_head_is_detached(shop: Path) -> None:
    (shop / "a").write_text("1")
    git(shop, "add", "a")
    commit(shop)
    git(shop, "switch", "-q", "-c", "side")
    (shop / "a").write_text("2")
    commit(shop, "two", "-a")
    git(shop, "switch", "-q", "main")
    (shop / "a").write_text("3")
    base = commit(shop, "three", "-a")
    with pytest.raises(AssertionError):
        git(shop, "rebase", "main", "side")

    assert facts(shop) == {"repository": SHOP, "commit": base}


def test_every_reading_sees_the_newest_commit(shop: Path) -> None:
    checkouts = Checkouts()
    for number in range(20):
        made = commit(shop, str(number))
        assert checkouts.facts(str(shop))["commit"] == made
    git(shop, "pack-refs", "--all")
    assert checkouts.facts(str(shop))["commit"] == made
    git(shop, "reset", "-q", "--hard", "HEAD~1")
    assert checkouts.facts(str(shop))["commit"] == git(shop, "rev-parse", "HEAD")


def test_what_did_not_change_is_not_read_again(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(shop)
    for file in (shop / ".git").rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    checkouts, opened = Checkouts(), list[str]()
    read = module.read
    monkeypatch.setattr(module, "read", lambda path, limit: opened.append(path) or read(path, limit))
    first = checkouts.facts(str(shop))
    times = len(opened)

    assert checkouts.facts(str(shop)) == first
    assert len(opened) == times > 0


def test_no_repository_no_facts(tmp_path: Path) -> None:
    assert facts(tmp_path) == facts(tmp_path / "not" / "there") == {}
    assert Checkouts().facts("relative/path") == Checkouts().facts("/a\0b") == Checkouts().facts("/\udc00") == {}


def test_a_bare_folder_named_git_is_none(shop: Path) -> None:
    commit(shop)
    (shop / "sub" / ".git").mkdir(parents=True)

    assert facts(shop / "sub")["repository"] == SHOP


@pytest.mark.parametrize(
    "head",
    [
        "",
        "garbage",
        "ref: refs/../../../etc/passwd",
        "ref: HEAD",
        "ref: refs/heads/\x1b[31m",
        "0" * 39,
        "ref: refs/x\n" * 9,
    ],
)
def test_a_head_that_means_nothing_leaves_the_repository(shop: Path, head: str) -> None:
    (shop / ".git/HEAD").write_text(head)

    assert facts(shop) == {"repository": SHOP} or set(facts(shop)) == {"repository", "branch"}


def test_refs_that_lead_in_a_circle_end(shop: Path) -> None:
    (shop / ".git/refs/heads/main").write_text("ref: refs/heads/main\n")

    assert facts(shop) == {"repository": SHOP, "branch": "main"}


def test_pipes_and_large_files_in_git_keep_nobody_waiting(shop: Path) -> None:
    (shop / ".git/HEAD").unlink()
    os.mkfifo(shop / ".git/HEAD")
    (shop / ".git/config").write_bytes(b"#" * (module.CONFIG + 1))

    assert facts(shop) == {"repository": "shop"}


def test_a_git_file_that_leads_nowhere_is_no_repository(shop: Path) -> None:
    (shop / "sub").mkdir()
    (shop / "sub/.git").write_text("gitdir: /nowhere/at/all\n")

    assert facts(shop / "sub") == {}


@pytest.mark.parametrize("place", ["home", "home/shop", "home/shop/src"])
def test_nothing_is_told_of_a_directory_that_is_excluded(shop: Path, place: str) -> None:
    commit(shop)
    (shop / "src").mkdir()
    barred = str(shop.parents[1] / place)
    checkouts = Checkouts(lambda folders: any(f"{folder}/".startswith(f"{barred}/") for folder in folders))

    assert checkouts.facts(str(shop / "src")) == {}


def test_nothing_is_told_of_a_worktree_whose_repository_is_excluded(shop: Path, tmp_path: Path) -> None:
    commit(shop)
    git(shop, "worktree", "add", "-q", "-b", "side", str(tmp_path / "elsewhere"))
    checkouts = Checkouts(lambda folders: any(folder.startswith(str(shop)) for folder in folders))

    assert checkouts.facts(str(tmp_path / "elsewhere")) == {}


def test_git_itself_is_never_started(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = commit(shop)
    (shop / ".git/config").write_text((shop / ".git/config").read_text() + "[core]\n\tfsmonitor = touch /tmp/no\n")
    for name in ("Popen", "run"):
        monkeypatch.setattr(subprocess, name, lambda *words, **more: pytest.fail("a program was started"))
    monkeypatch.setattr(os, "posix_spawn", lambda *words: pytest.fail("a program was started"))

    assert facts(shop)["commit"] == made


# The name of a repository.


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@github.com:acme/shop.git", SHOP),
        ("git@GitHub.com:/acme/shop.git/", SHOP),
        ("https://github.com/acme/shop", SHOP),
        ("https://github.com/acme/shop.git?token=hush#x", SHOP),
        ("https://priya:hush@github.com/acme/shop.git", SHOP),
        ("https://hush@github.com:443/acme/shop.git", SHOP),
        ("ssh://git@github.com:22/acme/shop.git", SHOP),
        ("git+ssh://git@github.com/acme/shop.git", SHOP),
        ("git://github.com/acme/shop.git", SHOP),
        ("oauth2:hush@github.com:acme/shop.git", SHOP),
        ("oauth2:hush@github.com/acme/shop", "shop"),
        ("https://a:hu/sh@github.com/acme/shop", ""),
        ("ssh://git@[2001:db8::1]:22/acme/shop", "[2001:db8::1]/acme/shop"),
        ("[git@github.com:22]:acme/shop", SHOP),
        ("/srv/git/shop.git", "shop"),
        ("../shop.git", "shop"),
        ("file:///home/priya/secret/shop.git/", "shop"),
        (r"C:\work\shop", "shop"),
        ("codecommit::eu-west-1://shop", ""),
        ("", ""),
        ("https://github.com/", ""),
        ("https://github.com/acme/\u202eshop", ""),
        ("https://github.com/" + "x" * 400, ""),
    ],
)
def test_a_remote_is_its_host_and_path_and_nothing_else(url: str, name: str) -> None:
    assert normalized(url) == name


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_address_makes_it_fail_and_no_password_comes_through(before: str, after: str) -> None:
    name = normalized(f"{before}:correcthorsebattery@{after}")

    assert "correcthorsebattery" not in name and name.isprintable()


def test_the_remote_origin_counts_before_others_and_the_first_before_none(shop: Path) -> None:
    git(shop, "remote", "rename", "origin", "upstream")
    assert facts(shop)["repository"] == SHOP
    git(shop, "remote", "add", "origin", "git@gitlab.com:priya/shop.git")

    assert facts(shop)["repository"] == "gitlab.com/priya/shop"


def test_a_repository_without_remotes_has_its_folders_name(tmp_path: Path) -> None:
    assert facts(repository(tmp_path / "plain", remote=None))["repository"] == "plain"


def test_the_configuration_is_read_as_git_reads_it(shop: Path) -> None:
    for number, url in enumerate(("a#b;c", 'with "quotes"', "back\\slash", " blanks ", "https://h/p ; x")):
        git(shop, "config", f"remote.r{number}.url", url)
        git(shop, "config", "--add", f"remote.r{number}.url", "the-second")
    found = urls((shop / ".git/config").read_text())

    for name in ("r0", "r1", "r2", "r4"):
        assert found[name] == git(shop, "config", "--get-all", f"remote.{name}.url").splitlines()[0]


# Capture is never kept waiting.


async def test_a_session_is_where_it_was_when_it_does_not_say(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 10.0)
    made = commit(shop)
    here = Git(lambda _: False)

    assert await here.stands("a1", None) == {}
    assert (await here.stands("a1", str(shop)))["commit"] == made
    assert (await here.stands("a1", None))["commit"] == made
    assert await here.stands("a2", None) == {}


async def test_a_disk_that_does_not_answer_costs_one_hook_a_moment_and_the_next_ones_nothing(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commit(shop)
    answers = threading.Event()
    facts_of = Checkouts.facts

    def hanging(self: Checkouts, folder: str) -> dict[str, str]:
        if folder != str(shop):
            answers.wait()
        return facts_of(self, folder)

    monkeypatch.setattr(Checkouts, "facts", hanging)
    monkeypatch.setattr(module, "HANGS_SECONDS", 0.1)
    before = threading.active_count()
    here = Git(lambda _: False)
    try:
        assert await here.stands("a1", str(tmp_path)) == {}
        began = time.monotonic()
        assert await here.stands("a1", str(tmp_path)) == {}
        assert time.monotonic() - began < module.SECONDS
        monkeypatch.setattr(module, "SECONDS", 10.0)
        assert (await here.stands("a2", str(shop)))["commit"] == made
        monkeypatch.setattr(module, "SECONDS", 0.2)
        for number in range(10):
            await here.stands("a3", str(tmp_path / str(number)))
        assert threading.active_count() - before <= module.STUCK + 1
    finally:
        answers.set()


async def test_many_at_once_are_answered(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 10.0)
    made = commit(shop)
    here = Git(lambda _: False)
    told = await asyncio.gather(*(here.stands(f"a{number}", str(shop)) for number in range(200)))

    assert {one.get("commit") for one in told} == {made}


async def test_a_folder_that_vanished_is_no_reason_to_fail(shop: Path) -> None:
    commit(shop)
    here = Git(lambda _: False)
    await here.stands("a1", str(shop))
    shutil.rmtree(shop)

    assert await here.stands("a1", None) == {}
