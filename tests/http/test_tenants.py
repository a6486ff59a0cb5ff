"""Two organizations, and everything that one of them can try with the other's names, numbers and tokens.

Made from the tables of operations and pages, so that a new row is tried, too: it has to say here what it would take.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from api_place import Client, Place, event

from polaris.db import calls
from polaris.http.api import OPERATIONS
from polaris.http.operations import Operation
from polaris.http.web import visitor
from polaris.http.web.pages import PAGES

BODIES: dict[str, Any] = {
    "push_events": {"events": [event()]},
    "say": {"body": "hello"},
    "create_session": {"name": "new"},
    "set_visibility": {"visibility": "private"},
    "set_project_policy": {"sender_class": "human", "policy": "mute"},
    "set_session_policy": {"sender_class": "human", "policy": "mute"},
    "inject": {"body": "hello"},
    "settle_delivery": {"state": "seen", "epoch": 1},
    "decide_delivery": {"decision": "send"},
    "set_role": {"role": "admin"},
}
# Joining makes what is missing: in the caller's own organization, whatever another one calls its projects.
MAKES_ITS_OWN = {"join_session"}
NAMED = [o for o in OPERATIONS if o.params is not None and o.name not in MAKES_ITS_OWN]
LISTS = [o for o in OPERATIONS if o.params is None and o.method == "GET" and not o.public]
KINDS = {"deliverie": "delivery", "token": "token", "invite": "invite"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
async def names(place: Place) -> dict[str, str]:
    """What the organization ``acme`` has, by the names in paths; each of it is acme's alone."""
    manu = place.admin
    await manu.post("/projects/hidden-pj/sessions/hidden-fxm/join")
    await manu.push("hidden-pj", "hidden-fxm", event(body="hidden words"))
    advice = await manu.post("/projects/hidden-pj/sessions/hidden-fxm/inject", {"body": "hidden advice"})
    await place.client("user:hidden-priya")
    await manu.post("/domains", {"domain": "hidden.example"})
    invite = await manu.post("/invites", {"email": "hidden@hidden.example"})
    return {
        "p": "hidden-pj",
        "s": "hidden-fxm",
        "handle": "hidden-priya",
        "actor": "user:hidden-priya",
        "domain": "hidden.example",
        "delivery": advice["delivery_id"],
        "token": str(manu.token_id),
        "invite": str(invite["invite_id"]),
    }


def path_of(operation: Operation, names: dict[str, str]) -> str:
    """The path with acme's names in it; ``{id}`` is of what stands before it."""
    path = re.sub(r"/(deliverie|token|invite)s/{id}", lambda m: f"/{m[1]}s/{names[KINDS[m[1]]]}", operation.path)
    return re.sub(r"{(\w+)}", lambda m: names[m[1]], path)


@pytest.fixture
async def stranger(place: Place) -> Client:
    """The administrator of another organization."""
    return await place.org("other")


async def test_every_operation_on_another_organizations_names_finds_nothing(
    place: Place, names: dict[str, str], stranger: Client
) -> None:
    before = await place.sql("select count(*), max(audit_id) from polaris_data.audit where org_id = %s", place.org_id)
    answers = {}
    for operation in NAMED:
        headers = UPGRADE if operation.path.endswith("/ws") else {}
        body = {"json": BODIES[operation.name]} if operation.body and not operation.body_optional else {}
        status, answer = await stranger.call(operation.method, path_of(operation, names), headers=headers, **body)
        answers[operation.name] = (status, "hidden words" in str(answer) or "hidden advice" in str(answer))

    assert {name: found for name, found in answers.items() if found != (404, False)} == {}
    assert (
        await place.sql("select count(*), max(audit_id) from polaris_data.audit where org_id = %s", place.org_id)
        == before
    )
    assert (await place.admin.get("/me"))["actor"] == "user:manu"


async def test_a_private_project_is_not_there_for_a_member_of_the_same_organization(
    place: Place, names: dict[str, str]
) -> None:
    outsider = await place.client("user:krishna")
    status, _ = await place.admin.call("PUT", "/projects/hidden-pj/visibility", json={"visibility": "private"})
    of_project = [o for o in OPERATIONS if o.path.startswith("/projects/{p}")]
    answers = {}
    for operation in of_project:
        headers = UPGRADE if operation.path.endswith("/ws") else {}
        body = {"json": BODIES[operation.name]} if operation.body and not operation.body_optional else {}
        code, answer = await outsider.call(operation.method, path_of(operation, names), headers=headers, **body)
        answers[operation.name] = (code, answer["code"])

    assert status == 200
    assert len(of_project) > 20
    assert {name: found for name, found in answers.items() if found != (404, "no_such_project")} == {}
    assert "hidden" not in str(await outsider.get("/projects"))


async def test_no_list_shows_what_another_organization_has(names: dict[str, str], stranger: Client) -> None:
    for operation in LISTS:
        status, answer = await stranger.call("GET", operation.path)

        assert status == 200, operation.name
        assert "hidden" not in str(answer), operation.name


async def test_joining_makes_projects_of_the_same_name_that_share_nothing(
    place: Place, names: dict[str, str], stranger: Client
) -> None:
    joined = await stranger.post("/projects/hidden-pj/sessions/hidden-fxm/join")
    await stranger.push("hidden-pj", "hidden-fxm", event(body="other words"))

    assert joined["created"] is True
    assert "other words" not in str(await place.admin.get("/projects/hidden-pj/messages"))
    assert "hidden words" not in str(await stranger.get("/projects/hidden-pj/messages"))
    foreign = await stranger.call("GET", f"/projects/hidden-pj/deliveries/{names['delivery']}")
    assert (foreign[0], foreign[1]["code"]) == (404, "no_such_delivery")


async def test_every_page_of_another_organization_is_not_there(place: Place, names: dict[str, str]) -> None:
    await place.org("other")
    ((issuer, subject),) = await place.sql(
        "select p.issuer, p.subject from polaris_data.people p join polaris_data.members m using (person_id) "
        "join polaris_data.orgs o using (org_id) where o.slug = 'other'"
    )
    async with place.service.database.connection() as conn:
        cookie = await visitor.sign_in(conn, issuer, subject)
        row = await calls.resume_web_session(conn, visitor.digest(cookie))
        csrf = (await visitor.find(conn, cookie)).csrf  # type: ignore[union-attr]
    known = names | {"org": "acme", "seq": "1", "id": names["delivery"], "name": "x", "number": "1"}
    pages = [page for page in PAGES if page.path.startswith("/o/{org}") and page.access == "member"]
    headers = {"Cookie": f"{visitor.cookie_name(place.url)}={cookie}", "X-CSRF-Token": csrf}
    answers = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as http:
        for page in pages:
            path = re.sub(r"{(\w+)(?::[^}]*)?}", lambda m: known.get(m[1], str(uuid4())), page.path)
            async with http.request(page.method, place.url + path, allow_redirects=False) as answer:
                answers[f"{page.method} {page.path}"] = (answer.status, "hidden words" in await answer.text())

    assert row.person_id
    assert len(pages) > 10
    assert {path: found for path, found in answers.items() if found != (404, False)} == {}
