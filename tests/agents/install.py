"""The pinned command lines of the real coding agents: where they are, and `make test-agents`'s step that installs them.

They lie in ``.agents`` of the checkout, or where POLARIS_AGENTS_PREFIX says. What is there in the right version stays.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Pin:
    """One agent's package. *script* is its own postinstall, which npm does not run everywhere."""

    package: str
    version: str
    script: str | None = None


PINS = {
    "claude": Pin("@anthropic-ai/claude-code", "2.1.330", "install.cjs"),
    "codex": Pin("@openai/codex", "0.169.0"),
    "gemini": Pin("@google/gemini-cli", "0.61.0"),
    "opencode": Pin("opencode-ai", "1.18.33", "postinstall.mjs"),
}


def prefix() -> Path:
    return Path(os.environ.get("POLARIS_AGENTS_PREFIX") or ROOT / ".agents").absolute()


def executable(name: str) -> Path | None:
    """The agent's program, or None where its pinned version is not installed."""
    found = prefix() / "node_modules" / ".bin" / name
    return found if _version(name) == PINS[name].version and found.exists() else None


def _version(name: str) -> str | None:
    try:
        package = json.loads((prefix() / "node_modules" / PINS[name].package / "package.json").read_bytes())
    except (OSError, ValueError):
        return None
    return str(package["version"])


def install() -> None:
    """Installs what lacks, and sees to it that every program starts; once that was seen, it is not asked again."""
    seen = prefix() / "started.json"
    wanted = {name: pin.version for name, pin in PINS.items()}
    missing = [f"{pin.package}@{pin.version}" for name, pin in PINS.items() if executable(name) is None]
    if not missing and seen.exists() and json.loads(seen.read_bytes()) == wanted:
        return
    if missing:
        prefix().mkdir(parents=True, exist_ok=True)
        print(f"npm installs {' '.join(missing)} into {prefix()}", flush=True)
        options = ("--no-audit", "--no-fund", "--save-exact", "--loglevel=error")
        subprocess.run(["npm", "install", f"--prefix={prefix()}", *options, *missing], check=True)
    for name, pin in PINS.items():
        if not _starts(name) and pin.script:
            subprocess.run(["node", pin.script], cwd=prefix() / "node_modules" / pin.package, check=True)
        if not _starts(name):
            raise SystemExit(f"{name} {pin.version} is installed in {prefix()} but does not start: is Node 20 there?")
    seen.write_text(json.dumps(wanted))


def _starts(name: str) -> bool:
    program = executable(name)
    if program is None:
        return False
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"HOME": home, "DISABLE_AUTOUPDATER": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
        asked = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=60, check=False, env=environment
        )
    return asked.returncode == 0 and PINS[name].version in asked.stdout


if __name__ == "__main__":
    install()
