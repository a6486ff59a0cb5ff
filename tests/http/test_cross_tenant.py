"""Two organizations that know each other's names: nothing of the one ever reaches the other, nor is moved by it.

What is tried comes from the two tables, `polaris.http.api.OPERATIONS` and `polaris.http.web.pages.PAGES`: each row with
every mixture of own and foreign names in its path, in both directions. A row that takes something needs a recipe below;
without one the test fails.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from api_place import QUICK, Place, receive, running
from slack_pages import UNASKED
from two_orgs import Answer, Side, ask, ask_socket

from polaris import model
from polaris.http.api import OPERATIONS
from polaris.http.operations import Operation
from polaris.http.web import visitor as visitors
from polaris.http.web.pages import PAGES
from polaris.http.web.site import Page

Fill = Callable[[Side], Any]
LIMITS = replace(QUICK, maintain_seconds=60)


def plain(value: Any) -> Fill:
    return lambda other: value


# Recipes: what goes along with a request; names of the *other* side wherever a name can stand.

BODIES: dict[str, Fill] = {
    "push_events": plain({"events": [{"client_id": "mine", "kind": "prompt", "epoch": 1, "body": "mine"}]}),
    "create_project": lambda other: {"name": "new", "visibility": "private"},
    "set_visibility": plain({"visibility": "org"}),
    "set_project_policy": plain({"sender_class": "human", "policy": "auto"}),
    "set_session_policy": plain({"sender_class": "human", "policy": "auto"}),
    "say": plain({"body": "mine", "client_id": "mine"}),
    "annotate": lambda other: {"what": "decision", "body": "mine", "session": other.theirs["s"]},
    "close_annotation": plain({"body": "mine"}),
    "create_session": lambda other: {"name": other.theirs["s"]},
    "release_driver": plain({"epoch": 99}),
    "ask_seat": plain({"note": "mine"}),
    "answer_seat_request": plain({"answer": "decline"}),
    "take_over_seat": plain({"epoch": 99, "reason": "mine"}),
    "inject": plain({"body": "mine", "client_id": "mine"}),
    "settle_delivery": plain({"state": "declined", "reason": "mine"}),
    "decide_delivery": plain({"decision": "dismiss"}),
    "issue_token": lambda other: {"name": "mine", "actor": other.theirs["actor"]},
    "add_member": lambda other: {"handle": other.theirs["handle"], "email": "mine@example.org"},
    "set_role": plain({"role": "admin"}),
    "invite": lambda other: {"email": "mine@example.org", "handle": other.theirs["handle"]},
    "add_domain": lambda other: {"domain": other.theirs["domain"]},
    "set_retention": plain({"keep_days": 36500}),
    "set_project_retention": plain({"keep_days": 36500}),
    "place_hold": lambda other: {"project": other.theirs["p"], "reason": "mine"},
    "erase_person": plain({"participant": "user:spare", "reason": "mine"}),
    "erase_session": plain({"reason": "mine"}),
}
QUERIES: dict[type, Callable[[Side], list[str]]] = {
    model.ProjectHistoryQuery: lambda other: [
        "after=0&limit=1000",
        f"session={other.theirs['s']}",
        f"actor={other.theirs['actor']}",
    ],
    model.SearchQuery: lambda other: ["", f"q=&actor={other.theirs['actor']}", f"project={other.theirs['p']}&q=a*"],
    model.HistoryQuery: lambda other: ["after=0&limit=1000", f"actor={other.theirs['actor']}"],
    model.StreamQuery: lambda other: ["after=0"],
    model.DeliveriesQuery: lambda other: ["limit=1000"],
    model.SeatRequestsQuery: lambda other: ["limit=1000"],
    model.CommitsQuery: lambda other: ["limit=1000", f"session={other.theirs['s']}"],
    model.FilesQuery: lambda other: ["path=a.py&reads=true", f"path=a.py&project={other.theirs['p']}"],
    model.ExportQuery: lambda other: ["", "after=0"],
    model.ImportQuery: lambda other: [f"digest={'0' * 64}"],
    model.AuditQuery: lambda other: ["after=0&limit=1000"],
    model.UsageQuery: lambda other: ["by=person", f"project={other.theirs['p']}&session={other.theirs['s']}"],
    model.BriefQuery: lambda other: ["characters=100000"],
    model.ContextQuery: lambda other: [
        "characters=100000",
        f"session={other.theirs['s']}",
        f"by={quote(other.theirs['actor'])}",
    ],
    model.AnnotationsQuery: lambda other: ["limit=1000", f"session={other.theirs['s']}"],
}
# Bodies that are not JSON, as the operation reads them.
RAW: dict[str, Callable[[Side], bytes]] = {"import_project": lambda other: b'{"end":{}}\n'}
# Whatever ends something of one's own does so to a spare one.
SPARED = {
    "archive_project": {"p": "spare"},
    "restore_project": {"p": "restored"},
    "archive_session": {"p": "spare", "s": "spare"},
    "erase_session": {"p": "spare", "s": "spare"},
    "POST /o/{org}/p/{p}/archive": {"p": "spare"},
    "POST /o/{org}/p/{p}/restore": {"p": "restored"},
}
# They make what is named, in one's own organization: there a foreign name is a free one, and afterwards a known one.
MAKERS = ("add_member", "add_domain", "create_session", "join_session", "POST /o/{org}/settings/domains")

FIELDS: dict[str, Fill] = {
    "/o/{org}/projects": plain({"name": "new-page", "visibility": "private"}),
    "/o/{org}/p/{p}/archive": plain({}),
    "/o/{org}/p/{p}/restore": plain({}),
    "/o/{org}/p/{p}/say": plain({"body": "mine"}),
    "/o/{org}/p/{p}/read": plain({"seq": "1"}),
    "/o/{org}/p/{p}/annotations": lambda other: {"what": "decision", "body": "mine", "session": other.theirs["s"]},
    "/o/{org}/p/{p}/annotations/{seq}/close": plain({"body": "mine"}),
    "/o/{org}/p/{p}/s/{s}/advise": plain({"body": "mine"}),
    "/o/{org}/p/{p}/s/{s}/claim": plain({}),
    "/o/{org}/p/{p}/s/{s}/release": plain({"epoch": "99"}),
    "/o/{org}/p/{p}/s/{s}/ask": plain({"note": "mine"}),
    "/o/{org}/p/{p}/s/{s}/requests/{seq}": plain({"answer": "decline"}),
    "/o/{org}/p/{p}/s/{s}/takeover": plain({"epoch": "99", "reason": "mine"}),
    "/o/{org}/p/{p}/s/{s}/policies": plain({"sender_class": "human", "policy": "auto"}),
    "/o/{org}/p/{p}/deliveries/{id}": plain({"decision": "send", "body": "mine"}),
    "/o/{org}/settings/members/{handle}/role": plain({"role": "admin"}),
    "/o/{org}/settings/members/{handle}/remove": plain({}),
    "/o/{org}/settings/invites": lambda other: {
        "email": "mine@example.org",
        "role": "member",
        "handle": other.theirs["handle"],
    },
    "/o/{org}/settings/invites/{id}/revoke": plain({}),
    "/o/{org}/settings/domains": lambda other: {"domain": other.theirs["domain"]},
    "/o/{org}/settings/domains/{domain}/check": plain({}),
    "/o/{org}/settings/domains/{domain}/remove": plain({}),
    "/o/{org}/settings/tokens": lambda other: {"name": "mine", "actor": other.theirs["actor"], "days": "9"},
    "/o/{org}/settings/tokens/{id}/revoke": plain({}),
    "/o/{org}/settings/agents": lambda other: {
        "name": "mine",
        "agent": "mine",
        "days": "9",
        "project": other.theirs["p"],
    },
    "/o/{org}/settings/slack": plain({"digest_hour": "7"}),
    "/o/{org}/settings/slack/connect": plain({}),
    "/o/{org}/settings/slack/channels/{p}": plain({"level": "muted", "hears": "0"}),
    "/o/{org}/settings/slack/people/{user}": lambda other: {"member": other.theirs["handle"]},
    "/o/{org}/settings/slack/disconnect": plain({}),
    "/o/{org}/settings/keeping/retention": lambda other: {"project": other.theirs["p"], "keep_days": "36500"},
    "/o/{org}/settings/keeping/holds": lambda other: {"project": other.theirs["p"], "reason": "mine"},
    "/o/{org}/settings/keeping/holds/{id}/lift": plain({}),
    "/o/{org}/settings/keeping/erasures": lambda other: {
        "target": f"{other.theirs['p']}/{other.theirs['s']}",
        "reason": "mine",
    },
    "/o/{org}/p/{p}/settings/visibility": plain({"visibility": "org"}),
    "/o/{org}/p/{p}/settings/members": lambda other: {"member": other.theirs["actor"]},
    "/o/{org}/p/{p}/settings/members/remove": lambda other: {"member": other.theirs["actor"]},
    "/o/{org}/p/{p}/settings/policies": plain({"human": "auto"}),
}
# Pages that are not of an organization's members: path and form, with the other's names.
LOGIN = {
    "redirect_uri": "http://127.0.0.1:9/callback",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
    "state": "a-state-of-mine",
    "decision": "allow",
}
OUTSIDE: dict[str, Fill] = {
    "GET /": plain(("/", {})),
    "GET /sign-in": lambda other: (f"/sign-in?next=/o/{other.slug}", {}),
    "GET /sign-in/oidc": lambda other: (f"/sign-in/oidc?next=/o/{other.slug}", {}),
    "GET /sign-in/callback": plain(("/sign-in/callback?state=x&code=y", {})),
    "POST /sign-in/local": lambda other: ("/sign-in/local", {"person": f"{other.org_id}:manu"}),
    "GET /sign-up": plain(("/sign-up", {})),
    "POST /sign-up": lambda other: ("/sign-up", {"name": "Mine", "slug": other.slug, "handle": "mine"}),
    "GET /o": plain(("/o?all", {})),
    "POST /o/{org}/join": lambda other: (f"/o/{other.slug}/join", {"handle": "mine"}),
    "GET /cli/authorize": lambda other: (
        "/cli/authorize?" + "&".join(f"{k}={quote(v)}" for k, v in LOGIN.items()),
        {},
    ),
    "POST /cli/authorize": lambda other: ("/cli/authorize", LOGIN | {"org": other.slug}),
    "GET /device": plain(("/device?user_code=BCDF-GHJK", {})),
    "POST /device": lambda other: ("/device", {"user_code": "BCDF-GHJK", "decision": "allow", "org": other.slug}),
    "POST /cli/device": plain(("/cli/device", {"machine": "mine"})),
    "POST /cli/token": lambda other: (
        "/cli/token",
        {"grant_type": "authorization_code", "code": other.theirs["secret"], "code_verifier": "v" * 43},
    ),
    "GET /slack/oauth/callback": lambda other: (f"/slack/oauth/callback?code=x&state={other.theirs['state']}", {}),
    "POST /sign-out": plain(("/sign-out", {"everywhere": "1"})),
}
# A link of an invitation opens for whoever has it: the other's secret is tried where it does not belong.
LINKS = ("/invites/{org}/{secret}",)


@pytest.fixture
async def place(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    async with running(database, tmp_path, LIMITS, lease_seconds=3600, local_sign_in=False, **UNASKED) as found:
        yield found


@pytest.fixture
async def sides(place: Place) -> tuple[Side, Side]:
    one, two = await Side(place, "okapi", "zanzibar").build(), await Side(place, "quagga", "timbuktu").build()
    return one, two


@dataclass
class Attempt:
    """One request of one side at a path that may hold names of the other one."""

    me: Side
    other: Side
    path: str
    foreign: tuple[str, ...]  # which of the path's names are the other's


def parameters(path: str) -> list[str]:
    """The names in a path; an ``{id}`` is told by what stands before it."""
    kinds = {"deliveries": "id of a delivery", "tokens": "id of a token", "invites": "id of an invite"}
    kinds["holds"] = "id of a hold"
    found = []
    for before, name in re.findall(r"([\w-]+)/\{(\w+)\}", path):
        found.append(kinds[before] if name == "id" else name)
    return found


def filled(path: str, values: list[str]) -> str:
    left = iter(values)
    return re.sub(r"\{\w+\}", lambda _: quote(next(left), safe=""), path)


def mixtures(me: Side, other: Side, path: str, spared: dict[str, str]) -> Iterator[Attempt]:
    """The path with every choice of own and foreign names; all own ones come last, because they may end something."""
    names = parameters(path)
    for choice in itertools.product((True, False), repeat=len(names)):
        foreign = tuple(name for name, theirs in zip(names, choice, strict=True) if theirs)
        values = [
            other.theirs[n] if n in foreign else (spared | me.own if not spared else me.own | spared)[n] for n in names
        ]
        yield Attempt(me, other, filled(path, values), foreign)


class Trial:
    """Collects what is wrong, so that one run tells all of it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.answers = 0
        self.made = ""  # by this side, under names of the other one

    def judge(self, what: str, side: Side, sent: str, got: Answer, allowed: set[int]) -> None:
        self.answers += 1
        leaks = side.leaks(f"{sent} {self.made}", got.text)
        if leaks:
            self.wrong.append(f"{what}: {got.status} shows {leaks}")
        if got.status not in allowed:
            self.wrong.append(f"{what}: {got.status} instead of {sorted(allowed)}: {got.text[-300:]}")


