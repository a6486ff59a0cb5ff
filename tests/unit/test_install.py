"""Polaris in and out of real files: what was there stays byte for byte, comes back byte for byte, and is said first."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from polaris import install
from polaris.errors import Misconfigured
from polaris.install import files, jsonc, machine, planning
from polaris.settings import Settings

AGENTS = ["claude-code", "codex", "gemini-cli", "opencode", "cursor", "windsurf", "claude-desktop"]
FOLDERS = {
    "claude-code": ".claude",
    "codex": ".codex",
    "gemini-cli": ".gemini",
    "opencode": ".config/opencode",
    "cursor": ".cursor",
    "windsurf": ".codeium/windsurf",
    "claude-desktop": ".config/Claude",
}
# Each agent's file of settings that has to be merged, and a place in it for what a user might have there.
JSON_FILES = {
    "claude-code": [".claude/settings.json", ".claude.json"],
    "codex": [".codex/hooks.json"],
    "gemini-cli": [".gemini/settings.json"],
    "opencode": [".config/opencode/opencode.json"],
    "cursor": [".cursor/hooks.json", ".cursor/mcp.json"],
    "windsurf": [".codeium/windsurf/hooks.json", ".codeium/windsurf/mcp_config.json"],
    "claude-desktop": [".config/Claude/claude_desktop_config.json"],
}
USERS = {
    "empty": b"",
    "blank": b" \n\n",
    "only a mark": b"\xef\xbb\xbf",
    "object": b"{}",
    "object with a line": b"{\n}\n",
    "object with blanks": b"{ \t }",
    "plain": b'{\n  "model": "opus",\n  "env": {"A": "1"}\n}\n',
    "no end of line": b'{\n  "model": "opus"\n}',
    "one line": b'{"model": "opus", "hooks": {}, "mcpServers": {}}',
    "comments": b"""// mine
{
  // which
  "model": "opus", // the best
  /* more
     of it */
  "x": [1, 2 /* two */],
}
""",
    "only a comment": b"{\n  // nothing yet\n}\n",
    "commas": b'{\n  "a": [1, 2,],\n  "hooks": {\n  },\n}\n',
    "crlf": b'{\r\n  "model": "opus",\r\n  "hooks": {\r\n  }\r\n}\r\n',
    "mark": b'\xef\xbb\xbf{\n  "model": "opus"\n}\n',
    "tabs": b'{\n\t"model": "opus",\n\t"mcp": {\n\t}\n}\n',
    "unicode": '{\n  "näme": "✓ \U0001f600",\n  "esc": "\\u00e9\\/"\n}\n'.encode(),
    "odd": b'{ "a" :1 ,\n\n   "b":  [ ] ,"c": {"d" :{ }}}\n\n\n',
    "double keys": b'{"a": 1, "a": 2, "hooks": {}, "hooks": {}}',
    "numbers": b'{"big": 12345678901234567890, "small": 1e-300, "one": 1.0}\n',
    "servers": b'{\n    "mcpServers": {\n        "other": {"command": "x"}\n    },\n    "mcp": {"other": {}}\n}\n',
    "hooks": b"""{
  "version": 1,
  "hooks": {
    "Stop": [
      {"matcher": "", "hooks": [{"type": "command", "command": "~/mine.sh"}]}, // mine
    ],
    "stop": [{"command": "./mine"}],
    "PreToolUse": [],
  },
  "statusLine": {"type": "command", "command": "~/.claude/line.sh", "padding": 1},
}
""",
    "large": json.dumps({f"key {n}": {"text": "x" * 50, "list": [n]} for n in range(400)}, indent=2).encode(),
}


class Machine:
    """A home folder of somebody who has some agents."""

    def __init__(self, root: Path) -> None:
        self.home, self.bin = root / "home of somebody", root / "programs"
        self.home.mkdir()
        self.bin.mkdir()
        self.environ = {"HOME": str(self.home), "PATH": f"{self.bin}:/usr/bin:/bin"}
        self.settings = Settings(home=self.home / ".polaris")

    def has(self, *agents: str) -> None:
        for agent in agents:
            (self.home / FOLDERS[agent]).mkdir(parents=True, exist_ok=True)

    def program(self, name: str, text: str = "echo 2.1.330", interpreter: str = "/bin/sh") -> Path:
        file = self.bin / name
        file.write_text(f"#!{interpreter}\n{text}\n")
        file.chmod(0o755)
        return file

    def write(self, name: str, data: bytes | str) -> Path:
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        return file

    def read(self, name: str) -> Any:
        return json.loads((self.home / name).read_bytes())

    def read_commented(self, name: str) -> Any:
        return jsonc.parse((self.home / name).read_text()).value

    def plan(self, agent: str | None = None) -> install.Plan:
        return install.plan(self.settings, agent=agent, environ=self.environ)

    def install(self, agent: str | None = None) -> install.Plan:
        made = self.plan(agent)
        made.carry_out()
        return made

    def uninstall(self, agent: str | None = None) -> install.Plan:
        made = install.plan_removal(self.settings, agent=agent, environ=self.environ)
        made.carry_out()
        return made

    def everything(self) -> dict[str, tuple[str, int, str]]:
        """Every name below the home: its kind, its mode, its content."""
        found = {}
        for path in sorted(self.home.rglob("*")):
            about = path.lstat()
            link = os.readlink(path) if path.is_symlink() else ""
            data = path.read_bytes() if path.is_file() else b""
            name = str(path.relative_to(self.home))
            found[name] = (link, stat.S_IMODE(about.st_mode), hashlib.sha256(data).hexdigest())
        return found

    def hooks(self, name: str, event: str) -> list[Any]:
        return [handler for group in self.read(name)["hooks"].get(event, []) for handler in group["hooks"]]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(machine, "USUAL", ())
    return Machine(tmp_path)


class TestRoundTrip:
    @pytest.mark.parametrize("text", USERS.values(), ids=USERS.keys())
    @pytest.mark.parametrize("agent", AGENTS)
    def test_what_the_user_had_comes_back_byte_for_byte(self, user: Machine, agent: str, text: bytes) -> None:
        user.has(agent)
        for name in JSON_FILES[agent]:
            user.write(name, text)
        before = user.everything()
        done = user.install(agent)

        assert done.refused == []
        assert user.everything() != before
        assert not user.plan(agent)
        assert user.uninstall().refused == []
        assert user.everything() == before

    @pytest.mark.parametrize("text", USERS.values(), ids=USERS.keys())
    @pytest.mark.parametrize("agent", AGENTS)
    def test_after_an_edit_of_the_user_only_ours_goes(self, user: Machine, agent: str, text: bytes) -> None:
        if not text.strip(b"\xef\xbb\xbf \n"):
            return
        user.has(agent)
        for name in JSON_FILES[agent]:
            user.write(name, text)
        user.install(agent)
        for name in JSON_FILES[agent]:
            file = user.home / name
            file.write_bytes(file.read_bytes() + b"\n// edited\n")
        user.uninstall(agent)

        for name in JSON_FILES[agent]:
            assert (user.home / name).read_bytes() == text + b"\n// edited\n"

    @pytest.mark.parametrize("text", USERS.values(), ids=USERS.keys())
    @pytest.mark.parametrize("agent", AGENTS)
    def test_without_a_record_ours_is_found_by_what_it_runs(self, user: Machine, agent: str, text: bytes) -> None:
        """Also the way of a settings file that came from another machine."""
        user.has(agent)
        for name in JSON_FILES[agent]:
            user.write(name, text)
        user.install(agent)
        (user.home / ".polaris/installed.json").unlink()
        user.uninstall(agent)

        for name in JSON_FILES[agent]:
            left = (user.home / name).read_bytes() if (user.home / name).exists() else b""
            assert b"capture.sh" not in left
            assert b"bin/polaris" not in left
            assert b"statusline.sh" not in left

    def test_everything_at_once_in_a_home_with_nothing(self, user: Machine) -> None:
        user.has(*AGENTS)
        before = user.everything()
        user.install()

        assert user.uninstall().refused == []
        assert user.everything() == before

    def test_a_program_alone_is_enough_and_its_folder_goes_again(self, user: Machine) -> None:
        user.program("claude")
        user.install()

        assert (user.home / ".claude/settings.json").exists()
        user.uninstall()
        assert list(user.home.iterdir()) == []

    def test_one_agent_goes_and_the_others_keep_what_they_start(self, user: Machine) -> None:
        user.has("claude-code", "cursor")
        user.install()
        user.uninstall("claude-code")

        assert (user.home / ".polaris/bin/capture.sh").exists()
        assert (user.home / ".cursor/hooks.json").exists()
        user.uninstall("cursor")
        assert not (user.home / ".polaris").exists()

    def test_a_dry_run_writes_nothing_and_a_plan_says_all(self, user: Machine) -> None:
        user.has(*AGENTS)
        user.write(".claude/settings.json", USERS["hooks"])
        before = user.everything()
        planned = user.plan()
        lines = planned.lines()

        assert user.everything() == before
        planned.carry_out()
        changed = {name for name, about in user.everything().items() if before.get(name) != about}
        for name in changed - {".polaris", ".polaris/bin", ".polaris/backups", ".polaris/installed.json"}:
            if (user.home / name).is_file() and "backups" not in name and name != ".polaris/statusline.command":
                assert any(f"~/{name}" in line for line in lines), name

    def test_install_after_uninstall_after_install(self, user: Machine) -> None:
        user.has(*AGENTS)
        user.write(".claude/settings.json", USERS["comments"])
        user.install()
        first = user.everything()
        user.uninstall()
        user.install()

        assert user.everything() == first


class TestFiles:
    def test_a_link_stays_a_link_and_what_it_leads_to_is_changed(self, user: Machine) -> None:
        user.has("claude-code")
        real = user.write("dotfiles/claude.json", USERS["comments"])
        real.chmod(0o640)
        (user.home / ".claude/settings.json").symlink_to("../dotfiles/claude.json")
        before = user.everything()
        user.install("claude-code")

        assert os.readlink(user.home / ".claude/settings.json") == "../dotfiles/claude.json"
        assert b"capture.sh" in real.read_bytes()
        assert stat.S_IMODE(real.stat().st_mode) == 0o640
        user.uninstall()
        assert user.everything() == before

    def test_a_link_to_nowhere_is_refused(self, user: Machine) -> None:
        user.has("claude-code")
        (user.home / ".claude/settings.json").symlink_to("nowhere")
        before = user.everything()
        done = user.install("claude-code")

        assert [one.error.code for one in done.refused] == ["install_dead_link"]
        assert user.everything()[".claude/settings.json"] == before[".claude/settings.json"]

    def test_a_read_only_file_is_refused(self, user: Machine) -> None:
        user.has("cursor")
        user.write(".cursor/mcp.json", "{}").chmod(0o400)
        done = user.install("cursor")

        assert [(one.file.name, one.error.code) for one in done.refused] == [("mcp.json", "install_read_only")]
        assert (user.home / ".cursor/mcp.json").read_bytes() == b"{}"
        assert (user.home / ".cursor/hooks.json").exists()

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b'{"a": 1', "install_not_parsed"),
            (b'{"a": 1} {', "install_not_parsed"),
            (b"hello", "install_not_parsed"),
            (b"\xff\xfe{\0}\0", "install_not_parsed"),
            (b'{"hooks": []}', "install_not_fitting"),
            (b'{"hooks": {"Stop": "x"}}', "install_not_fitting"),
            (b"[]", "install_not_fitting"),
        ],
    )
    def test_what_cannot_be_read_is_left_and_the_other_agents_go_on(
        self, user: Machine, data: bytes, code: str
    ) -> None:
        user.has("claude-code", "cursor")
        user.write(".claude/settings.json", data)
        done = user.install()

        assert [(one.file.name, one.error.code) for one in done.refused] == [("settings.json", code)]
        assert (user.home / ".claude/settings.json").read_bytes() == data
        assert (user.home / ".cursor/hooks.json").exists()
        assert any("! ~/.claude/settings.json" in line for line in done.lines())
        # The way back does not stumble over it either.
        user.uninstall()
        assert (user.home / ".claude/settings.json").read_bytes() == data
        assert not (user.home / ".cursor/hooks.json").exists()

    def test_what_somebody_writes_meanwhile_is_merged_again(
        self, user: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user.has("claude-code")
        file = user.write(".claude/settings.json", "{}")
        written: list[bytes] = [b'{"model": "opus"}', b'{"model": "fable"}']
        real = files.os.replace

        def read_after_another(path: Path) -> bytes | None:
            if path.name == "settings.json" and written and path.exists() and tuple(path.parent.glob(".settings*")):
                path.write_bytes(written.pop(0))
            return real_read(path)

        real_read = files.read
        monkeypatch.setattr(files, "read", read_after_another)
        user.install("claude-code")

        assert files.os.replace is real
        assert written == []
        assert user.read(".claude/settings.json")["model"] == "fable"
        assert "Stop" in user.read(".claude/settings.json")["hooks"]
        monkeypatch.undo()
        monkeypatch.setattr(machine, "USUAL", ())
        user.uninstall()
        assert file.read_bytes() == b'{"model": "fable"}'

    def test_the_users_own_file_in_the_place_of_ours_comes_back(self, user: Machine) -> None:
        user.has("claude-code")
        user.write(".claude/skills/polaris/SKILL.md", "my own")
        before = user.everything()
        user.install("claude-code")
        assert "my own" not in (user.home / ".claude/skills/polaris/SKILL.md").read_text()
        user.uninstall()

        assert user.everything() == before

    def test_what_the_user_changed_in_a_file_of_ours_is_kept(self, user: Machine) -> None:
        user.has("claude-code")
        user.install("claude-code")
        skill = user.home / ".claude/skills/polaris/SKILL.md"
        skill.write_text("changed")
        user.uninstall()

        assert not skill.exists()
        assert (user.home / ".polaris/backups/SKILL.md.edited").read_text() == "changed"

    def test_files_of_the_home_are_the_users_own(self, user: Machine) -> None:
        user.has("claude-code")
        user.write(".claude/settings.json", USERS["hooks"])
        user.install()

        for name, (_, mode, _) in user.everything().items():
            if name.startswith(".polaris"):
                assert mode in ((0o700, 0o755) if not name.endswith((".json", ".command")) else (0o600,)) or (
                    "backups/" in name and mode == 0o600
                ), name


class TestMerge:
    def test_ours_comes_behind_the_users_and_nothing_is_reordered(self, user: Machine) -> None:
        user.has("claude-code", "codex")
        theirs = {"Stop": [{"hooks": [{"type": "command", "command": f"mine {n}"}]} for n in range(3)]}
        for name in (".claude/settings.json", ".codex/hooks.json"):
            user.write(name, json.dumps({"hooks": theirs}, indent=4))
        user.install()

        for name in (".claude/settings.json", ".codex/hooks.json"):
            assert [hook["command"] for hook in user.hooks(name, "Stop")][:3] == ["mine 0", "mine 1", "mine 2"]
            assert len(user.hooks(name, "Stop")) == 4

    def test_an_older_installation_is_brought_up_to_date_in_its_place(self, user: Machine) -> None:
        user.has("claude-code")
        old = {"type": "command", "command": "/venv/polaris/hooks/capture.sh claude-code"}
        mine = {"type": "command", "command": "mine"}
        settings = {
            "hooks": {
                "Stop": [{"hooks": [old]}, {"hooks": [mine, old]}],
                "MessageDisplay": [{"hooks": [old]}],
                "WorktreeCreate": [{"hooks": [mine]}],
            },
            "statusLine": {"type": "command", "command": "/venv/polaris/hooks/statusline.sh"},
        }
        user.write(".claude/settings.json", json.dumps(settings, indent=2))
        user.install()
        now = user.read(".claude/settings.json")
        command = f"'{user.home}/.polaris/bin/capture.sh' claude-code"

        assert [hook["command"] for hook in user.hooks(".claude/settings.json", "Stop")] == [command, "mine"]
        assert "MessageDisplay" not in now["hooks"]
        assert now["hooks"]["WorktreeCreate"] == [{"hooks": [mine]}]
        assert now["statusLine"]["command"] == f"'{user.home}/.polaris/bin/statusline.sh'"
        assert not (user.home / ".polaris/statusline.command").exists()
        user.uninstall()
        assert user.read(".claude/settings.json") == {
            "hooks": {"Stop": [{"hooks": [mine]}], "WorktreeCreate": [{"hooks": [mine]}]}
        }

    def test_an_update_after_an_edit_of_the_user_keeps_the_edit_for_the_way_back(self, user: Machine) -> None:
        user.has("claude-code")
        user.write(".claude/settings.json", USERS["comments"])
        user.install()
        file = user.home / ".claude/settings.json"
        file.write_bytes(file.read_bytes().replace(b"opus", b"fable").replace(b'"timeout": 5', b'"timeout": 7'))
        assert user.plan()
        user.install()
        user.uninstall()

        assert file.read_bytes() == USERS["comments"].replace(b"opus", b"fable")

    def test_a_script_of_the_same_name_is_not_ours(self, user: Machine) -> None:
        user.has("claude-code")
        settings = {
            "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "~/.claude/hooks/capture.sh"}]}]},
            "statusLine": {"type": "command", "command": "~/bin/statusline.sh"},
        }
        text = json.dumps(settings)
        user.write(".claude/settings.json", text)
        user.install()
        (user.home / ".polaris/installed.json").unlink()

        assert (user.home / ".polaris/statusline.command").read_text() == "~/bin/statusline.sh"
        assert user.hooks(".claude/settings.json", "Stop")[0]["command"] == "~/.claude/hooks/capture.sh"
        user.uninstall()
        assert user.hooks(".claude/settings.json", "Stop") == settings["hooks"]["Stop"][0]["hooks"]

    def test_another_home_that_is_still_there_keeps_its_own(self, user: Machine) -> None:
        user.has("cursor")
        user.install()
        other = user.settings.replace(home=user.home / "other")
        install.plan(other, environ=user.environ).carry_out()
        assert str(other.home) in (user.home / ".cursor/hooks.json").read_text()
        user.uninstall()

        assert str(other.home) in (user.home / ".cursor/hooks.json").read_text()

    @pytest.mark.parametrize("agent", AGENTS)
    def test_a_home_elsewhere_is_named_in_every_command(self, user: Machine, agent: str, tmp_path: Path) -> None:
        user.has(agent)
        settings = Settings(home=tmp_path / 'it\'s "here" $HOME')
        install.plan(settings, environ=user.environ).carry_out()
        for name in JSON_FILES[agent]:
            for command in _commands(user.read(name)):
                words = shlex.split(command)
                assert words[0] == f"POLARIS_HOME={settings.home}"
                assert Path(words[1]).exists()

        assert not install.plan(settings, environ=user.environ)

    def test_the_command_of_the_home_runs_from_anywhere(self, user: Machine, tmp_path: Path) -> None:
        user.has("cursor")
        settings = Settings(home=tmp_path / 'it\'s "here" $HOME')
        install.plan(settings, environ=user.environ).carry_out()
        trap = tmp_path / "project"
        (trap / "polaris").mkdir(parents=True)
        (trap / "polaris/__init__.py").write_text("raise SystemExit('the project ran')")
        ran = subprocess.run(
            [settings.home / "bin/polaris", "--version"], cwd=trap, capture_output=True, text=True, check=False
        )

        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.startswith("polaris ")
        assert sys.executable in (settings.home / "bin/polaris").read_text()


class TestClaudeCode:
    def test_events_are_those_that_the_version_knows(self, user: Machine) -> None:
        claude = import_module("polaris.daemon.agents.claude_code")
        wanted = {event for event, reader in claude.EVENTS.items() if reader is not None} - {"PostModelSwitch"}
        user.program("claude")
        user.install()

        assert set(user.read(".claude/settings.json")["hooks"]) == wanted
        assert user.read(".claude/settings.json")["statusLine"]["refreshInterval"] == 1

    @pytest.mark.parametrize("version", ["echo 2.1.90 '(Claude Code)'", "echo nonsense", "exit 1", "kill -9 $$"])
    def test_an_old_or_unknown_version_gets_what_all_know(self, user: Machine, version: str) -> None:
        user.program("claude", version)
        user.install()

        assert set(user.read(".claude/settings.json")["hooks"]) == {
            *("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse"),
            *("Stop", "SubagentStop", "Notification", "SessionEnd"),
        }
        assert "refreshInterval" not in user.read(".claude/settings.json")["statusLine"]

    def test_a_newer_version_gets_the_events_that_it_has_learnt(self, user: Machine) -> None:
        user.program("claude", "echo 2.1.90")
        user.install()
        user.program("claude", "echo 2.1.330")
        user.install()

        assert "PostToolBatch" in user.read(".claude/settings.json")["hooks"]
        user.uninstall()
        assert list(user.home.iterdir()) == []

    def test_a_program_that_hangs_is_not_waited_for(self, user: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "VERSION_SECONDS", 0.2)
        user.program("claude", "sleep 60 & sleep 60")

        assert user.plan().found[0].version == ""

    def test_the_config_folder_may_be_elsewhere(self, user: Machine, tmp_path: Path) -> None:
        user.environ["CLAUDE_CONFIG_DIR"] = str(user.home / "claude here")
        user.program("claude")
        user.install()

        assert {file.name for file in (user.home / "claude here").iterdir()} == {
            *("settings.json", ".claude.json", "skills")
        }
        del user.environ["CLAUDE_CONFIG_DIR"]
        user.uninstall()  # the record knows where it was
        assert [path.name for path in user.home.iterdir()] == []

    def test_the_users_status_line_is_kept_beside_ours_and_comes_back(self, user: Machine) -> None:
        user.has("claude-code")
        user.write(".claude/settings.json", USERS["hooks"])
        done = user.install("claude-code")
        line = user.read_commented(".claude/settings.json")["statusLine"]

        assert line["command"].endswith("bin/statusline.sh'")
        assert line["padding"] == 1
        assert (user.home / ".polaris/statusline.command").read_text() == "~/.claude/line.sh"
        assert any("yours is kept" in line for line in done.lines())

    def test_a_status_line_that_the_user_took_later_stays(self, user: Machine) -> None:
        user.has("claude-code")
        user.install("claude-code")
        settings = user.read(".claude/settings.json")
        settings["statusLine"] = {"type": "command", "command": "later"}
        user.write(".claude/settings.json", json.dumps(settings))
        user.uninstall()

        assert user.read(".claude/settings.json") == {"statusLine": {"type": "command", "command": "later"}}

    def test_what_stands_in_the_way_is_told(self, user: Machine) -> None:
        user.has("claude-code")
        text = {"disableAllHooks": True, "allowedHttpHookUrls": [], "allowManagedHooksOnly": False}
        user.write(".claude/settings.json", json.dumps(text))
        lines = "\n".join(user.plan().lines())

        assert "~/.claude/settings.json: disableAllHooks is on" in lines
        assert "allowedHttpHookUrls" in lines
        assert "allowManagedHooksOnly" not in lines

    CLAUDE = """
