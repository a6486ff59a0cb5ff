"""Settings on the web: who belongs to an organization and how, tokens, agents, the audit log, a project's own."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from api_place import Client, Place
from web_place import Browser, Page

from polaris import audit, tokens
from polaris.http.web import settings_audit, settings_org
from polaris.http.web.dns import Names
from polaris.http.web.mail import Invitation

HERE = "/o/acme/settings"
PAGES = ("members", "domains", "tokens", "agents", "policies", "slack", "audit")


@pytest.fixture
async def manu(place: Place) -> Browser:
    """The administrator's browser."""
    return await Browser(place).sign_in("manu")


@pytest.fixture
async def priya(place: Place) -> Browser:
    """A member's browser."""
    await place.client("user:priya")
    return await Browser(place).sign_in("priya")


def words(page: Page) -> str:
    """What can be read, without markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.text.partition("<main")[2])))


def actions(page: Page) -> set[str]:
    """Where the forms of a page lead."""
    return set(re.findall(r'<form[^>]* action="([^"]*)"', page.text.partition("<main")[2]))


async def members(place: Place) -> dict[str, str]:
    return {m["actor"]: m["role"] for m in (await place.admin.get("/members"))["items"] if not m["removed_at"]}


async def log(place: Place) -> list[dict[str, Any]]:
    return list((await place.admin.get("/audit"))["items"])


# What all of them share


async def test_settings_begin_with_the_members(manu: Browser) -> None:
    assert (await manu.get(HERE, 303)).path == f"{HERE}/members"


@pytest.mark.parametrize("name", PAGES)
async def test_an_administrator_sees_every_page_and_a_stranger_none(manu: Browser, place: Place, name: str) -> None:
    shown = await manu.get(f"{HERE}/{name}")
    stranger = await Browser(place).sign_in_as("https://issuer.example", "s", name="Stranger")

    assert f'href="{HERE}/{name}" aria-current="page"' in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    await stranger.get(f"{HERE}/{name}", 404)


@pytest.mark.parametrize(("name", "status"), [(n, 403 if n in ("domains", "audit") else 200) for n in PAGES])
async def test_a_member_is_led_to_what_members_may_see(priya: Browser, name: str, status: int) -> None:
    page = await priya.get(f"{HERE}/{name}", status)

    assert f'href="{HERE}/tokens"' in (await priya.get(f"{HERE}/members")).text
    assert f'href="{HERE}/audit"' not in page.text


async def test_a_form_that_failed_comes_back_with_the_reason_and_what_was_filled_in(manu: Browser) -> None:
    page = await manu.post(f"{HERE}/invites", 422, email='"><script>', role="admin", handle="")

    assert 'role="alert"' in page.text
    assert "This is not an e-mail address." in words(page)
    assert 'value="&#34;&gt;&lt;script&gt;"' in page.text
    assert '<option value="admin" selected>' in page.text


# Members


async def test_a_role_is_changed_and_a_member_removed(manu: Browser, priya: Browser, place: Place) -> None:
    await manu.post(f"{HERE}/members/priya/role", role="admin")
    promoted = await members(place)
    assert f"{HERE}/members/manu/remove" in actions(await priya.get(f"{HERE}/members"))
    await manu.post(f"{HERE}/members/priya/role", role="member")
    await manu.post(f"{HERE}/members/priya/remove")
    page = await manu.get(f"{HERE}/members")

    assert promoted == {"user:manu": "admin", "user:priya": "admin"}
    assert await members(place) == {"user:manu": "admin"}
    assert "user:priya is not a member any more." in words(page)
    assert "Former members (1)" in words(page)
    await priya.get(f"{HERE}/members", 404)


async def test_the_last_administrator_stays(manu: Browser, place: Place) -> None:
    for path, fields in ((f"{HERE}/members/manu/role", {"role": "member"}), (f"{HERE}/members/manu/remove", {})):
        page = await manu.post(path, 409, **fields)
        assert 'role="alert"' in page.text
    await manu.post(f"{HERE}/members/nobody/remove", 404)

    assert await members(place) == {"user:manu": "admin"}


async def test_a_member_sees_the_list_and_may_only_leave(priya: Browser, place: Place) -> None:
    page = await priya.get(f"{HERE}/members")
    await priya.post(f"{HERE}/members/manu/remove", 403)
    await priya.post(f"{HERE}/members/priya/role", 403, role="admin")
    await priya.post(f"{HERE}/invites", 403, email="a@example.org", role="admin")
    left = await priya.post(f"{HERE}/members/priya/remove")

    assert actions(page) == {f"{HERE}/members/priya/remove"}
    assert "user:manu" in words(page)
    assert left.path == "/o?all"
    assert "You have left Acme." in words(await priya.follow(left))
    assert await members(place) == {"user:manu": "admin"}


# Invitations


async def test_without_a_mail_server_the_link_is_shown_once_and_opens_the_door(manu: Browser, place: Place) -> None:
    page = await manu.post(f"{HERE}/invites", 200, email="Bo@Example.org", role="member", handle="")
    (link,) = set(re.findall(rf"{place.url}(/invites/acme/[\w-]+)", page.text))
    listed = await manu.get(f"{HERE}/members")
    guest = await Browser(place).sign_in_as("https://issuer.example", "bo", email="bo@example.org")
    await guest.post(link, handle="bo")

    assert "No mail server is set up here." in words(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert "bo@example.org" in words(listed)
    assert link.rpartition("/")[2] not in listed.text
    assert (await members(place))["user:bo"] == "member"
    assert "bo@example.org accepted by user:bo" in words(await manu.get(f"{HERE}/members"))


async def test_a_link_that_was_mailed_is_shown_to_nobody_else(
    manu: Browser, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Invitation] = []

    async def send(settings: object, invitation: Invitation) -> None:
        sent.append(invitation)

    monkeypatch.setattr(settings_org, "send_invitation", send)
    answer = await manu.post(f"{HERE}/invites", email="bo@example.org", role="admin")
    page = await manu.follow(answer)

    (mail,) = sent
    assert (mail.to, mail.org_name, mail.invited_by, mail.role) == ("bo@example.org", "Acme", "user:manu", "admin")
    assert mail.link.startswith(f"{place.url}/invites/acme/")
    assert "on its way to bo@example.org" in words(page)
    secret = mail.link.rpartition("/")[2]
    assert secret not in page.text + answer.text + str(answer.headers)


async def test_an_invitation_can_be_for_the_place_of_a_member_of_this_machine(manu: Browser, place: Place) -> None:
    await place.client("user:krishna")
    page = await manu.get(f"{HERE}/members")
    made = await manu.post(f"{HERE}/invites", 200, email="k@example.org", role="member", handle="krishna")
    (link,) = set(re.findall(rf"{place.url}(/invites/acme/[\w-]+)", made.text))
    guest = await Browser(place).sign_in_as("https://issuer.example", "k", email="k@example.org")
    await guest.post(link)

    assert '<option value="krishna">user:krishna</option>' in page.text
    assert "user:krishna" in (await guest.get("/o/acme")).text
    assert '<option value="krishna">' not in (await manu.get(f"{HERE}/members")).text
    await manu.post(f"{HERE}/invites", 409, email="l@example.org", role="member", handle="krishna")


async def test_an_invitation_is_revoked(manu: Browser) -> None:
    made = await manu.post(f"{HERE}/invites", 200, email="bo@example.org", role="member")
    link = re.search(r"/invites/acme/[\w-]+", made.text)
    (form,) = {a for a in actions(await manu.get(f"{HERE}/members")) if a.endswith("/revoke")}
    await manu.post(form)

    assert link
    await manu.get(link[0], 404)
    assert "bo@example.org revoked" in words(await manu.get(f"{HERE}/members"))
    for number in ("999", "x", "9" * 30):
        await manu.post(f"{HERE}/invites/{number}/revoke", 404)


# Domains


async def test_a_domain_is_added_proven_and_removed(manu: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    async def look_up(self: Names, name: str) -> list[str]:
        return texts

    monkeypatch.setattr(Names, "_texts", look_up)
    await manu.post(f"{HERE}/domains", domain="Acme.Example")
    page = await manu.get(f"{HERE}/domains")
    missing = await manu.post(f"{HERE}/domains/acme.example/check", 422)
    wanted = re.search(r"polaris-verify=\w+", page.text)
    assert wanted
    texts.append(wanted[0])
    await manu.post(f"{HERE}/domains/acme.example/check")
    proven = await manu.get(f"{HERE}/domains")
    await manu.post(f"{HERE}/domains/acme.example/remove")

    assert "_polaris.acme.example" in page.text
    assert "has no TXT record with the proof yet" in words(missing)
    assert "By a DNS record" in words(proven)
    assert f"{HERE}/domains/acme.example/check" not in actions(proven)
    assert actions(await manu.get(f"{HERE}/domains")) == {f"{HERE}/domains"}


async def test_what_is_no_domain_or_not_on_the_list_is_said_on_the_page(manu: Browser) -> None:
    page = await manu.post(f"{HERE}/domains", 422, domain="no domain")
    await manu.post(f"{HERE}/domains", 422, domain="")
    await manu.post(f"{HERE}/domains/other.example/check", 404)
    await manu.post(f"{HERE}/domains/other.example/remove", 404)

    assert 'value="no domain"' in page.text


# Tokens


async def test_a_token_is_shown_once_and_works_until_it_is_revoked(priya: Browser, place: Place) -> None:
    page = await priya.post(f"{HERE}/tokens", 200, name="lap<top>", actor="user:priya", days="7", sliding="1")
    (secret,) = set(tokens.PATTERN.findall(page.text))
    client = Client(place.url, "user:priya", secret, 0, place.http)
    row = next(t for t in (await client.get("/tokens"))["items"] if t["name"] == "lap<top>")
    listed = await priya.get(f"{HERE}/tokens")
    await priya.post(f"{HERE}/tokens/{row['token_id']}/revoke")

    assert page.headers["Cache-Control"] == "no-store"
    assert (row["actor"], row["sliding"], row["project"]) == ("user:priya", True, None)
    assert secret not in listed.text
    assert secret not in str(page.headers)
    assert secret[:12] in listed.text
    assert "lap&lt;top&gt;" in listed.text
    assert (await client.call("GET", "/me"))[0] == 401
    assert "Ended tokens (1)" in words(await priya.get(f"{HERE}/tokens"))


async def test_a_token_can_be_for_one_project_and_for_a_fixed_time(manu: Browser, place: Place) -> None:
    await place.admin.post("/projects", {"name": "pj"})
    await manu.post(f"{HERE}/tokens", 200, name="ci", actor="", days="3", project="pj")
    row = next(t for t in (await place.admin.get("/tokens"))["items"] if t["name"] == "ci")
    await manu.post(f"{HERE}/tokens", 404, name="ci", actor="", days="3", project="nope")

    assert (row["actor"], row["project"], row["sliding"]) == ("user:manu", "pj", False)
    assert "pj" in words(await manu.get(f"{HERE}/tokens"))


@pytest.mark.parametrize("days", ["0", "-1", "3651", "99999", "1.5", "x", "²"])
async def test_a_token_lives_for_a_time_that_makes_sense(manu: Browser, days: str) -> None:
    page = await manu.post(f"{HERE}/tokens", 422, name="laptop", actor="user:manu", days=days)

    assert "A token lives for 1 to 3650 days." in words(page)
    assert 'value="laptop"' in page.text
    assert not tokens.PATTERN.search(page.text)


async def test_a_member_sees_and_ends_only_own_tokens(priya: Browser, place: Place) -> None:
    page = await priya.get(f"{HERE}/tokens")
    await priya.post(f"{HERE}/tokens/{place.admin.token_id}/revoke", 404)
    await priya.post(f"{HERE}/tokens", 403, name="mine", actor="user:manu", days="9")

    assert "user:manu" not in words(page)
    assert f"{HERE}/tokens/{place.admin.token_id}/revoke" not in actions(page)
    assert (await place.admin.call("GET", "/me"))[0] == 200


# Agents


async def test_an_agent_begins_with_its_first_token_and_shows_who_runs_it(
    priya: Browser, manu: Browser, place: Place
) -> None:
    page = await priya.post(f"{HERE}/agents", 200, agent="test-writer", name="box", days="30")
    (secret,) = set(tokens.PATTERN.findall(page.text))
    await Client(place.url, "agent:test-writer", secret, 0, place.http).get("/me")
    seen = words(await manu.get(f"{HERE}/agents"))
    (form,) = {a for a in actions(await priya.get(f"{HERE}/agents")) if a.endswith("/revoke")}
    back = await priya.post(form, back="agents")

    assert secret.startswith("plr_a_")
    assert "agent:test-writer" in seen
    assert "Run by user:priya" in seen
    assert "Last seen" in seen
    assert back.path == f"{HERE}/agents"
    assert "no token" in words(await priya.get(f"{HERE}/agents"))


async def test_an_agent_of_somebody_else_is_not_to_be_had(priya: Browser, place: Place) -> None:
    await place.admin.post("/tokens", {"name": "box", "actor": "agent:reviewer"})
    page = await priya.post(f"{HERE}/agents", 403, agent="agent:reviewer", name="box", days="30")

    assert not tokens.PATTERN.search(page.text)
    assert "agent:reviewer" not in words(await priya.get(f"{HERE}/agents"))
    await priya.post(f"{HERE}/agents", 422, agent="Not A Name", name="box", days="30")


# Sender policies and a project's own settings


async def test_policies_of_a_project_are_set_together_and_only_changes_are_noted(manu: Browser, place: Place) -> None:
    await place.admin.post("/projects", {"name": "pj"})
    here = "/o/acme/p/pj/settings"
    await manu.post(f"{here}/policies", human="auto", agent="suggest", slack="mute")
    await manu.post(f"{here}/policies", human="auto", agent="suggest", slack="mute")
    overview = words(await manu.get(f"{HERE}/policies"))
    noted = [json.loads(row["detail"]) for row in await log(place) if row["action"] == "policy.set"]

    assert "pj auto suggest mute" in overview
    assert noted == [
        {"sender_class": "agent", "policy": "suggest"},
        {"sender_class": "slack", "policy": "mute"},
    ]
    await manu.post(f"{here}/policies", 422, human="shout")
    assert "Agents: suggest, set by user:manu" in words(await manu.get(here))


async def test_a_private_project_has_a_list_and_who_is_not_on_it_sees_nothing(
    manu: Browser, priya: Browser, place: Place
) -> None:
    await place.admin.post("/projects", {"name": "pj"})
    here = "/o/acme/p/pj/settings"
    assert actions(await priya.get(here)) == set()
    await manu.post(f"{here}/visibility", visibility="private")
    await priya.get(here, 404)
    await manu.post(f"{here}/members", member="priya")
    await manu.post(f"{here}/members", member="agent:test-writer")
    page = await priya.get(here)
    left = await priya.post(f"{here}/members/remove", member="user:priya")

    assert actions(page) == {f"{here}/members/remove"}  # to leave
    assert "agent:test-writer" in words(page)
    assert left.path == "/o/acme"
    await priya.get(here, 404)
    assert "user:priya" not in words(await manu.get(here))
    await manu.post(f"{here}/members", 404, member="nobody")
    await manu.post(f"{here}/members/remove", 404, member="user:priya")
    await manu.post(f"{here}/visibility", visibility="org")
    await priya.get(here)


async def test_who_made_a_project_changes_it_and_others_do_not(manu: Browser, priya: Browser, place: Place) -> None:
    krishna_client = await place.client("user:krishna")
    await krishna_client.post("/projects", {"name": "pj"})
    krishna, here = await Browser(place).sign_in("krishna"), "/o/acme/p/pj/settings"
    forms: list[tuple[str, dict[str, str]]] = [
        ("policies", {"human": "mute"}),
        ("members", {"member": "user:manu"}),
        ("visibility", {"visibility": "private"}),
    ]
    for path, fields in forms:
        await priya.post(f"{here}/{path}", 403, **fields)
    for path, fields in forms:
        await krishna.post(f"{here}/{path}", **fields)

    assert "user:krishna" in words(await krishna.get(here))
    assert {f"{here}/visibility", f"{here}/policies", "/o/acme/p/pj/archive"} <= actions(await krishna.get(here))


async def test_an_archived_project_can_be_restored_from_its_settings(manu: Browser, place: Place) -> None:
    await place.admin.post("/projects", {"name": "pj"})
    await manu.post("/o/acme/p/pj/archive")
    page = await manu.get("/o/acme/p/pj/settings")
    overview = words(await manu.get(f"{HERE}/policies"))
    await manu.post("/o/acme/p/pj/restore")

    assert "/o/acme/p/pj/restore" in actions(page)
    assert "No projects yet" in overview
    assert "/o/acme/p/pj/archive" in actions(await manu.get("/o/acme/p/pj/settings"))


# The audit log


async def test_the_log_is_shown_newest_first_in_words_and_by_pages(manu: Browser, place: Place) -> None:
    await place.admin.post("/projects", {"name": "pj"})
    for number in range(60):
        body = {"sender_class": "human", "policy": "mute" if number % 2 else "auto"}
        assert (await place.admin.call("PUT", "/projects/pj/policies", json=body))[0] == 200
    numbers: list[int] = []
    path: str | None = f"{HERE}/audit"
    while path:
        page = await manu.get(path)
        numbers += [int(n) for n in re.findall(r'data-label="Number"[^>]*>(\d+)<', page.text)]
        older = re.search(r'rel="next" href="([^"]*)"', page.text)
        path = unescape(older[1]) if older else None
    head = await place.admin.get("/audit/head")

    assert numbers == list(range(head["last_id"], 0, -1))
    first = await manu.get(f"{HERE}/audit")
    assert "set who may speak to pj" in words(first)
    assert f"{head['last_id']}:{head['last_hash']}" in first.text
    await manu.get(f"{HERE}/audit?before=x", 422)
    assert "Nothing here." in words(await manu.get(f"{HERE}/audit?before=1"))


async def test_the_log_can_be_looked_through_for_one_kind_of_action(manu: Browser, place: Place) -> None:
    await place.admin.post("/projects", {"name": "pj", "visibility": "private"})
    await place.admin.call("PUT", "/projects/pj/policies", json={"sender_class": "human", "policy": "mute"})
    page = words(await manu.get(f"{HERE}/audit?of=policy"))

    assert "set who may speak to pj policy.set" in page
    assert "signed in" not in page
    assert "Nothing of this kind" in words(await manu.get(f"{HERE}/audit?of=domain"))


async def test_every_action_that_the_database_writes_has_words_and_a_group() -> None:
    sources = Path(__file__).parents[2] / "sql" / "functions"
    written = set()
    for file in sources.glob("*/*.sql"):
        for statement in re.findall(r"write_audit\((.*?)\);", file.read_text(), re.S):
            written |= set(re.findall(r"'((?:org|sign_in|[a-z]+)\.[a-z_]+|sign_in|export)'", statement))
    written.discard("sign_in.refused")  # in the log of the installation, which no page shows

    assert len(written) > 15
    assert written <= set(settings_audit.WORDS)
    assert {action.split(".")[0] for action in written} <= {group for group, _ in settings_audit.GROUPS}


async def test_the_export_is_noted_and_is_what_verify_reads(manu: Browser, priya: Browser, place: Place) -> None:
    answer = await manu.get(f"{HERE}/audit.jsonl")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    chain = audit.Chain()
    for line in lines:
        chain.add(line)
    chain.end()

    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-acme.jsonl"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (lines[-1]["action"], lines[-1]["actor"]) == ("export", "user:manu")
    assert str(chain.head) in (await manu.get(f"{HERE}/audit")).text
    before = len(await log(place))
    await priya.get(f"{HERE}/audit.jsonl", 403)
    assert len(await log(place)) == before