@pytest.mark.timeout(400)
async def test_no_operation_shows_or_moves_anything_of_another_organization(sides: tuple[Side, Side]) -> None:
    assert {o.name for o in OPERATIONS if o.body} == set(BODIES)
    assert {o.query for o in OPERATIONS if o.query} == set(QUERIES)
    trial = Trial()
    for me, other in (sides, sides[::-1]):
        before = await other.dump()
        trial.made = ""
        last = (*MAKERS, "sign_out")  # which ends the asking tokens
        for operation in sorted(OPERATIONS, key=lambda o: last.index(o.name) if o.name in last else -1):
            await _try_operation(trial, operation, me, other)
        after = await other.dump()
        assert {t: rows for t, rows in after.items() if rows != before[t]} == {}

    assert not trial.wrong, "\n".join(trial.wrong)
    assert trial.answers > 4 * len(OPERATIONS)


async def _try_operation(trial: Trial, operation: Operation, me: Side, other: Side) -> None:
    queries = QUERIES[operation.query](other) if operation.query else [""]
    body = BODIES[operation.name](other) if operation.body else None
    if operation.accepts:
        body = RAW[operation.name](other)
    callers = {"admin": me.admin, "agent": me.agent, "token of one project": me.limited}
    documented = {operation.status, 101, *operation.codes()}
    if operation.name in MAKERS:
        trial.made += f" {filled(operation.path, [other.theirs[n] for n in parameters(operation.path)])} {body}"
    for attempt in mixtures(me, other, operation.path, SPARED.get(operation.name, {})):
        for (who, client), query in itertools.product(callers.items(), queries):
            path = f"{attempt.path}?{query}" if query else attempt.path
            foreign = attempt.foreign or re.search(r"session=", query)
            allowed = {404} if foreign else documented
            if operation.name == "join_session":
                allowed = documented
            elif who != "admin" and not {"p", "s"} & {*attempt.foreign}:
                allowed = allowed | {403}  # that somebody may do nothing of the kind comes before whom it is about
            got = await _ask_operation(me, operation, path, client.headers, body)
            trial.judge(f"{who} of {me.slug}: {operation.name} {path}", other, f"{path} {body}", got, allowed)
        # A cookie is no token, whatever it holds, and a browser's cookie is none in the header either.
        cookie = f"{visitors.cookie_name(me.place.url)}={me.browser.cookie}"
        for headers in ({}, {"Cookie": cookie}, {"Authorization": f"Bearer {me.browser.cookie}"}):
            got = await _ask_operation(me, operation, attempt.path, headers, body)
            what = f"nobody: {operation.name} {attempt.path} {list(headers)}"
            trial.judge(what, other, f"{attempt.path} {body}", got, documented if operation.public else {401})


