"""Who belongs to an organization, who may see a project, who may speak to a session; the audit log; and how it ends."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from typing import Any

import pytest
from aiohttp import WSMsgType
from api_place import Client, Place, closed, until

from polaris import audit, tokens
from polaris.db import calls
from polaris.http.auth import Caller
from polaris.http.live import TOKEN_DIED, Live
from polaris.http.web import visitor

SOON = 5.0  # seconds in which everything has to end that hangs on a credential


async def refusal(client: Client, method: str, path: str, body: Any = None) -> tuple[int, str]:
    status, answer = await client.call(method, path, json=body)
    return status, answer.get("code", "") if isinstance(answer, dict) else ""


async def put(client: Client, path: str, body: Any = None) -> Any:
    status, answer = await client.call("PUT", path, json=body)
    assert status == 200, (status, answer)
    return answer


# Invitations


async def test_an_invitation_shows_its_link_once_and_keeps_only_its_digest(place: Place) -> None:
    made = await place.admin.post("/invites", {"email": "Priya@Example.org", "role": "admin"})
    listed = (await place.admin.get("/invites"))["items"]
    secret = made["link"].rpartition("/")[2]

    assert made["link"] == f"{place.url}/invites/acme/{secret}"
    assert (made["email"], made["role"], made["invited_by"]) == ("priya@example.org", "admin", "user:manu")
    assert [one["invite_id"] for one in listed] == [made["invite_id"]]
    assert secret not in str(listed)
    async with place.service.database.connection() as conn:
        found = await calls.get_invite(conn, "acme", hashlib.sha256(secret.encode()).digest())
    assert found.email == "priya@example.org"


async def test_an_invitation_is_revoked_and_only_administrators_see_any(place: Place) -> None:
    made = await place.admin.post("/invites", {"email": "priya@example.org"})
    status, revoked = await place.admin.call("DELETE", f"/invites/{made['invite_id']}")
    krishna = await place.client("user:krishna")

    assert (status, revoked["revoked_at"] is not None) == (200, True)
    assert await refusal(place.admin, "DELETE", "/invites/999") == (404, "no_such_invite")
    assert await refusal(place.admin, "POST", "/invites", {"email": "no address"}) == (422, "not_valid")
    assert await refusal(place.admin, "POST", "/invites", {"email": "a@b.c", "role": "owner"}) == (422, "not_valid")
    for method, path, body in [
        ("GET", "/invites", None),
        ("POST", "/invites", {"email": "a@example.org"}),
        ("DELETE", f"/invites/{made['invite_id']}", None),
        ("GET", "/domains", None),
        ("POST", "/domains", {"domain": "example.org"}),
        ("DELETE", "/domains/example.org", None),
        ("PUT", "/members/manu", {"role": "member"}),
        ("DELETE", "/members/manu", None),
        ("GET", "/audit", None),
        ("GET", "/audit/head", None),
        ("GET", "/audit/export", None),
    ]:
        assert await refusal(krishna, method, path, body) == (403, "admin_only"), path


async def test_domains_are_added_listed_and_removed(place: Place) -> None:
    added = await place.admin.post("/domains", {"domain": "Example.ORG"})
    listed = (await place.admin.get("/domains"))["items"]
    status, removed = await place.admin.call("DELETE", "/domains/EXAMPLE.org")

    assert (added["domain"], added["proven_at"]) == ("example.org", None)
    assert added["proof"]
    assert listed == [added]
    assert (status, removed) == (200, {"removed": "example.org"})
    assert (await place.admin.get("/domains"))["items"] == []
    assert await refusal(place.admin, "DELETE", "/domains/example.org") == (404, "no_such_domain")
    assert await refusal(place.admin, "POST", "/domains", {"domain": "not a domain"}) == (422, "not_valid")


# Roles and leaving


async def test_a_role_is_changed_and_the_last_administrator_stays_one(place: Place) -> None:
    priya = await place.client("user:priya")
    last = await refusal(place.admin, "PUT", "/members/manu", {"role": "member"})
    promoted = await put(place.admin, "/members/priya", {"role": "admin"})
    demoted = await put(priya, "/members/manu", {"role": "member"})

    assert last == (409, "last_admin")
    assert (promoted["role"], demoted["role"]) == ("admin", "member")
    assert (await place.admin.get("/me"))["role"] == "member"
    assert await refusal(place.admin, "PUT", "/members/priya", {"role": "member"}) == (403, "admin_only")
    assert await refusal(priya, "PUT", "/members/nobody", {"role": "admin"}) == (404, "no_such_member")


async def test_everybody_may_leave_but_the_last_administrator(place: Place) -> None:
    priya = await place.client("user:priya")
    status, left = await priya.call("DELETE", "/members/priya")

    assert (status, left["removed_at"] is not None) == (200, True)
    assert (await priya.call("GET", "/me"))[0] == 401
    assert await refusal(place.admin, "DELETE", "/members/manu") == (409, "last_admin")


async def test_a_token_ends_itself_also_an_agents_and_one_for_one_project(manu: Client, place: Place) -> None:
    agent = await place.client("agent:helper", by="user:manu", project="pj")
    for client in (agent, await place.client("user:priya")):
        status, ended = await client.call("DELETE", "/me/token")

        assert (status, ended["token_id"], ended["revoked_at"] is not None) == (200, client.token_id, True)
        assert await refusal(client, "GET", "/me") == (401, "token_revoked")
    assert (await manu.get("/me"))["actor"] == "user:manu"


async def test_a_persons_token_slides_unless_it_was_given_a_time(place: Place) -> None:
    sliding = await place.admin.post("/tokens", {"name": "laptop"})
    fixed = await place.admin.post("/tokens", {"name": "laptop", "expires_in": 3600})
    agents = await place.admin.post("/tokens", {"name": "ci", "actor": "agent:ci"})

    assert [one["sliding"] for one in (sliding, fixed, agents)] == [True, False, False]


# Who may see a project


async def test_a_private_project_is_not_there_for_others(manu: Client, place: Place) -> None:
    owner, outsider = await place.client("user:priya"), await place.client("user:krishna")
    made = await owner.post("/projects", {"name": "secret", "visibility": "private"})
    await owner.post("/projects/secret/sessions", {"name": "s"})
    before = await refusal(outsider, "GET", "/projects/secret")
    added = await put(owner, "/projects/secret/members/user:krishna")
    after = (await outsider.call("GET", "/projects/secret/sessions/s"))[0]
    listed = [one["actor"] for one in (await owner.get("/projects/secret/members"))["items"]]
    status, removed = await owner.call("DELETE", "/projects/secret/members/user:krishna")

    assert made["visibility"] == "private"
    assert before == (404, "no_such_project")
    assert (added["actor"], added["added_by"], after) == ("user:krishna", "user:priya", 200)
    assert listed == ["user:krishna", "user:priya"]
    assert (status, removed) == (200, {"removed": "user:krishna"})
    assert await refusal(outsider, "GET", "/projects/secret") == (404, "no_such_project")
    assert "secret" not in [one["name"] for one in (await outsider.get("/projects"))["items"]]
    assert (await manu.call("GET", "/projects/secret"))[0] == 200  # administrators see every project
    assert await refusal(owner, "PUT", "/projects/secret/members/user:nobody") == (404, "no_such_member")


async def test_only_its_maker_and_administrators_open_and_close_a_project(manu: Client, place: Place) -> None:
    krishna = await place.client("user:krishna")
    refused = await refusal(krishna, "PUT", "/projects/pj/visibility", {"visibility": "private"})
    closed_to_others = await put(manu, "/projects/pj/visibility", {"visibility": "private"})
    unseen = await refusal(krishna, "GET", "/projects/pj")
    await put(manu, "/projects/pj/visibility", {"visibility": "org"})

    assert refused == (403, "admin_only")
    assert closed_to_others["visibility"] == "private"
    assert unseen == (404, "no_such_project")
    assert (await krishna.call("GET", "/projects/pj"))[0] == 200


async def test_an_archived_project_is_opened_again(manu: Client) -> None:
    await manu.post("/projects/pj/archive")
    restored = await manu.post("/projects/pj/restore")

    assert restored["archived_at"] is None
    assert (await manu.get("/projects/pj/sessions/fxm"))["archived_at"] is None
    assert (await manu.post("/projects/pj/sessions/fxm/join"))["claimed"]


async def test_a_token_for_another_project_sees_none_of_it(manu: Client, place: Place) -> None:
    await manu.post("/projects", {"name": "other"})
    limited = await place.client("agent:helper", by="user:manu", project="other")
    delivery = (await manu.post("/projects/pj/sessions/fxm/inject", {"body": "hello"}))["delivery_id"]
    for method, path, body in [
        ("POST", "/projects/pj/restore", None),
        ("PUT", "/projects/pj/visibility", {"visibility": "private"}),
        ("GET", "/projects/pj/members", None),
        ("PUT", "/projects/pj/members/user:manu", None),
        ("DELETE", "/projects/pj/members/user:manu", None),
        ("GET", "/projects/pj/policies", None),
        ("PUT", "/projects/pj/policies", {"sender_class": "human", "policy": "mute"}),
        ("GET", "/projects/pj/sessions/fxm/policies", None),
        ("PUT", "/projects/pj/sessions/fxm/policies", {"sender_class": "human", "policy": "mute"}),
        ("POST", f"/projects/pj/deliveries/{delivery}/decision", {"decision": "send"}),
    ]:
        assert await refusal(limited, method, path, body) == (404, "no_such_project"), path
    for method, path, body in [
        ("GET", "/invites", None),
        ("POST", "/invites", {"email": "a@example.org"}),
        ("DELETE", "/invites/1", None),
        ("GET", "/domains", None),
        ("POST", "/domains", {"domain": "example.org"}),
        ("DELETE", "/domains/example.org", None),
        ("PUT", "/members/manu", {"role": "member"}),
        ("GET", "/audit", None),
        ("GET", "/audit/head", None),
        ("GET", "/audit/export", None),
    ]:
        assert await refusal(limited, method, path, body) == (403, "token_is_for_one_project"), path


# Who may speak to a session


async def test_a_policy_of_the_session_counts_more_than_the_projects(manu: Client) -> None:
    of_project, of_session = "/projects/pj/policies", "/projects/pj/sessions/fxm/policies"
    default = (await manu.get(of_session))["items"]
    await put(manu, of_project, {"sender_class": "agent", "policy": "suggest"})
    inherited = (await manu.get(of_session))["items"]
    own = (await put(manu, of_session, {"sender_class": "agent", "policy": "auto"}))["items"]
    taken_back = (await put(manu, of_session, {"sender_class": "agent", "policy": None}))["items"]

    def told(items: list[dict[str, Any]]) -> tuple[str, str]:
        return next((one["policy"], one["set_on"]) for one in items if one["sender_class"] == "agent")

    assert [one["sender_class"] for one in default] == ["human", "agent", "slack"]
    assert told(default) == ("auto", "default")
    assert told(inherited) == told(taken_back) == ("suggest", "project")
    assert told(own) == ("auto", "session")
    assert await refusal(manu, "PUT", of_project, {"sender_class": "agent"}) == (422, "not_valid")


async def test_advice_that_is_held_waits_for_the_drivers_word(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await put(manu, "/projects/pj/policies", {"sender_class": "human", "policy": "suggest"})
    one = await priya.post("/projects/pj/sessions/fxm/inject", {"body": "Use HS256"})
    two = await priya.post("/projects/pj/sessions/fxm/inject", {"body": "Rewrite it"})
    secret = "AKIA" + "Q3EGRIYJK7ZTPM2W"
    path = "/projects/pj/deliveries/{}/decision"
    refused = await refusal(priya, "POST", path.format(one["delivery_id"]), {"decision": "send"})
    sent = await manu.post(path.format(one["delivery_id"]), {"decision": "send", "body": f"Use RS256, not {secret}"})
    gone = await manu.post(path.format(two["delivery_id"]), {"decision": "dismiss", "reason": "not now"})

    assert (one["state"], two["state"]) == ("held", "held")
    assert refused == (403, "not_driver")
    assert (sent["state"], sent["edited_by"]) == ("queued", "user:manu")
    assert sent["body"].startswith("Use RS256, not [REDACTED")
    assert (gone["state"], gone["reason"]) == ("declined", "not now")
    assert await refusal(manu, "POST", path.format(one["delivery_id"]), {"decision": "send"}) == (
        409,
        "delivery_cannot_become",
    )


async def test_a_muted_sender_is_told_so(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await put(manu, "/projects/pj/sessions/fxm/policies", {"sender_class": "human", "policy": "mute"})

    assert await refusal(priya, "POST", "/projects/pj/sessions/fxm/inject", {"body": "hello"}) == (403, "muted")


# The audit log


async def check(client: Client) -> audit.Chain:
    """Reads the log page by page, as anybody may, and checks it."""
    head = await client.get("/audit/head")
    chain = audit.Chain([audit.Anchor(head["last_id"], head["last_hash"])])
    while True:
        page = await client.get(f"/audit?after={chain.head.audit_id}&limit=2")
        if not page["items"]:
            chain.end()
            return chain
        for row in page["items"]:
            chain.add(row | {"org_id": page["org_id"]})


async def test_the_log_has_what_was_done_and_is_whole(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await manu.post("/tokens", {"name": "Ünïcode ✓ 'quotes' \"double\" \\ \u2028"})
    await manu.post("/invites", {"email": "krishna@example.org"})
    await put(manu, "/members/priya", {"role": "admin"})
    await put(manu, "/projects/pj/visibility", {"visibility": "private"})
    await put(manu, "/projects/pj/policies", {"sender_class": "slack", "policy": "mute"})
    await priya.call("DELETE", "/members/priya")
    rows = (await manu.get("/audit"))["items"]

    assert {"token.issued", "invite.created", "member.role", "project.visibility", "policy.set", "member.left"} <= {
        row["action"] for row in rows
    }
    assert [row["audit_id"] for row in rows] == list(range(1, len(rows) + 1))
    assert (await check(manu)).rows == len(rows)


@pytest.mark.parametrize(
    ("statement", "first", "reason"),
    [
        ("update polaris_data.audit set actor = 'user:nobody' where audit_id = 3", 3, "was changed"),
        ("update polaris_data.audit set at = at + interval '1 microsecond' where audit_id = 3", 3, "was changed"),
        ("delete from polaris_data.audit where audit_id = 3", 3, "is missing"),
        (
            "update polaris_data.audit set audit_id = case audit_id when 3 then 4 else 3 end where audit_id in (3, 4)",
            3,
            "was changed",
        ),
        ("delete from polaris_data.audit where audit_id >= 4", 4, "is missing"),
    ],
)
async def test_whoever_writes_the_table_by_hand_is_found(
    place: Place, db: Any, statement: str, first: int, reason: str
) -> None:
    for number in range(6):
        await place.admin.post("/tokens", {"name": f"t{number}"})
    await check(place.admin)
    db.execute("alter table polaris_data.audit disable trigger user")
    db.execute("alter table polaris_data.audit drop constraint audit_pkey")
    db.execute(f"{statement.replace(' where ', f' where org_id = {place.org_id} and ')}")

    with pytest.raises(audit.Broken) as found:
        await check(place.admin)
    assert (found.value.audit_id, reason in found.value.reason) == (first, True)


async def test_an_export_is_noted_and_can_be_checked_without_the_service(place: Place) -> None:
    for number in range(3):
        await place.admin.post("/tokens", {"name": f"t{number}"})
    async with place.http.get(f"{place.url}/audit/export", headers=place.admin.headers) as answer:
        text, kind = await answer.text(), answer.content_type
    lines = [json.loads(line) for line in text.splitlines()]
    chain = audit.Chain()
    for line in lines:
        chain.add(line)
    head = await place.admin.get("/audit/head")

    assert kind == "application/x-ndjson"
    assert chain.head == (head["last_id"], head["last_hash"])
    assert (lines[-1]["action"], lines[-1]["actor"], lines[-1]["target"]) == ("export", "user:manu", "audit")


# How it ends


async def browser(place: Place, handle: str) -> tuple[str, Live]:
    """Something live that hangs on the browser of *handle*; its cookie."""
    cookie = tokens.new("u")
    digest = hashlib.sha256(cookie.encode()).digest()
    async with place.service.database.connection() as conn:
        person = await place.sql(
            "select p.issuer, p.subject from polaris_data.people p join polaris_data.members m using (person_id) "
            f"where m.org_id = {place.org_id} and m.handle = '{handle}'"
        )
        issuer, subject = person[0]
        row = await calls.sign_in(conn, issuer, subject, None, handle, None, None, digest, "a browser")
    caller = Caller(place.org_id, "acme", f"user:{handle}", "member", None, None, None, b"k", row.web_session_id)
    live = Live(caller, "pj")
    place.service.registry.add(live)
    return cookie, live


@pytest.mark.parametrize("how", ["removed", "left", "noticed late"])
async def test_with_the_membership_everything_ends_that_hangs_on_it(
    manu: Client, place: Place, db: Any, how: str
) -> None:
    priya = await place.client("user:priya")
    cookie, page = await browser(place, "priya")
    _, other = await browser(place, "manu")
    await until(lambda: place.service.listener.is_connected)
    async with (
        priya.socket("/projects/pj/ws") as ws,
        priya.socket("/projects/pj/sessions/fxm/ws") as link,
        priya.stream("/projects/pj/events") as stream,
        manu.socket("/projects/pj/ws") as mine,
        place.http.get(
            f"{place.url}/o/acme/p/pj/live", headers={"Cookie": f"{visitor.cookie_name(place.url)}={cookie}"}
        ) as floor,
    ):
        assert (floor.status, floor.content_type) == (200, "text/event-stream")
        await ws.receive(timeout=5)
        began = time.monotonic()
        if how == "removed":
            assert (await manu.call("DELETE", "/members/priya"))[0] == 200
        elif how == "left":
            assert (await priya.call("DELETE", "/members/priya"))[0] == 200
        else:  # no notification comes at all: the look at every credential finds it
            db.execute("update polaris_data.members set removed_at = now() where handle = 'priya'")
        assert await closed(ws) == TOKEN_DIED
        assert await closed(link) == TOKEN_DIED
        while await stream.next() is not None:
            pass
        await asyncio.wait_for(floor.read(), SOON)
        assert (await asyncio.wait_for(page.ended, SOON)).code == TOKEN_DIED
        while (await priya.call("GET", "/me"))[0] != 401:
            assert time.monotonic() - began < SOON
        took = time.monotonic() - began
        await mine.ping()

        assert took < SOON
        assert not mine.closed
        assert not other.ended.done()
    for live in (page, other):
        place.service.registry.remove(live)


async def test_signing_a_browser_out_ends_what_hangs_on_it(manu: Client, place: Place) -> None:
    cookie, page = await browser(place, "manu")
    _, other = await browser(place, "manu")
    async with place.service.database.connection() as conn:
        assert await calls.close_web_session(conn, hashlib.sha256(cookie.encode()).digest()) == 1

    assert (await asyncio.wait_for(page.ended, SOON)).code == TOKEN_DIED
    assert not other.ended.done()
    async with place.service.database.connection() as conn:
        person = (await place.sql("select person_id from polaris_data.members where handle = 'manu'"))[0][0]
        assert await calls.close_web_sessions(conn, person) == 1
    assert (await asyncio.wait_for(other.ended, SOON)).code == TOKEN_DIED
    for live in (page, other):
        place.service.registry.remove(live)


async def test_who_is_taken_off_a_private_project_watches_it_no_more(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await put(manu, "/projects/pj/visibility", {"visibility": "private"})
    await put(manu, "/projects/pj/members/user:priya")
    async with priya.socket("/projects/pj/ws") as ws:
        assert (await ws.receive(timeout=5)).type is WSMsgType.TEXT
        await manu.call("DELETE", "/projects/pj/members/user:priya")

        assert await closed(ws) == 4403
    assert (await priya.call("GET", "/me"))[0] == 200


async def test_a_token_that_slides_does_so_while_only_a_socket_uses_it(
    manu: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polaris.http.live.TOUCH_SECONDS", 0.0)
    token = await place.client("user:priya", sliding=True)
    token_id = token.token_id
    async with token.socket("/projects/pj/ws") as ws:
        await ws.receive(timeout=5)
        await place.sql(
            "update polaris_data.tokens set last_used_at = now() - interval '2 minutes', "
            f"expires_at = now() + interval '1 hour' where token_id = {token_id}"
        )

        async def slid() -> bool:
            rows = await place.sql(
                f"select expires_at > now() + interval '1 day' from polaris_data.tokens where token_id = {token_id}"
            )
            return bool(rows[0][0])

        await until(slid)
        assert not ws.closed


async def test_a_live_socket_outlasts_the_expiry_that_it_was_opened_with(manu: Client, place: Place) -> None:
    token = await place.client("user:priya")
    await place.sql(
        f"update polaris_data.tokens set expires_at = now() + interval '2 seconds' where token_id = {token.token_id}"
    )
    async with token.socket("/projects/pj/ws") as ws:
        await ws.receive(timeout=5)
        await place.sql(
            f"update polaris_data.tokens set expires_at = now() + interval '1 hour' where token_id = {token.token_id}"
        )
        await asyncio.wait([asyncio.ensure_future(closed(ws))], timeout=3.5)

        assert not ws.closed
        await place.sql(f"update polaris_data.tokens set expires_at = now() where token_id = {token.token_id}")
        await until(lambda: ws.closed)
        assert ws.close_code == TOKEN_DIED
