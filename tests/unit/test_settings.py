"""Settings: one place that looks at the environment, and private files."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from polaris.errors import Exit, Misconfigured
from polaris.settings import Credential, Settings, is_loopback, read_credentials, save_credential, write_private

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
        ("POLARIS_PUBLIC_URL", "http://polaris.example.com"),
        ("POLARIS_PUBLIC_URL", "https://polaris.example.com/under"),
        ("POLARIS_PUBLIC_URL", "https://me:hush@polaris.example.com"),
        ("POLARIS_PUBLIC_URL", "https://polaris.example.com:port"),
        ("POLARIS_PUBLIC_URL", "polaris.example.com"),
        ("POLARIS_OIDC_ISSUER", "http://id.example.com"),
        ("POLARIS_OIDC_ISSUER", "https://id.example.com/?realm=x"),
        ("POLARIS_OIDC_CLIENT_ID", "polaris"),
        ("POLARIS_OIDC_CLIENT_SECRET", "hush"),
        ("POLARIS_SMTP_URL", "https://u:hush@mail.example.com"),
        ("POLARIS_SMTP_URL", "smtps://u:hush@mail.example.com"),
        ("POLARIS_MAIL_FROM", "Polaris"),
        ("POLARIS_MAIL_FROM", "Polaris polaris@example.com>"),
        ("POLARIS_MAIL_FROM", "p@example.com\nBcc: q@example.com"),
        ("POLARIS_LOCAL_SIGN_IN", "yes"),
        ("POLARIS_SLACK_INGRESS", "pigeon"),
        ("POLARIS_SLACK_KEYS", "hush"),
        ("POLARIS_SLACK_URL", "http://slack.example.com"),
        ("POLARIS_SLACK_CLIENT_ID", "1.2"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_without_being_shown(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=name) as failure:
        Settings.from_env({name: value})

    assert failure.value.exit_code == Exit.CONFIGURATION
    assert "hush" not in str(failure.value)


def test_secrets_do_not_show_in_the_settings() -> None:
    settings = Settings.from_env(
        {"POLARIS_TOKEN": "plr_u_hush", "POLARIS_DATABASE_URL": "postgresql://u:hush@h/d"}
        | {"POLARIS_OIDC_CLIENT_ID": "polaris", "POLARIS_OIDC_CLIENT_SECRET": "hush"}
        | {"POLARIS_SMTP_URL": "smtps://u:hush@mail.example.com", "POLARIS_MAIL_FROM": "polaris@example.com"}
    )

    assert "hush" not in repr(settings)
    assert "plr_u_x" not in repr(MANU)


def test_the_web_is_for_this_machine_with_google_and_without_mail_until_told() -> None:
    settings = Settings.from_env({})

    assert (settings.public_url, settings.oidc_issuer) == (None, "https://accounts.google.com")
    assert (settings.oidc_client_id, settings.oidc_client_secret) == (None, None)
    assert (settings.smtp_url, settings.mail_from, settings.local_sign_in) == (None, None, False)


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://Polaris.example.com/", "https://polaris.example.com"),
        ("https://polaris.example.com:443", "https://polaris.example.com"),
        ("https://polaris.example.com:8443", "https://polaris.example.com:8443"),
        ("http://localhost:4320", "http://localhost:4320"),
        ("http://[::1]:4320", "http://[::1]:4320"),
    ],
)
def test_the_public_url_is_an_origin_as_browsers_write_it(given: str, origin: str) -> None:
    assert Settings.from_env({"POLARIS_PUBLIC_URL": given}).public_url == origin


@pytest.mark.parametrize("issuer", ["https://id.example.com/tenant/", "http://127.0.0.1:9400"])
def test_the_issuer_stays_letter_for_letter(issuer: str) -> None:
    assert Settings.from_env({"POLARIS_OIDC_ISSUER": issuer}).oidc_issuer == issuer


def test_another_process_gets_the_same_web_by_its_environment() -> None:
    settings = Settings.from_env(
        {"POLARIS_PUBLIC_URL": "https://polaris.example.com", "POLARIS_OIDC_ISSUER": "https://id.example.com/"}
        | {"POLARIS_OIDC_CLIENT_ID": "polaris", "POLARIS_OIDC_CLIENT_SECRET": "hush", "POLARIS_LOCAL_SIGN_IN": "1"}
        | {"POLARIS_SMTP_URL": "smtp://u:p%40ss@mail.example.com:587"}
        | {"POLARIS_MAIL_FROM": "Polaris <polaris@example.com>"}
    )

    assert Settings.from_env(settings.web_environment(), home=settings.home) == settings
    assert settings.web_environment()["POLARIS_OIDC_CLIENT_SECRET"] == "hush"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_local_sign_in_is_for_this_machine(host: str) -> None:
    Settings.from_env({"POLARIS_LOCAL_SIGN_IN": "1"}).check_local_sign_in(host)
    Settings.from_env({"POLARIS_PUBLIC_URL": "https://polaris.example.com"}).check_local_sign_in("0.0.0.0")


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("0.0.0.0", {}),
        ("::", {}),
        ("192.168.1.7", {}),
        ("127.0.0.1", {"POLARIS_PUBLIC_URL": "https://polaris.example.com"}),
    ],
)
def test_local_sign_in_is_refused_where_others_can_come(host: str, more: dict[str, str]) -> None:
    settings = Settings.from_env({"POLARIS_LOCAL_SIGN_IN": "1"} | more)

    with pytest.raises(Misconfigured, match="this machine alone") as failure:
        settings.check_local_sign_in(host)

    assert failure.value.code == "local_sign_in_not_local"


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


def test_a_saved_token_is_for_its_own_service_only(tmp_path: Path) -> None:
    settings = Settings.from_env({"POLARIS_HOME": str(tmp_path), "POLARIS_URL": "https://elsewhere.example"})
    save_credential(settings.credentials_file, "local", MANU)

    with pytest.raises(Misconfigured, match="another service") as failure:
        settings.credential()
    assert failure.value.code == "not_signed_in"
    assert settings.replace(url=MANU.url).credential() == MANU


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
    write_private(file, text)

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


def test_a_direct_address_from_the_environment_shows_no_password(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"POLARIS_HOME": str(tmp_path), "POLARIS_URL": "postgresql://manu:hush@127.0.0.1:5433/p"}
    )
    credential = settings.credential()

    assert (settings.url, credential.url) == ("postgresql://manu@127.0.0.1:5433/p",) * 2
    assert credential.token == "postgresql://manu:hush@127.0.0.1:5433/p"
    assert "hush" not in f"{settings!r} {credential!r}"


def test_a_direct_address_without_a_password_finds_its_profile_or_stands_alone(tmp_path: Path) -> None:
    place = "postgresql://manu@127.0.0.1:5432/p"
    settings = Settings.from_env({"POLARIS_HOME": str(tmp_path), "POLARIS_URL": "postgresql://manu@127.0.0.1/p"})
    alone = settings.credential()
    secret = "postgresql://manu:hush@127.0.0.1:5432/p"
    save_credential(settings.credentials_file, "db", Credential(place, "acme", "user:manu", secret))

    assert (alone.url, alone.token, alone.actor) == (place, place, "")
    assert settings.credential() == Credential(place, "acme", "user:manu", secret)


def test_an_agents_own_login_counts_more_than_the_profile_and_a_token_of_the_api_opens_no_database(
    tmp_path: Path,
) -> None:
    settings = Settings.from_env({"POLARIS_HOME": str(tmp_path)})
    place = "postgresql://manu@127.0.0.1:5432/p"
    save_credential(
        settings.credentials_file, "db", Credential(place, "acme", "user:manu", "postgresql://manu:x@127.0.0.1:5432/p")
    )
    agent = settings.replace(token="postgresql://tester:hush@127.0.0.1/p").credential()

    assert (agent.url, agent.actor) == ("postgresql://tester@127.0.0.1:5432/p", "")
    with pytest.raises(Misconfigured) as refused:
        settings.replace(token="plr_u_x").credential()
    assert refused.value.code == "token_is_not_a_login"


def test_an_address_that_would_not_be_encrypted_is_refused_at_once() -> None:
    with pytest.raises(Misconfigured) as refused:
        Settings.from_env({"POLARIS_URL": "postgresql://manu:hush@db.example.com/p"})

    assert refused.value.code == "direct_link_not_encrypted"
    assert "hush" not in str(refused.value)


SLACK = {
    "POLARIS_SLACK_CLIENT_ID": "1.2",
    "POLARIS_SLACK_CLIENT_SECRET": "hush-client",
    "POLARIS_SLACK_SIGNING_SECRET": "hush-signing",
    "POLARIS_SLACK_APP_TOKEN": "xapp-hush",
    "POLARIS_SLACK_INGRESS": "socket",
    "POLARIS_SLACK_KEYS": "ZqUglSzoHDQ9VL22EwnLfD8btFZxjhmI-zhccMqsjO8=, 4q1vH3nmqBR0J7nZkEbxWUbzsAGTtKn7WkU3yMuWIHA=",
    "POLARIS_SLACK_URL": "http://127.0.0.1:8090/",
}


def test_an_app_of_slack_comes_back_from_the_environment_that_it_is_given() -> None:
    settings = Settings.from_env({"POLARIS_HOME": "/h"} | SLACK)

    assert (settings.slack_client_id, settings.slack_app_token) == ("1.2", "xapp-hush")
    assert [len(key) for key in settings.slack_keys] == [44, 44]
    assert (settings.slack_ingress, settings.slack_url) == ("socket", "http://127.0.0.1:8090")
    assert Settings.from_env({"POLARIS_HOME": "/h"} | settings.web_environment()) == settings
    assert "hush" not in repr(settings)
    assert settings.slack_keys[0] not in repr(settings)


@pytest.mark.parametrize(
    ("lacking", "ingress", "named"),
    [
        ("CLIENT_SECRET", "http", "POLARIS_SLACK_CLIENT_SECRET"),
        ("SIGNING_SECRET", "http", "POLARIS_SLACK_SIGNING_SECRET"),
        ("APP_TOKEN", "socket", "POLARIS_SLACK_APP_TOKEN"),
        ("KEYS", "http", "POLARIS_SLACK_KEYS"),
    ],
)
def test_an_app_of_slack_needs_what_its_ingress_needs(lacking: str, ingress: str, named: str) -> None:
    given = {name: value for name, value in SLACK.items() if name != f"POLARIS_SLACK_{lacking}"}

    with pytest.raises(Misconfigured, match=named) as failure:
        Settings.from_env(given | {"POLARIS_SLACK_INGRESS": ingress})

    assert "hush" not in str(failure.value)


def test_the_secret_of_the_other_ingress_is_not_needed() -> None:
    for name, ingress in (("POLARIS_SLACK_APP_TOKEN", "http"), ("POLARIS_SLACK_SIGNING_SECRET", "socket")):
        given = {key: value for key, value in SLACK.items() if key != name}

        assert Settings.from_env(given | {"POLARIS_SLACK_INGRESS": ingress}).slack_client_id == "1.2"