async def _ask_operation(me: Side, operation: Operation, path: str, headers: dict[str, str], body: Any) -> Answer:
    if path.split("?")[0].endswith("/ws"):
        return await ask_socket(me.place, path, headers=headers)
    if operation.accepts:
        headers = headers | {"Content-Type": operation.accepts}
        return await ask(me.place, operation.method, path, headers=headers, data=body)
    return await ask(me.place, operation.method, path, headers=headers, json=body)


@pytest.mark.timeout(400)
async def test_no_page_shows_or_moves_anything_of_another_organization(sides: tuple[Side, Side]) -> None:
    assert {p.path for p in PAGES if p.access == "member" and p.method == "POST"} == set(FIELDS)
    outside = {f"{p.method} {p.path}" for p in PAGES if p.access != "member" and p.path not in LINKS}
    assert outside == set(OUTSIDE)
    trial = Trial()
    for me, other in (sides, sides[::-1]):
        before = await other.dump()
        trial.made = ""
        for page in sorted(PAGES, key=lambda p: f"{p.method} {p.path}" in MAKERS):
            if page.access == "member":
                await _try_page(trial, page, me, other)
            elif page.path in LINKS:
                await _try_link(trial, page, me, other)
        for name in OUTSIDE:  # signing out comes last
            method, _ = name.split(" ")
            path, fields = OUTSIDE[name](other)
            got = await _ask_page(me, method, path, me.browser.cookies, fields)
            trial.judge(f"{me.slug}: {name}", other, f"{path} {fields}", got, {200, 303, 400, 403, 404, 409, 429})
        after = await other.dump()
        assert {t: rows for t, rows in after.items() if rows != before[t]} == {}

    assert not trial.wrong, "\n".join(trial.wrong)
    assert trial.answers > 4 * len(PAGES)


