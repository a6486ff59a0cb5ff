"""polaris_data.redact_prefixes: secrets that a provider's prefix gives away, in what direct clients push."""

import hmac
import json
from typing import Any

import pytest

KEY = b"the organization's key"
LINES = ["MIIEow" + "A" * 58, "IBAAKC" + "B" * 58, "C" * 40]
PEM = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *LINES, "-----END RSA PRIVATE KEY-----"])
SECRETS = {
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "github": "ghp_" + "a1B2" * 9,
    "gitlab": "glpat-" + "x" * 20,
    "slack": "xoxb-" + "123456789012-abcdef",
    "anthropic": "sk-ant-" + "api03-" + "x" * 20,
    "openai": "sk-" + "proj-" + "x" * 40,
    "stripe": "sk_live_" + "x" * 24,
    "google": "AIza" + "x" * 35,
    "npm": "npm_" + "x" * 36,
    "pypi": "pypi-" + "x" * 60,
    "sendgrid": "SG." + "x" * 22 + "." + "y" * 43,
    "polaris": "plr_u_" + "x" * 49,
    "jwt": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0In0" + "." + "s" * 43,
    "pem": PEM,
}


@pytest.fixture
def redact(inner: Any) -> Any:
    return lambda text: inner("redact_prefixes", KEY, text)


def placeholder(rule: str, secret: str) -> str:
    return f"[REDACTED:{rule}:{hmac.new(KEY, secret.encode(), 'sha256').hexdigest()[:8]}]"


@pytest.mark.parametrize(("rule", "secret"), SECRETS.items())
def test_a_secret_is_replaced_by_its_rule_and_hash(redact: Any, rule: str, secret: str) -> None:
    for around in ("{}", "token: {}.", "'{}'", "a\n{}\nb", "\t{}", "KEY={}", '{{"k": "{}"}}', "({})"):
        assert redact(around.format(secret)) == around.format(placeholder(rule, secret))


@pytest.mark.parametrize(("rule", "secret"), [(r, s) for r, s in SECRETS.items() if r != "pem"])
def test_in_json_text_too_whatever_escape_stands_before_it(redact: Any, rule: str, secret: str) -> None:
    for before in ("\n", "\t", "\r\n", '"', "\\", "\x1b[32m", "/"):
        text = redact(json.dumps({"out": f"x{before}{secret} y"}))

        assert secret not in text
        assert json.loads(text) == {"out": f"x{before}{placeholder(rule, secret)} y"}


def test_the_same_secret_has_the_same_hash_and_two_have_two(redact: Any) -> None:
    one, two = "ghp_" + "a" * 36, "ghp_" + "b" * 36
    text = redact(f"{one} {two} {one}")

    assert text == " ".join(placeholder("github", secret) for secret in (one, two, one))


def test_two_private_keys_leave_what_is_between_them(redact: Any) -> None:
    text = redact(f"{PEM} between {PEM.replace('MII', 'XII')}")

    assert text.split(" between ")[0] == placeholder("pem", PEM)
    assert text.count("[REDACTED:pem:") == 2


@pytest.mark.parametrize("length", [96, 97, 120, 170])
def test_a_key_that_was_cut_off_is_redacted_to_its_end(redact: Any, length: int) -> None:
    cut = PEM[:length]

    assert redact(f"see {cut}") == f"see {placeholder('pem', cut)}"
    assert "MIIEow" not in redact(json.dumps({"out": cut}))


def test_who_only_speaks_of_keys_is_left_alone(redact: Any) -> None:
    text = "grep for -----BEGIN PRIVATE KEY----- in all files"

    assert redact(text) == text


def test_pieces_of_a_key_in_different_strings_leave_the_json_whole(redact: Any) -> None:
    payload = {"a": ["-----BEGIN PRIVATE KEY-----"], "b": {"c": "-----END PRIVATE KEY-----"}, "d": PEM}
    kept = json.loads(redact(json.dumps(payload)))

    assert kept.keys() == payload.keys()
    assert kept["b"] == payload["b"]
    assert "MIIEow" not in kept["d"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "a commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "task-list-of-things-to-do-tomorrow-morning",
        "risk-assessment-of-the-whole-project-plan",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "the prefix ghp_ alone, sk- alone, AKIA alone, npm_install",
        "eyJ.eyJ.x",
    ],
)
def test_what_is_no_secret_stays(redact: Any, text: str | None) -> None:
    assert redact(text) == text


def test_doing_it_again_changes_nothing(redact: Any) -> None:
    once = redact(" ".join(SECRETS.values()))

    assert redact(once) == once
