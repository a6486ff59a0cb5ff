"""The manifest of the Slack app: what docs/slack-app.yaml asks for is what the code uses, and what the page shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from polaris.bridge import address
from polaris.bridge.envelope import EVENTS
from polaris.bridge.web_api import SCOPES
from polaris.demo_slack.page import EMOJI
from polaris.http.web.pages import PAGES
from polaris.http.web.settings_slack import CALLBACK, manifest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = "https://polaris.example.com"


def written() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCS / "slack-app.yaml").read_text(encoding="utf-8"))
    return found


def test_the_manifest_asks_for_the_permissions_that_are_used_and_no_more() -> None:
    assert written()["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert len(SCOPES) == len(set(SCOPES))


def test_the_manifest_subscribes_to_the_events_that_are_understood_and_no_more() -> None:
    events = written()["settings"]["event_subscriptions"]["bot_events"]

    assert events == list(EVENTS)
    assert "app_mention" not in events  # every message would come twice


def test_the_page_shows_the_manifest_of_the_documents() -> None:
    assert json.loads(manifest(EXAMPLE, "http")) == written()


def test_the_manifest_for_socket_mode_names_no_address_for_events() -> None:
    expected = written()
    del expected["settings"]["event_subscriptions"]["request_url"]
    expected["settings"]["socket_mode_enabled"] = True

    assert json.loads(manifest(EXAMPLE, "socket")) == expected


def test_the_addresses_of_the_manifest_are_served() -> None:
    assert CALLBACK in {page.path for page in PAGES}
    assert written()["oauth_config"]["redirect_urls"] == [EXAMPLE + CALLBACK]


def test_the_guide_has_every_verb_and_every_reaction() -> None:
    guide = (DOCS / "slack.md").read_text(encoding="utf-8")
    marks = (DOCS.parent / "sql/functions/70_slack/mark_slack_post.sql").read_text(encoding="utf-8")
    reactions = set(re.findall(r"\('\w+', \d, '(\w+)'\)", marks))
    verbs = re.findall(r"`([^`]+)`", guide.partition("| verb | does |")[2].partition("##")[0])

    assert len(reactions) == 7
    assert {EMOJI[name] for name in reactions} <= set(re.findall(r"(?m)^\| (\S+) \|", guide))
    assert {found.verb for verb in verbs if (found := address.verb(verb, None))} == {
        *("who", "brief", "mute", "unmute", "final-only", "handoff", "seat", "decline"),
        *("decision", "question", "answer", "star"),
    }


def test_each_permission_is_explained_in_the_guide() -> None:
    guide = (DOCS / "slack.md").read_text(encoding="utf-8")

    assert [scope for scope in SCOPES if f"`{scope}`" not in guide] == []