async def _try_page(trial: Trial, page: Page, me: Side, other: Side) -> None:
    fields = FIELDS[page.path](other) if page.method == "POST" else {}
    key = f"{page.method} {page.path}"
    if key in MAKERS:
        trial.made += f" {fields}"
    token = {visitors.cookie_name(me.place.url): me.admin.token}
    for attempt in mixtures(me, other, page.path, SPARED.get(key, {})):
        sent = f"{attempt.path} {fields}"
        what = f"{me.slug}: {page.method} {attempt.path}"
        if page.method == "POST":  # a form that another browser's page made
            got = await _ask_page(
                me, page.method, attempt.path, me.browser.cookies, fields | {"csrf": other.browser.csrf}
            )
            trial.judge(f"{what} with a foreign csrf", other, f"{sent} {other.browser.csrf}", got, {403, 404})
        # An event of a project of one's own is found by its number: the other's numbers are the same.
        foreign = [name for name in attempt.foreign if name != "seq"]
        allowed = {404} if foreign else {200, 204, 303, 404, 409, 422, 502}
        got = await _ask_page(me, page.method, attempt.path, me.browser.cookies, fields)
        trial.judge(what, other, sent, got, allowed)
        got = await _ask_page(me, page.method, attempt.path, token, fields)
        trial.judge(f"{what} with a token for a cookie", other, sent, got, {303} if page.method == "GET" else {401})


