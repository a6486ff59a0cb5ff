"""Settings: one place that looks at the environment, and private files."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from polaris.errors import Exit, Misconfigured
from polaris.settings import Credential, Settings, read_credentials, save_credential, write_private

MANU = Credential("http://127.0.0.1:4320", "local", "user:manu", "plr_u_x")


def test_the_defaults_need_nothing() -> None:
    settings = Settings.from_env({"HOME": "/home/manu"})

    assert settings.home == Path("/home/manu/.polaris")
    assert (settings.port, settings.lease_seconds, settings.log_level) == (4321, 60, "info")
    assert (settings.database_url, settings.url, settings.token, settings.profile) == (None, None, None, None)


def test_the_environment_and_then_overrides_win() -> None:
    settings = Settings.from_env(
        {"POLARIS_HOME": "/h", "POLARIS_PORT": "5000", "POLARIS_URL": "http://x/", "POLARIS_LOG_LEVEL": "DEBUG"},
        port=0,
        home=None,
    )

    assert (settings.home, settings.port, settings.url, settings.log_level) == (Path("/h"), 0, "http://x", "debug")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLARIS_PORT", "x"),
        ("POLARIS_PORT", "70000"),
        ("POLARIS_PORT", "-1"),
        ("POLARIS_LEASE_SECONDS", "1"),
        ("POLARIS_LEASE_SECONDS", "1.5"),
        ("POLARIS_LOG_LEVEL", "loud"),
        ("POLARIS_URL", "ftp://x"),
        ("POLARIS_DATABASE_URL", "mysql://u:hush@x"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_without_being_shown(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=name) as failure:
        Settings.from_env({name: value})

    assert failure.value.exit_code == Exit.CONFIGURATION
    assert "hush" not in str(failure.value)


def test_secrets_do_not_show_in_the_settings() -> None:
    settings = Settings.from_env({"POLARIS_TOKEN": "plr_u_hush", "POLARIS_DATABASE_URL": "postgresql://u:hush@h/d"})

    assert "hush" not in repr(settings)
    assert "plr_u_x" not in repr(MANU)


def test_saved_credentials_are_private_and_leave_the_others_alone(tmp_path: Path) -> None:
    settings = Settings.from_env({"POLARIS_HOME": str(tmp_path / "home")})
    save_credential(settings.credentials_file, "local", MANU)
    save_credential(settings.credentials_file, "work", Credential("https://w", "acme", "user:m", "t"), default=False)

    assert settings.credential() == MANU
    assert settings.replace(profile="work").credential().org == "acme"
    assert stat.S_IMODE(settings.credentials_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700


def test_a_token_of_the_environment_is_somebody_else(tmp_path: Path) -> None:
    settings = Settings.from_env({"POLARIS_HOME": str(tmp_path), "POLARIS_TOKEN": "plr_a_y"})
    save_credential(settings.credentials_file, "local", MANU)

    assert settings.credential() == Credential(MANU.url, "", "", "plr_a_y")


def test_who_is_not_signed_in_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not signed in") as failure:
        Settings.from_env({"POLARIS_HOME": str(tmp_path)}).credential()

    assert "polaris up" in str(failure.value.hint)


def test_a_profile_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no profile 'nope'"):
        Settings.from_env({"POLARIS_HOME": str(tmp_path), "POLARIS_PROFILE": "nope"}).credential()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"profiles": 7}'])
def test_a_broken_credentials_file_is_named_and_kept(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(text)

    with pytest.raises(Misconfigured, match=r"credentials\.json"):
        read_credentials(file)
    with pytest.raises(Misconfigured):
        save_credential(file, "local", MANU)
    assert file.read_text() == text


def test_a_private_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    write_private(file, "one")
    write_private(file, json.dumps("two"))

    assert file.read_text() == '"two"'
    assert [path.name for path in file.parent.iterdir()] == ["file"]
