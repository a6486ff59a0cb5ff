"""What must never happen on a command line: guessed types, half-done work, tracebacks, a REPL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_sample import Sample

from polaris.command import run as run_command

SAMPLE = [sys.executable, str(Path(__file__).with_name("command_sample.py"))]
WORDS = ["123", "1e5", "true", "True", "None", "0x10", "1_000", "[a,b]", "{a:1}", "(1,2)", "1.0", '"x"', "a-b", "it's"]
WRONG = [
    ("join", "p", "s", "--unknown", "1"),
    ("join", "p", "s", "--forc"),
    ("join", "p", "s", "-f"),
    ("join", "p", "s", "--no-limit"),
    ("join", "p", "s", "extra"),
    ("join", "p", "s", "_work"),
    ("join", "p", "s", "__class__"),
    ("join", "p"),
    ("nope",),
    ("__init__",),
    ("__class__", "__mro__"),
    ("join", "p", "s", "--limit=x"),
    ("join", "p", "s", "--limit=1e3"),
    ("join", "p", "s", "--limit"),
    ("join", "p", "s", "--limit", "--force"),
    ("join", "p", "s", "--wait=nan"),
    ("join", "p", "s", "--force=s"),
    ("join", "p", "s", "--", "--interactive"),
    ("join", "p", "s", "--", "--", "--interactive"),
    ("join", "--session"),
    ("join", "p", "a\x1fb"),
    ("db",),
    ("db", "nope"),
    ("status", "x", "y"),
    ("need",),
    ("--", "status"),
]


class Ran:
    def __init__(self, returncode: int, stdout: str, stderr: str) -> None:
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the sample in this process; the tests of signals and pipes start a real one."""

    def inner(*words: str) -> Ran:
        code = run_command(Sample(), words, version="0.1.0")
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return inner


@pytest.mark.parametrize("word", [*WORDS, "-", "-1", "keys", "upper", "status"])
def test_a_value_is_never_guessed(run: Any, word: str) -> None:
    result = run("join", "p", word, "--json")

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["session"] == word


@pytest.mark.parametrize("word", ["--force", "-x", "--", "--help", "-h", "plain"])
def test_what_stands_after_two_dashes_is_a_value(run: Any, word: str) -> None:
    result = run("join", "p", "--json", "--", word)

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["session"] == word


@pytest.mark.parametrize("word", [*WORDS, "-", "-1", "keys"])
def test_a_command_may_take_any_number_of_words(run: Any, word: str) -> None:
    several = run("say", "a", word, "--loud", "b", "--json", "--", "--not-a-flag")

    assert several.returncode == 0, several.stderr
    assert json.loads(several.stdout) == {"words": ["a", word, "b", "--not-a-flag"], "loud": True}
    assert json.loads(run("say", "--json").stdout)["words"] == []
    assert run("say", "--words=x").returncode == 2
    assert "say [WORDS …] [--loud]" in run("say", "--help").stdout


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_word_stops_before_anything_happens(run: Any, words: tuple[str, ...]) -> None:
    result = run(*words)

    assert result.returncode == 2, result.stdout
    assert result.stdout == ""
    assert result.stderr.startswith("polaris: ")
    assert "SIDE EFFECT" not in result.stderr
    assert "capitalize" not in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("join", "p"), "SESSION is missing."),
        (("need",), "--name is missing."),
        (("join", "p", "s", "--forse"), "--forse is not understood here. Did you mean --force?"),
        (("joim", "p", "s"), "'joim' is not understood here. Did you mean join?"),
        (("join", "p", "s", "--limit"), "--limit needs a value."),
        (("join", "p", "s", "--limit=x"), "'x' is not a whole number."),
        (("join", "p", "s", "-f"), "'-f' is not understood here; flags are written out, as in --json."),
        (("db",), "A command is missing."),
    ],
)
def test_a_wrong_word_is_named(run: Any, words: tuple[str, ...], sentence: str) -> None:
    assert run(*words).stderr.startswith(f"polaris: {sentence}\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("p", "s", "--force", "--limit=7"), {"force": True, "limit": 7}),
        (("p", "s", "--limit", "7"), {"limit": 7}),
        (("p", "s", "--limit=-7"), {"limit": -7}),
        (("p", "--force", "s"), {"force": True, "session": "s"}),
        (("p", "s", "--force=false"), {"force": False}),
        (("p", "s", "--no-follow"), {"follow": False}),
        (("p", "s", "--no-force"), {"force": False}),
        (("p", "s", "--wait=0.25"), {"wait": 0.25}),
        (("--session=s", "--project=p"), {"project": "p", "session": "s"}),
        (("--session", "s", "--project", "p"), {"project": "p", "session": "s"}),
        (("p", "--session=--odd"), {"session": "--odd"}),
        (("p", "--session="), {"session": ""}),
    ],
)
def test_flags_are_read_by_their_annotations(run: Any, words: tuple[str, ...], expected: dict[str, Any]) -> None:
    result = run("join", *words, "--json")

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout).items() >= expected.items()


def test_dashes_and_underscores_name_the_same(run: Any) -> None:
    assert run("db", "migrate", "--dry-run").stderr == "migrating dry_run=True\n"
    assert run("db", "migrate", "--dry_run").stderr == "migrating dry_run=True\n"
    assert run("login-role", "create", "user:manu").stdout == "made user:manu\n"


def test_a_result_is_lines_for_people_and_json_when_asked(run: Any) -> None:
    assert run("status", "é").stdout == "session é\n"
    assert json.loads(run("status", "é", "--json").stdout) == {"session": "é"}


def test_help_goes_to_stdout_without_side_effects(run: Any) -> None:
    for words in ((), ("--help",), ("-h",), ("join", "--help"), ("join", "p", "s", "--help"), ("db", "--help")):
        result = run(*words)

        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.strip()
    assert "[--no-follow] [--limit=5]" in run("join", "--help").stdout
    assert "login-role …" in run().stdout
    assert "More about it." in run("status", "--help").stdout


def test_the_version_is_told(run: Any) -> None:
    assert run("--version").stdout == "polaris 0.1.0\n"


def test_a_failure_has_a_sentence_a_hint_and_an_exit_code(run: Any) -> None:
    result = run("broken")

    assert (result.returncode, result.stdout) == (69, "")
    assert result.stderr == "polaris: The daemon does not answer.\nRun: polaris daemon\n"


def test_a_command_can_answer_and_still_fail(run: Any) -> None:
    result = run("code")

    assert (result.returncode, result.stdout) == (69, "partly\n")


def test_a_bug_is_a_sentence_without_secrets(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("bug")

    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "hush" not in result.stderr
    monkeypatch.setenv("POLARIS_LOG_LEVEL", "debug")
    told = run("bug").stderr
    assert "Traceback" in told
    assert "hush" not in told


def test_an_interrupt_ends_quietly_with_130() -> None:
    with subprocess.Popen([*SAMPLE, "wait"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline() == "waiting\n"

        process.send_signal(signal.SIGINT)

        assert process.wait(10) == 130
        assert process.stderr.read() == ""


def test_a_reader_that_leaves_ends_it_quietly_with_141() -> None:
    with subprocess.Popen([*SAMPLE, "much"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"line\n"

        process.stdout.close()

        assert process.wait(10) == 141
        assert process.stderr.read() == b""
