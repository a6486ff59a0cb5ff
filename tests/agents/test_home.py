"""One command puts Polaris into an agent, another takes it out: the user's own files are then what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import install
import pytest
from place import Floor, replied
from stub_llm import Stub, Turn
from user import User

# `claude mcp add` and `remove` keep copies of their own.
CLAUDES_OWN = ".claude/backups/"


def files(user: User) -> Mapping[str, bytes]:
    return {name: content for name, content in user.files().items() if not name.startswith(CLAUDES_OWN)}


def ours(user: User) -> list[str]:
    """The files of the HOME that an agent reads and that start something of Polaris."""
    read = (".claude/settings.json", ".claude.json", ".claude/skills", ".codex/config.toml", ".codex/hooks.json")
    read += (".codex/skills", ".gemini/settings.json", ".gemini/commands", ".config/opencode")
    return [name for name, content in user.files().items() if name.startswith(read) and b".polaris/bin" in content]


@pytest.mark.parametrize("agent", install.PINS)
def test_login_and_logout_leave_the_home_byte_for_byte_as_it_was(
    somebody: Callable[[str], User], floor: Floor, agent: str
) -> None:
    user = somebody(agent)
    before = files(user)

    planned = user.polaris("login", floor.url, "--with-token", "--dry-run", stdin=floor.token)
    assert files(user) == before, "a plan changes nothing"
    user.login()
    installed = files(user)
    assert ours(user)
    assert all(
        f"~/{name}" in planned.stdout + planned.stderr for name in installed if installed[name] != before.get(name)
    )
    user.login()
    assert files(user) == installed, "a second time changes nothing"
    done = user.polaris("logout")

    assert done.returncode == 0, done.stdout + done.stderr
    assert files(user) == before
    assert user.processes() == {}


def test_claude_code_taken_out_after_it_was_used_keeps_what_it_wrote_itself(
    somebody: Callable[[str], User], floor: Floor, stub: Stub
) -> None:
    user = somebody("claude")
    settings = user.files()[".claude/settings.json"]
    user.login()
    assert user.run("-p", "/polaris join pj fxm").returncode == 0
    stub.scripts["main"] = [Turn("All is well.")]
    assert user.run("-p", "--continue", "STUB:main please").returncode == 0
    assert replied(floor, "All is well.")()
    before = user.files()[".claude.json"]

    done = user.polaris("uninstall", "--agent", "claude-code")

    assert done.returncode == 0, done.stdout + done.stderr
    assert user.files()[".claude/settings.json"] == settings
    assert ours(user) == []
    after = user.files()[".claude.json"]
    assert b'"mine"' in after
    assert len(after) < len(before)
    stub.scripts["after"] = [Turn("Nobody hears this.")]
    assert user.run("-p", "--continue", "STUB:after please").returncode == 0
    assert "Nobody hears this." not in floor.bodies()
