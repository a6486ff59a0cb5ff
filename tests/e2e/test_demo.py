"""`polaris demo`: the main job on real input, Slack's side of it, and nothing left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from machine import Machine

from polaris import demo_workspace
from polaris.demo_slack import FakeSlack
from polaris.demo_stage import DemoFailed
from polaris.demo_workspace import TEAM, Workspace, workspace

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# The log of the document that the project was born from, line by line; a plus stands for lines in between.
STORY = """
[user:manu/fxm → agent] "Let's implement the auth middleware"
[agent → user:manu/fxm] "I'll create src/middleware/auth.ts..."
[agent:security-reviewer → fxm] "This auth endpoint needs rate limiting"
[user:krishna/fxk → agent] "Set up the database schema for users"
[agent → user:krishna/fxk] "Creating migrations/001_users.sql..."
[user:priya → fxk] "Remember we need GDPR compliance on the users table"
[agent → user:krishna/fxk] "Good point from Priya. Adding data retention fields..."
[agent → user:manu/fxm] "Adding rate limiting middleware..."
[agent:test-writer/tests → agent] "Writing integration tests for auth middleware"
[agent → agent:test-writer/tests] "Created tests/auth.test.ts..."
[user:manu/fxm → agent] "What has Krishna done on fxk so far?"
[agent → user:manu/fxm] "Krishna has set up the users schema with GDPR fields..."
""".strip().splitlines()

# What the channel has of it: a message of the app, one in a thread, one of a person with what became of it.
CHANNEL = """
  manu APP  [user:manu/fxm → agent] Let's implement the auth middleware
      Claude Code · fxm APP  [agent → user:manu/fxm] I'll create src/middleware/auth.ts...
      Claude Code · fxm APP  [agent of user:manu/fxm] 🔧 1 call · newest: Write src/middleware/auth.ts
  agent:security-reviewer APP  [agent:security-reviewer → fxm] This auth endpoint needs rate limiting ✅
  krishna APP  [user:krishna/fxk → agent] Set up the database schema for users
      Claude Code · fxk APP  [agent → user:krishna/fxk] Creating migrations/001_users.sql...
      Claude Code · fxk APP  [agent of user:krishna/fxk] 🔧 1 call · newest: Write migrations/001_users.sql
  priya  @fxk Remember we need GDPR compliance on the users table ✅
  Claude Code · fxk APP  [agent → user:krishna/fxk] Good point from Priya. Adding data retention fields...
""".strip("\n").splitlines()


def test_the_story_is_told_counted_and_leaves_nothing(machine: Machine, tmp_path: Path) -> None:
    machine.environment["TMPDIR"] = str(machine.home)

    told = machine.run("demo", seconds=150)

    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert [line for line in lines if line in STORY] == STORY
    back = told.stdout[told.stdout.index("What has Krishna done on fxk so far? (") :]
    assert re.search(r"^  #\d+–#\d+ drove fxk from .* \(epoch 1\), released$", back, re.MULTILINE)
    assert re.search(r"^  #\d+ user:krishna asked: Set up the database schema for users$", back, re.MULTILINE)
    assert re.search(r"^  #\d+ reply in fxk: .*»data retention«", back, re.MULTILINE)
    figures = dict(re.findall(r"^  (\S.*?)  +(\S.*)$", told.stdout, re.MULTILINE))
    assert (figures["gaps"], figures["doubles"], figures["advice"]) == ("0", "0", "2 given, 2 answered")
    assert re.fullmatch(r"p50 [\d.]+ ms, p99 [\d.]+ ms \(\d+ events\)", figures["capture → subscriber"])
    assert lines[0].startswith("Slack is a stand-in on this machine.")
    assert [line for line in lines if line in CHANNEL] == CHANNEL
    assert (figures["lost in Slack"], figures["doubles in Slack"]) == ("0", "0")
    assert figures["advice from Slack"] == "1 given, 1 answered"
    assert re.fullmatch(r"\d+, one a second at most", figures["posts in Slack"])
    assert re.fullmatch(r"p50 [\d.]+ s; .* \d+ ms \(25 events\)", figures["event → Slack"])
    assert list(machine.home.iterdir()) == []
    assert machine.processes() == {}


RECORD = [
    {"kind": "prompt", "actor": "user:manu", "speaker": "person", "session": "fxm", "body": "Go on"},
    {"kind": "reply", "actor": "user:manu", "speaker": "agent", "session": "fxm", "body": "It's done"},
    {"kind": "advice", "actor": "user:priya", "speaker": "person", "session": "fxm", "body": "Use RS256"},
]
PROMPT, REPLY = "*[user:manu/fxm → agent]* Go on", "*[agent → user:manu/fxm]* It's\u200b done"


async def in_slack(here: Workspace, *texts: str, reaction: str = "white_check_mark") -> None:
    """A channel in which the app said *texts*, and priya gave her advice."""
    slack: FakeSlack = here.slack
    token, channel = slack.bot(TEAM), slack.channel(TEAM, "pj")
    ts = await slack.say(TEAM, channel, "U3", "@fxm Use RS256", wait=False)
    slack.answer("reactions.add", {"channel": channel, "timestamp": ts, "name": reaction}, token)
    for text in texts:
        slack.answer("chat.postMessage", {"channel": channel, "text": text}, token)


async def test_a_channel_that_has_everything_is_complete() -> None:
    async with workspace(print) as here:
        await in_slack(here, f"{PROMPT}\n{REPLY}")

        await here.complete(RECORD)

        assert list(here.lines(colour=False))[-2:] == [
            "polaris APP  [user:manu/fxm → agent] Go on",
            "  [agent → user:manu/fxm] It's done",
        ]


@pytest.mark.parametrize(
    ("said", "fails"),
    [
        ((PROMPT,), r"Not in Slack .*\[agent → user:manu/fxm\] It's done"),
        ((REPLY, PROMPT), "in another order"),
        ((PROMPT, REPLY, REPLY), "In Slack twice, or never said: .*It's done"),
        ((PROMPT, REPLY, "*[agent → user:manu/fxm]* Nobody said this"), "never said: .*Nobody said this"),
    ],
)
async def test_what_slack_lacks_or_has_twice_ends_the_demo(
    said: tuple[str, ...], fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_workspace, "PATIENCE_SECONDS", 0.2)
    async with workspace(print) as here:
        await in_slack(here, *said)
        with pytest.raises(DemoFailed, match=fails):
            await here.complete(RECORD)


async def test_advice_that_nobody_answers_ends_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_workspace, "PATIENCE_SECONDS", 0.2)
    async with workspace(print) as here:
        await in_slack(here, PROMPT, REPLY, reaction="eyes")
        with pytest.raises(DemoFailed, match=r"Not in Slack .*Use RS256"):
            await here.complete(RECORD)
