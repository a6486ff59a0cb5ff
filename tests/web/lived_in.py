"""An organization that people have worked in for a while: something of everything that a page can show."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import slack_pages
from api_place import Client, Place, event

from polaris.db import calls, slack_calls

INVITE, DEVICE = "a-secret-of-an-invitation", "BCDF-GHJK"
EDIT = {
    "tool_name": "Edit",
    "tool_use_id": "toolu_1",
    "tool_input": {
        "file_path": "src/middleware/auth.ts",
        "old_string": "const algorithm = 'HS256';\nexport default algorithm;",
        "new_string": "const algorithm = 'RS256';\nexport default algorithm;",
    },
}
BASH = {
    "tool_name": "Bash",
    "tool_use_id": "toolu_2",
    "tool_input": {"command": "npm test -- --run auth", "description": "Runs the tests of auth"},
}
OTHER = {"tool_name": "Glob", "tool_use_id": "toolu_3", "tool_input": {"pattern": "src/**/*.ts"}}


@dataclass
class LivedIn:
    """Numbers of what is in project ``pj``."""

    prompt: int
    call: int
    advice: int
    org_id: int


async def furnish(place: Place) -> LivedIn:
    """Fills ``acme``: four projects, sessions of all sorts, every kind of event, advice in many states, settings."""
    manu = place.admin
    priya, krishna = await place.client("user:priya"), await place.client("user:krishna")
    tests, reviewer = await place.client("agent:test-writer"), await place.client("agent:security-reviewer")
    await manu.post("/projects", {"name": "empty"})
    await manu.post("/projects", {"name": "vault", "visibility": "private"})
    await manu.post("/projects/old/sessions/done/join")
    for client, session in ((manu, "fxm"), (krishna, "fxk"), (tests, "tests"), (manu, "gone")):
        await client.post(f"/projects/pj/sessions/{session}/join")
    prompt, call = await _work(manu)
    await krishna.push("pj", "fxk", event(body="Set up the schema", turn="k1"), event(kind="reply", turn="k1"))
    advice = await _advise(manu, priya, reviewer)
    await krishna.post("/projects/pj/sessions/fxk/handoff")
    await manu.call("POST", "/projects/pj/sessions/gone/archive")
    await manu.call("POST", "/projects/old/archive")
    async with place.service.database.connection() as conn:
        org = place.org_id
        await calls.say(conn, org, "user:priya", "pj", "Stand-up in five minutes.\n\nBring numbers.")
        await calls.mark_read(conn, org, "user:manu", "pj", prompt + 3)
        await calls.set_policy(conn, org, "user:manu", "vault", None, "agent", "mute")
        await calls.add_project_member(conn, org, "user:manu", "vault", "user:priya")
        digest = hashlib.sha256(INVITE.encode()).digest()
        await calls.invite(conn, org, "user:manu", "zoe@example.com", "member", digest)
        other = await calls.invite(conn, org, "user:manu", "eve@example.com", "admin", b"e" * 32)
        await calls.revoke_invite(conn, org, "user:manu", other.invite_id)
        await calls.add_domain(conn, org, "user:manu", "acme.example")
        await calls.add_member(conn, org, "user:manu", "former", "member")
        await calls.remove_member(conn, org, "user:manu", "former")
        await calls.begin_device_login(conn, b"d" * 32, DEVICE, "laptop of manu", "192.0.2.7")
    await _slack(place)
    ended = await place.client("user:manu", expires_in=timedelta(days=1))
    await manu.call("DELETE", f"/tokens/{ended.token_id}")
    return LivedIn(prompt, call, advice, place.org_id)


async def _work(manu: Client) -> tuple[int, int]:
    """Turns of a coding agent; answers the numbers of the first prompt and of the first tool call."""
    failed = BASH | {"error": "Exit code 1\nFAIL auth.test.ts\n  expected 401, got 200"}
    long = "A long answer. " * 400
    answered = EDIT | {"tool_response": {"filePath": "src/middleware/auth.ts"}}
    kinds: list[dict[str, Any]] = [
        {"kind": "prompt", "body": "Let's implement the auth middleware", "turn": "t1"},
        {"kind": "message", "body": "I'll look at what is there.", "turn": "t1"},
        {"kind": "tool.call", "body": "src/middleware/auth.ts", "turn": "t1", "payload": EDIT},
        {"kind": "tool.result", "body": "", "turn": "t1", "payload": answered},
        {"kind": "tool.call", "body": "npm test", "turn": "t1", "payload": BASH},
        {"kind": "tool.result", "body": "Exit code 1", "turn": "t1", "payload": failed},
        {"kind": "tool.call", "body": "Glob", "turn": "t1", "payload": OTHER},
        {"kind": "notice", "body": "The context was compacted.", "turn": "t1"},
        {"kind": "reply", "body": long, "turn": "t1"},
        {"kind": "prompt", "body": "Try RS256\u202e instead", "turn": "t2"},
        {"kind": "turn.interrupted", "body": "", "turn": "t2"},
        {"kind": "prompt", "body": "And the tests?", "turn": "t3"},
        {"kind": "message", "body": "They run.", "turn": "t3"},
    ]
    results = await manu.push("pj", "fxm", *(event(agent="claude-code", **fields) for fields in kinds))
    assert all(result.get("seq") for result in results), results
    return results[0]["seq"], results[2]["seq"]


async def _advise(manu: Client, priya: Client, reviewer: Client) -> int:
    """Advice that was answered, that failed, that waits for the driver, that is queued; answers the first's number."""
    path = "/projects/pj/sessions/fxm"
    answered = await reviewer.post(f"{path}/inject", {"body": "This auth endpoint needs rate limiting"})
    for state in ("sent", "seen", "answered"):
        await _settle(manu, answered, state=state)
    failed = await priya.post(f"{path}/inject", {"body": "Mind the GDPR"})
    await _settle(manu, failed, state="failed", reason="unproven")
    await manu.call("PUT", f"{path}/policies", json={"sender_class": "human", "policy": "suggest"})
    await priya.post(f"{path}/inject", {"body": "Use RS256, as in the other services"})
    await manu.post(f"{path}/inject", {"body": "A word to my own agent"})
    found: int = answered["advice_seq"]
    return found


async def _settle(manu: Client, delivery: dict[str, Any], **fields: str) -> None:
    path = f"/projects/pj/deliveries/{delivery['delivery_id']}"
    status, answer = await manu.call("POST", path, json={"epoch": 1, "path": "hook"} | fields)
    assert status == 200, (status, answer)


async def _slack(place: Place) -> None:
    """A workspace with a channel in every state, and people of all sorts."""
    for project in ("api", "infra", "site", "ops"):
        await place.admin.post(f"/projects/{project}/sessions/fxm/join")
    await slack_pages.connected(place, scopes="chat:write,channels:read")
    fence = await slack_pages.led(place)
    await slack_pages.peopled(
        place,
        fence,
        slack_pages.person("U1", "Manu", "manu@acme.example"),
        slack_pages.person("U2", "Krishna Rao", "krishna@elsewhere.example"),
        slack_pages.person("U3", "Gus", "gus@elsewhere.example", "guest"),
        slack_pages.person("U4", "Somebody of Globex", standing="stranger"),
    )
    await slack_pages.ask(place, slack_calls.map_slack_person, "user:manu", "U1", "manu")
    await slack_pages.channel(place, fence, "pj")
    await slack_pages.channel(place, fence, "infra", shared=True)
    for project, state in (("api", "archived"), ("site", "left"), ("ops", "refused")):
        await slack_pages.channel(place, fence, project)
        await slack_pages.channel(place, fence, project, state, reason="restricted_action")
