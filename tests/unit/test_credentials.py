"""Profiles in credentials.json: private, whole at any moment, and overruled by what the environment says."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from polaris import credentials
from polaris.errors import Misconfigured
from polaris.settings import Credential, Settings, write_private

MANU = Credential("http://127.0.0.1:4320", "acme", "user:manu", "secret-of-manu")
WORK = Credential("https://polaris.example", "work", "user:m", "secret-of-work")


def test_a_saved_profile_is_found_again_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "home" / "credentials.json"
    credentials.save(file, "local", MANU)

    assert credentials.find(file) == MANU
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_folder_that_others_can_read_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    credentials.save(tmp_path / "credentials.json", "local", MANU)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_reach_is_refused_and_stays_as_it_is(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "credentials.json"
    credentials.save(file, "local", MANU)
    before = file.read_text()
    file.chmod(mode)

    for use in (
        lambda: credentials.find(file),
        lambda: credentials.names(file),
        lambda: credentials.remove(file, "local"),
        lambda: credentials.save(file, "work", WORK),
        lambda: Settings(home=tmp_path).credential(),
    ):
        with pytest.raises(Misconfigured, match=r"chmod 600|can be read by others") as refused:
            use()
        assert refused.value.code == "credentials_not_private"
        assert "secret" not in f"{refused.value} {refused.value.hint}"
    assert file.read_text() == before


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "credentials.json"
    credentials.save(file, "local", MANU)
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)

    with pytest.raises(Misconfigured, match="belongs to another user") as refused:
        credentials.find(file)
    assert refused.value.code == "credentials_not_private"


def test_the_default_comes_first_and_moves_when_it_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    credentials.save(file, "local", MANU)
    credentials.save(file, "work", WORK)

    assert credentials.names(file) == ["work", "local"]
    assert credentials.find(file) == WORK
    assert credentials.remove(file, "work")
    assert credentials.find(file) == MANU
    assert not credentials.remove(file, "work")
    assert credentials.remove(file, "local")
    assert not file.exists()


def test_a_profile_that_lacks_a_part_is_named(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    write_private(file, json.dumps({"default": "local", "profiles": {"local": {"url": "http://x"}}}))

    with pytest.raises(Misconfigured, match="'local'"):
        credentials.find(file)


def test_the_environment_overrules_the_profile_and_an_own_token_overrules_both(tmp_path: Path) -> None:
    credentials.save(tmp_path / "credentials.json", "local", MANU)
    saved = Settings(home=tmp_path)
    told = Settings(home=tmp_path, url="http://elsewhere", token="from-the-environment")

    assert credentials.acting(saved) == MANU
    assert credentials.acting(told) == Credential("http://elsewhere", "", "", "from-the-environment")
    assert credentials.acting(told, None, "an-agents-own").token == "an-agents-own"
    assert credentials.acting(saved, "local", "an-agents-own") == Credential(MANU.url, "", "", "an-agents-own")


def test_nobody_is_told_apart_from_a_missing_profile(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as nobody:
        credentials.acting(Settings(home=tmp_path))
    with pytest.raises(Misconfigured, match="'other'"):
        credentials.acting(Settings(home=tmp_path), "other")

    assert nobody.value.code == "not_signed_in"


def test_a_token_appears_in_no_text(tmp_path: Path) -> None:
    assert "secret" not in repr(MANU)
    assert "secret" not in str(Settings(home=tmp_path, token="secret"))
