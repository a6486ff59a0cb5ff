"""What the user of each agent has configured before Polaris comes: their own settings, in their own formatting.

Each function writes into a HOME the least that a CLI needs to run unattended (the model on loopback, the answers to the
questions of the first start) and, around it, what a person may have there: comments, hooks, servers and a status line
of their own, blanks where nobody expects them. It answers the agent's environment.
"""

from __future__ import annotations

import json
from pathlib import Path

FAKE_KEY = "fake-key-for-tests-" + "0" * 20
Environment = dict[str, str]


def claude(home: Path, project: Path, model: str) -> Environment:
    _write(
        home / ".claude/settings.json",
        """{
    "cleanupPeriodDays":   99,

  "permissions": {"allow": ["Bash(true:*)"] , "deny": []},
\t"hooks": { "PostToolUse": [ {"matcher": "Write", "hooks": [ {"type": "command", "command": "true # mine"} ] } ] }
}""",  # without a line end, as some editors leave it
    )
    trusted = {"hasTrustDialogAccepted": True, "projectOnboardingSeenCount": 5, "hasCompletedProjectOnboarding": True}
    state = {
        "hasCompletedOnboarding": True,
        "lastOnboardingVersion": "9.9.9",
        "theme": "dark",
        "numStartups": 5,
        "customApiKeyResponses": {"approved": [FAKE_KEY[-20:]], "rejected": []},
        "projects": {str(project): trusted},
        "mcpServers": {"mine": {"type": "stdio", "command": "false", "args": [], "env": {}}},
    }
    _write(home / ".claude.json", json.dumps(state, indent=2))
    return {
        "ANTHROPIC_BASE_URL": model,
        "ANTHROPIC_API_KEY": FAKE_KEY,
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


def codex(home: Path, project: Path, model: str) -> Environment:
    _write(
        home / ".codex/config.toml",
        f"""# my Codex
model   =   "gpt-5.5"   # the one I like
model_provider = "stub"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[model_providers.stub]
name = "stub"
base_url = "{model}/v1"
wire_api = "responses"
env_key = "STUB_KEY"
request_max_retries = 0

[analytics]
enabled = false
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"

[projects."{project}"]
trust_level = "trusted"
# the end, without a line end""",
    )
    return {"STUB_KEY": "fake"}


def gemini(home: Path, project: Path, model: str) -> Environment:
    _write(
        home / ".gemini/settings.json",
        """{
  // my Gemini
  "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": false}},
  "general": {"disableAutoUpdate": true, "enableAutoUpdate": false},   /* never */
  "privacy": {"usageStatisticsEnabled": false},
  "telemetry": {"enabled": false},
  "ui": {"hideTips": true}
}
""",
    )
    return {
        "GEMINI_API_KEY": "fake",
        "GOOGLE_GEMINI_BASE_URL": model,
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }


def opencode(home: Path, project: Path, model: str) -> Environment:
    _write(
        home / ".config/opencode/opencode.json",
        f"""{{
  "$schema": "https://opencode.ai/config.json",
  // mine
  "autoupdate": false, "share": "disabled",
  "model": "stub/stub-model", "small_model": "stub/stub-model",
  "provider": {{"stub": {{"npm": "@ai-sdk/openai-compatible", "name": "stub",
     "options": {{"baseURL": "{model}/v1", "apiKey": "fake"}},
     "models": {{"stub-model": {{"name": "Stub", "tool_call": true,
        "limit": {{"context": 100000, "output": 8000}}}}}}}}}},
}}
""",
    )
    return {
        "XDG_CONFIG_HOME": f"{home}/.config",
        "XDG_DATA_HOME": f"{home}/.local/share",
        "XDG_STATE_HOME": f"{home}/.local/state",
        "XDG_CACHE_HOME": f"{home}/.cache",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    }


WRITERS = {"claude": claude, "codex": codex, "gemini": gemini, "opencode": opencode}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