import json, os, sys
file = os.path.join(os.environ["HOME"], ".claude.json")
if sys.argv[1] == "--version":
    print("2.1.330 (Claude Code)"); sys.exit()
said = json.load(open(file))
open(os.path.join(os.environ["HOME"], "calls"), "a").write(" ".join(sys.argv[1:4]) + "\\n")
if sys.argv[2] == "add":
    if "polaris" in said.setdefault("mcpServers", {}):
        sys.exit(1)
    command = sys.argv[sys.argv.index("--") + 1:]
    said["mcpServers"]["polaris"] = {"type": "stdio", "command": command[0], "args": command[1:], "env": {}}
else:
    del said["mcpServers"]["polaris"]
said["runs"] = said.get("runs", 0) + 1
json.dump(said, open(file, "w"), indent=2)
"""

    def test_its_own_command_registers_the_server_in_a_file_that_it_rewrites(self, user: Machine) -> None:
        user.program("claude", self.CLAUDE, sys.executable)
        user.write(".claude.json", '{"numStartups": 3}')
        user.install()
        server = user.read(".claude.json")["mcpServers"]["polaris"]

        assert server == {
            "type": "stdio",
            "command": f"{user.home}/.polaris/bin/polaris",
            "args": ["mcp"],
            "env": {},
        }
        assert user.read(".claude.json")["runs"] == 1
        assert not user.plan()
        user.uninstall()
        assert (user.home / ".claude.json").read_text() == '{"numStartups": 3}'

    def test_a_server_of_another_home_is_removed_first_and_after_edits_its_own_command_removes_it(
        self, user: Machine
    ) -> None:
        user.program("claude", self.CLAUDE, sys.executable)
        user.write(".claude.json", '{"mcpServers": {"polaris": {"command": "/old/bin/polaris", "args": ["mcp"]}}}')
        user.install()
        said = user.read(".claude.json") | {"numStartups": 9}
        user.write(".claude.json", json.dumps(said))
        user.uninstall()

        assert (user.home / "calls").read_text().splitlines() == [
            *("mcp remove --scope", "mcp add --scope", "mcp remove --scope")
        ]
        assert user.read(".claude.json") == {"mcpServers": {}, "runs": 3, "numStartups": 9}

    def test_where_its_command_fails_the_file_is_changed_all_the_same(self, user: Machine) -> None:
        user.program("claude", 'if [ "$1" = --version ]; then echo 2.1.330; else exit 1; fi')
        user.write(".claude.json", '{"numStartups": 3}')
        user.install()

        assert user.read(".claude.json")["mcpServers"]["polaris"]["args"] == ["mcp"]
        assert user.read(".claude.json")["numStartups"] == 3

    def test_the_skill_runs_the_command_of_this_home(self, user: Machine) -> None:
        user.has("claude-code")
        user.install()
        text = (user.home / ".claude/skills/polaris/SKILL.md").read_text()
        command = f"'{user.home}/.polaris/bin/polaris' here"

        assert f"\nallowed-tools: Bash({command} *)\n" in text
        assert f'\n!`{command} --agent-session ${{CLAUDE_SESSION_ID}} "$ARGUMENTS" || true`\n' in text
        assert "@" not in text


class TestOtherAgents:
    @pytest.mark.parametrize(
        ("agent", "file", "module"),
        [
            ("codex", ".codex/hooks.json", "codex"),
            ("gemini-cli", ".gemini/settings.json", "gemini_cli"),
            ("cursor", ".cursor/hooks.json", "cursor"),
            ("windsurf", ".codeium/windsurf/hooks.json", "windsurf"),
        ],
    )
    def test_every_event_that_the_daemon_reads_is_registered_and_no_other(
        self, user: Machine, agent: str, file: str, module: str
    ) -> None:
        events = import_module(f"polaris.daemon.agents.{module}").EVENTS
        wanted = {event for event, reader in events.items() if reader is not None}
        user.has(agent)
        user.install()

        assert set(user.read(file)["hooks"]) == wanted | ({"BeforeModel"} if agent == "gemini-cli" else set())
        assert all(command.endswith(f"capture.sh' {agent}") for command in _commands(user.read(file)["hooks"]))

    def test_geminis_timeouts_are_in_milliseconds(self, user: Machine) -> None:
        user.has("gemini-cli")
        user.install()

        assert user.hooks(".gemini/settings.json", "AfterTool")[0]["timeout"] == 5000

    def test_codex_gets_a_table_and_loses_it_with_the_trust_in_our_hooks_alone(self, user: Machine) -> None:
        mine = "model = 'x' # mine\n\n[tui]\na = 1\n"
        user.has("codex")
        user.write(".codex/config.toml", mine)
        hooks = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}
        user.write(".codex/hooks.json", json.dumps(hooks))
        user.install()
        file = user.home / ".codex/config.toml"
        assert file.read_text().startswith(mine + "\n[mcp_servers.polaris]\n")
        # As the dialog of Codex writes it.
        path = user.home / ".codex/hooks.json"
        trust = "".join(
            f'\n[hooks.state."{path}:{name}"]\ntrusted_hash = "sha256:x"\n'
            for name in ("stop:0:0", "stop:1:0", "user_prompt_submit:0:0", "session_end:0:0")
        )
        file.write_text(file.read_text() + trust)
        user.uninstall()

        assert file.read_text() == f'{mine}\n[hooks.state."{path}:stop:0:0"]\ntrusted_hash = "sha256:x"\n'
        assert user.read(".codex/hooks.json") == hooks

    def test_opencodes_file_is_the_one_that_the_user_has(self, user: Machine) -> None:
        user.has("opencode")
        user.write(".config/opencode/opencode.jsonc", USERS["comments"])
        user.install()

        assert not (user.home / ".config/opencode/opencode.json").exists()
        assert b'"polaris"' in (user.home / ".config/opencode/opencode.jsonc").read_bytes()
        assert (user.home / ".config/opencode/plugins/polaris.js").exists()
        assert (user.home / ".config/opencode/commands/polaris.md").exists()

    def test_windsurf_in_jetbrains_is_served_where_it_is(self, user: Machine) -> None:
        user.has("windsurf")
        user.write(".codeium/hooks.json", "{}")
        user.install()

        assert "pre_user_prompt" in user.read(".codeium/hooks.json")["hooks"]
        assert not (user.home / ".codeium/mcp_config.json").exists()
        user.uninstall()
        assert (user.home / ".codeium/hooks.json").read_bytes() == b"{}"

    def test_a_version_of_npm_is_read_without_starting_anything(self, user: Machine) -> None:
        package = user.home / "npm/node_modules/pkg"
        user.write("npm/node_modules/pkg/package.json", '{"name": "pkg", "version": "0.61.0", "bin": {"gemini": "x"}}')
        user.write("npm/node_modules/pkg/bundle/gemini.js", "")
        (package / "bundle/gemini.js").chmod(0o755)
        (user.bin / "gemini").symlink_to(package / "bundle/gemini.js")

        assert [(one.name, one.version) for one in user.plan().found] == [("gemini-cli", "0.61.0")]


class TestPlan:
    def test_an_agent_that_is_not_known_or_not_here_is_an_error(self, user: Machine) -> None:
        with pytest.raises(Misconfigured, match="no agent 'clippy'") as unknown:
            user.plan("clippy")
        with pytest.raises(Misconfigured, match="Codex CLI is not on this machine") as absent:
            user.plan("codex")

        assert (unknown.value.code, absent.value.code) == ("agent_unknown", "agent_not_found")

    def test_without_any_agent_nothing_is_written(self, user: Machine) -> None:
        assert user.install().lines() == ["No coding agent was found."]
        assert user.everything() == {}
        assert user.uninstall().lines() == ["There is nothing of Polaris to remove."]

    def test_it_is_shown_with_colours_on_a_terminal_only(self, user: Machine) -> None:
        user.has("cursor")

        assert "\x1b[" not in "\n".join(user.plan().lines())
        assert "\x1b[32m+ ~/.cursor/hooks.json\x1b[0m" in "\n".join(user.plan().lines(colour=True))

    def test_a_second_time_there_is_nothing_to_do(self, user: Machine) -> None:
        user.has(*AGENTS)
        user.install()
        before = user.everything()
        again = user.install()

        assert not again
        assert "Cursor: nothing to do" in again.lines()
        assert user.everything() == before

    def test_a_record_that_cannot_be_read_is_an_error(self, user: Machine) -> None:
        user.has("cursor")
        user.write(".polaris/installed.json", "nonsense")

        with pytest.raises(Misconfigured, match=r"installed\.json"):
            user.plan()

    def test_every_agent_says_how_it_is_installed(self) -> None:
        assert set(planning.installs()) == set(AGENTS)


def _commands(value: Any) -> list[str]:
    """Every command of a hook in a file of settings."""
    if isinstance(value, Mapping):
        own = [value["command"]] if isinstance(value.get("command"), str) and "capture.sh" in value["command"] else []
        return own + [command for item in value.values() for command in _commands(item)]
    return [command for item in value for command in _commands(item)] if isinstance(value, list) else []