async def _try_link(trial: Trial, page: Page, me: Side, other: Side) -> None:
    for org, secret in ((other.slug, me.own["secret"]), (me.slug, other.theirs["secret"])):
        path, fields = f"/invites/{org}/{secret}", {"handle": "mine"} if page.method == "POST" else {}
        got = await _ask_page(me, page.method, path, me.browser.cookies, fields)
        trial.judge(f"{me.slug}: {page.method} {path}", other, path, got, {404})


async def _ask_page(me: Side, method: str, path: str, cookies: dict[str, str], fields: dict[str, str]) -> Answer:
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Accept": "text/html",
        "Origin": me.place.url,
        "Sec-Fetch-Site": "same-origin",
    }
    data = {"csrf": me.browser.csrf} | fields if method == "POST" else None
    if path.endswith("/live"):
        path += "?after=0"
    return await ask(me.place, method, path, headers=headers, data=data)


async def test_a_socket_settles_nothing_of_another_organization(sides: tuple[Side, Side]) -> None:
    me, other = sides
    before = await other.dump()
    async with me.admin.socket("/projects/pj/sessions/fxm/ws") as ws:
        await receive(ws, "hello")
        for state in ("sent", "seen", "declined", "queued"):
            await ws.send_json(
                {"type": "settle", "id": 1, "delivery": other.theirs["id of a delivery"], "state": state, "epoch": 1}
            )
            refused = await receive(ws, "problem")
            assert (refused["status"], refused["code"]) == (404, "no_such_delivery")
        await ws.send_json({"type": "heartbeat", "id": 2, "epoch": 1})
        await receive(ws, "lease")

    assert await other.dump() == before


async def test_what_happens_in_one_is_not_heard_in_the_other(sides: tuple[Side, Side]) -> None:
    me, other = sides
    last = (await me.admin.get("/projects/pj"))["last_seq"]
    page = {"Cookie": "; ".join(f"{name}={value}" for name, value in me.browser.cookies.items())}
    heard = ""
    async with (
        me.admin.socket("/projects/pj/ws") as ws,
        me.admin.stream("/projects/pj/events") as stream,
        me.place.http.get(f"{me.place.url}/o/{me.slug}/p/pj/live", headers=page) as live,
    ):
        await receive(ws, "hello")
        await other.admin.post("/projects/pj/messages", {"body": f"{other.word} speaks"})
        await me.admin.post("/projects/pj/messages", {"body": "the end of it"})
        while "the end of it" not in heard:
            heard += (await ws.receive(timeout=15)).data
        sent = await stream.next()
        fragment = ""
        while "the end of it" not in fragment:
            fragment += (await asyncio.wait_for(live.content.readany(), 15)).decode()

    assert sent is not None
    assert int(sent["id"]) == last + 1
    assert other.leaks("", f"{heard} {sent} {fragment}") == []
    assert fragment.count("id: ") == 1
