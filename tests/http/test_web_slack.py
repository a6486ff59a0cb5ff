"""Slack on the web: connecting through the stand-in for Slack, what the page says in each state, people, channels."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from api_place import Place, running, settle
from slack_pages import KEY, ask, channel, connected, fake, led, peopled, person, with_slack
from web_place import Browser, Page

from polaris.bridge.seal import Seal, new_key
from polaris.db import slack_calls
from polaris.demo_slack import FakeSlack

HERE = "/o/acme/settings/slack"
TOKEN = re.compile(r"xoxb-[\w-]+")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake() as found:
        yield found


@pytest.fixture
async def place(database: Any, tmp_path: Path, slack: FakeSlack) -> AsyncIterator[Place]:
    async with with_slack(database, tmp_path, slack) as found:
        yield found


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


async def begin(browser: Browser) -> str:
    """Presses the button; answers where Slack's page is."""
    answer = await browser.post(f"{HERE}/connect")
    assert answer.path is not None
    return answer.path


def back(location: str) -> str:
    """The path and the question of an address of ours."""
    place = urlsplit(location)
    return f"{place.path}?{place.query}"


async def row(place: Place) -> slack_calls.SlackRow | None:
    return next(iter(await ask(place, slack_calls.get_slack, "user:manu")), None)


# The way there and back


async def test_a_workspace_is_connected_with_a_sealed_token(
    manu: Browser, place: Place, slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    location = await begin(manu)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    answer = await manu.get(back(slack.grant(location, "T1")), 303)
    page = await manu.follow(answer)

    assert location.startswith(f"{slack.url}/oauth/v2/authorize?")
    assert asked["redirect_uri"] == f"{place.url}/slack/oauth/callback"
    assert set(asked) == {"client_id", "scope", "redirect_uri", "state"}
    assert answer.path == HERE
    assert "Acme is connected." in words(page)
    (kept,) = await place.service.database.ask(slack_calls.list_slack_workspaces)
    (token,) = slack.tokens
    assert Seal.of(place.service.settings).open(kept.token, kept.token_key) == token
    assert (kept.team_id, kept.app_id, kept.bot_user_id, kept.bot_id) == ("T1", "A0POLARIS", "UBOT1", "B1")
    found = await row(place)
    assert found is not None
    assert (found.state, found.name, found.url, found.connected_by) == (
        "connected",
        "Acme",
        "https://acme.slack.com/",
        "user:manu",
    )
    (exchange,) = slack.called("oauth.v2.access", "ok")
    assert exchange.args["client_secret"] == slack.client_secret
    (logged,) = [entry for entry in (await place.admin.get("/audit"))["items"] if entry["action"] == "slack.connected"]
    seen = page.text + str(answer.headers) + json.dumps(logged) + caplog.text
    assert not TOKEN.search(seen)
    assert slack.client_secret not in seen


async def test_only_the_browser_that_began_can_finish_and_only_once(
    manu: Browser, place: Place, slack: FakeSlack
) -> None:
    granted = back(slack.grant(await begin(manu), "T1"))
    other = await Browser(place).sign_in("manu")
    refused = await other.get(granted, 404)
    await manu.get(granted, 303)
    again = await manu.get(granted, 404)
    stranger = await Browser(place).get(granted, 303)

    assert "This connection was not begun here, or it is over." in words(refused)
    assert "Slack was not connected" in words(again)
    assert stranger.path is not None
    assert stranger.path.startswith("/sign-in?next=")


async def test_a_member_cannot_connect_nor_finish_what_they_began_as_an_administrator(
    manu: Browser, priya: Browser, place: Place, slack: FakeSlack
) -> None:
    await priya.post(f"{HERE}/connect", 403)
    await manu.post("/o/acme/settings/members/priya/role", role="admin")
    granted = back(slack.grant(await begin(priya), "T1"))
    await manu.post("/o/acme/settings/members/priya/role", role="member")
    await priya.get(granted, 403)

    assert await row(place) is None
    assert not slack.called("oauth.v2.access")


async def test_what_somebody_does_not_allow_is_said_and_used_up(manu: Browser, slack: FakeSlack) -> None:
    location = await begin(manu)
    page = await manu.get(back(slack.deny(location)), 403)

    assert "You did not allow it in Slack." in words(page)
    assert f'href="{HERE}"' in page.text
    await manu.get(back(slack.grant(location, "T1")), 404)


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ({"error": "invalid_code"}, 403, "Slack said no: invalid_code."),
        ({"error": "bad_client_secret"}, 403, "POLARIS_SLACK_CLIENT_SECRET is not that of the app."),
        ({"error": "<script>"}, 403, "Slack said no: unknown."),
        ({"status": 500}, 502, "Slack does not answer as it should."),
        ({"status": 429}, 502, "Slack does not answer as it should."),
        ({"drop": True}, 502, "Slack does not answer as it should."),
    ],
)
async def test_a_code_that_slack_does_not_take_is_a_page_that_says_why(
    manu: Browser, place: Place, slack: FakeSlack, how: dict[str, Any], status: int, said: str
) -> None:
    slack.fail("oauth.v2.access", **how)
    page = await manu.get(back(slack.grant(await begin(manu), "T1")), status)

    assert said in words(page)
    assert await row(place) is None


async def test_an_error_in_the_answer_shows_no_more_than_its_code(manu: Browser) -> None:
    state = parse_qs(urlsplit(await begin(manu)).query)["state"][0]
    page = await manu.get(f"/slack/oauth/callback?state={state}&error=%3Cb%3Ehello", 403)

    assert "Slack said no: unknown." in words(page)


async def test_an_installation_for_a_whole_grid_is_refused(manu: Browser, place: Place, slack: FakeSlack) -> None:
    page = await manu.get(back(slack.grant(await begin(manu), "T1", enterprise=True)), 422)

    assert "Choose one workspace" in words(page)
    assert await row(place) is None


async def test_an_app_that_lacks_permissions_is_refused_with_their_names(
    manu: Browser, place: Place, slack: FakeSlack
) -> None:
    location = re.sub("scope=[^&]*", "scope=chat%3Awrite%2Cusers%3Aread", await begin(manu))
    page = await manu.get(back(slack.grant(location, "T1")), 422)

    assert "channels:history" in words(page)
    assert "users:read.email" in words(page)
    assert await row(place) is None


async def test_a_workspace_belongs_to_one_organization(manu: Browser, place: Place, slack: FakeSlack) -> None:
    await manu.get(back(slack.grant(await begin(manu), "T1")), 303)
    await place.org("globex")
    ((other,),) = await place.sql("select org_id from polaris_data.orgs where slug = 'globex'")
    theirs = await Browser(place).sign_in("manu", other)
    answer = await theirs.post("/o/globex/settings/slack/connect")
    page = await theirs.get(back(slack.grant(str(answer.path), "T1")), 409)

    assert "connected to another organization" in words(page)
    assert not slack.called("auth.revoke")  # the token is the one that the other organization has
    (kept,) = await place.service.database.ask(slack_calls.list_slack_workspaces)
    assert kept.org_id == place.org_id


async def test_connecting_again_asks_for_the_same_workspace(manu: Browser, place: Place, slack: FakeSlack) -> None:
    await connected(place)
    asked = parse_qs(urlsplit(await begin(manu)).query)

    assert asked["team"] == ["T1"]


async def test_the_form_may_lead_to_slack_and_nowhere_else(manu: Browser, slack: FakeSlack) -> None:
    shown = await manu.get(HERE)
    other = await manu.get("/o/acme/settings/members")

    assert f"form-action 'self' {slack.url};" in shown.headers["Content-Security-Policy"]
    assert "form-action 'self';" in other.headers["Content-Security-Policy"]


async def test_with_the_real_slack_the_form_may_lead_on_to_the_workspace(database: Any, tmp_path: Path) -> None:
    secrets = {"slack_client_id": "1.2", "slack_client_secret": "s", "slack_keys": (KEY,)}
    async with running(database, tmp_path, **secrets) as found:
        await settle(found)
        page = await (await Browser(found).sign_in("manu")).get(HERE)

    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://slack.com https://*.slack.com;" in policy


async def test_slack_that_cannot_reach_the_service_is_told(database: Any, tmp_path: Path) -> None:
    secrets = {"slack_client_id": "1.2", "slack_client_secret": "s", "slack_keys": (KEY,)}
    async with running(database, tmp_path, **secrets) as found:
        await settle(found)
        await connected(found)
        await led(found)
        deaf = await (await Browser(found).sign_in("manu")).get(HERE)
        found.service.settings = found.service.settings.replace(slack_ingress="socket")
        socket = await (await Browser(found).sign_in("manu")).get(HERE)

    assert "Slack cannot reach this service." in words(deaf)
    assert "Slack cannot reach this service." not in words(socket)
    assert "the bridge fetches them (Socket Mode)" in words(socket)


# The end


async def test_disconnecting_deletes_what_came_from_slack_and_tells_slack(
    manu: Browser, place: Place, slack: FakeSlack
) -> None:
    await manu.get(back(slack.grant(await begin(manu), "T1")), 303)
    fence = await led(place)
    await peopled(place, fence, person("U1", "Manu", "manu@acme.example"))
    page = await manu.follow(await manu.post(f"{HERE}/disconnect"))

    found = await row(place)
    assert found is not None
    assert (found.state, found.reason) == ("disconnected", "administrator")
    assert "Slack is disconnected, and what came from there is deleted." in words(page)
    assert "An administrator disconnected it." in words(page)
    assert "could not be told" not in words(page)
    assert await place.sql("select from polaris_data.slack_people") == []
    assert slack.called("auth.revoke", "ok")
    assert f"{HERE}/connect" in actions(page)


async def test_disconnecting_ends_here_even_when_slack_does_not_answer(
    manu: Browser, place: Place, slack: FakeSlack
) -> None:
    await manu.get(back(slack.grant(await begin(manu), "T1")), 303)
    slack.fail("auth.revoke", status=500)
    page = await manu.follow(await manu.post(f"{HERE}/disconnect"))

    found = await row(place)
    assert found is not None
    assert found.state == "disconnected"
    assert "Slack could not be told: remove the app there, too." in words(page)


async def test_a_member_cannot_disconnect(priya: Browser, place: Place, slack: FakeSlack) -> None:
    await connected(place)
    await priya.post(f"{HERE}/disconnect", 403)

    found = await row(place)
    assert found is not None
    assert found.state == "connected"
    assert not slack.called("auth.revoke")


async def test_where_nothing_is_connected_nothing_is_disconnected(manu: Browser) -> None:
    page = await manu.post(f"{HERE}/disconnect", 404)

    assert "No Slack workspace is connected." in words(page)


# What the page says


async def test_without_an_app_the_page_says_how_to_get_one(database: Any, tmp_path: Path) -> None:
    async with running(database, tmp_path) as found:
        await settle(found)
        await found.client("user:priya")
        page = await (await Browser(found).sign_in("manu")).get(HERE)
        members = await (await Browser(found).sign_in("priya")).get(HERE)
        refused = await (await Browser(found).sign_in("manu")).post(f"{HERE}/connect", 404)

    assert "No Slack app is set up here" in words(page)
    assert "polaris slack new-key" in words(page)
    assert "https://api.slack.com/apps?new_app=1&amp;manifest_json=" in page.text
    assert f'"{found.url}/slack/oauth/callback"' in words(page)
    assert "Ask whoever runs this service" in words(members)
    assert "manifest" not in words(members)
    assert "There is no Slack app here." in words(refused)


async def test_without_a_key_nobody_is_sent_to_slack(database: Any, tmp_path: Path, slack: FakeSlack) -> None:
    async with with_slack(database, tmp_path, slack, slack_keys=()) as place:
        manu = await Browser(place).sign_in("manu")
        page = await manu.get(HERE)
        refused = await manu.post(f"{HERE}/connect", 404)

    assert "The key is missing" in words(page)
    assert f"{HERE}/connect" not in actions(page)
    assert "polaris slack new-key" in words(refused)


async def test_a_service_that_lost_its_app_says_so(database: Any, tmp_path: Path) -> None:
    async with running(database, tmp_path) as place:
        await settle(place)
        await connected(place)
        page = await (await Browser(place).sign_in("manu")).get(HERE)

    assert "This service has no Slack app any more" in words(page)


async def test_before_anything_is_connected_there_is_a_button_for_administrators(manu: Browser, priya: Browser) -> None:
    page, members = await manu.get(HERE), await priya.get(HERE)

    assert actions(page) == {f"{HERE}/connect"}
    assert "It sees no private channel and no direct message." in words(page)
    assert actions(members) == set()
    assert "Administrators connect one." in words(members)


async def test_a_connected_workspace_without_a_bridge_says_what_to_run(
    manu: Browser, priya: Browser, place: Place
) -> None:
    await connected(place, token=Seal.of(place.service.settings).seal("xoxb-1")[0], token_key=_name())
    page, members = await manu.get(HERE), await priya.get(HERE)

    assert "No bridge works for it." in words(page)
    assert "polaris bridge" in words(page)
    assert "No bridge works for it." in words(members)
    assert "polaris bridge" not in words(members)
    assert actions(members) == set()


async def test_a_bridge_that_works_is_named_to_administrators_alone(
    manu: Browser, priya: Browser, place: Place
) -> None:
    await connected(place)
    await led(place, holder="host-1 77 e1f2")
    page, members = await manu.get(HERE), await priya.get(HERE)

    assert "works: host-1 77" in words(page)
    assert "e1f2" not in page.text
    assert "No bridge works" not in words(page) + words(members)
    assert "host-1" not in members.text


@pytest.mark.parametrize(
    ("is_known", "said"), [(False, "is not among POLARIS_SLACK_KEYS"), (True, "was not sealed by its key")]
)
async def test_a_token_that_no_key_opens_is_told_with_what_mends_it(
    manu: Browser, place: Place, is_known: bool, said: str
) -> None:
    sealed, key = Seal([new_key()]).seal("xoxb-1")
    await connected(place, token=sealed, token_key=_name() if is_known else key)
    page = await manu.get(HERE)

    assert said in words(page)
    assert f"{HERE}/connect" in actions(page)
    assert "xoxb" not in page.text


async def test_a_refused_token_is_told_with_the_way_out(manu: Browser, priya: Browser, place: Place) -> None:
    await connected(place)
    fence = await led(place)
    await ask(place, slack_calls.refuse_slack, fence, "token_revoked")
    page, members = await manu.get(HERE), await priya.get(HERE)

    assert "Slack does not take Polaris's token any more. The token was revoked in Slack." in words(page)
    assert f"{HERE}/connect" in actions(page)
    assert "until an administrator connects the workspace again" in words(members)


async def test_a_reason_that_nobody_knows_is_shown_as_slack_says_it(manu: Browser, place: Place) -> None:
    await connected(place)
    await ask(place, slack_calls.refuse_slack, await led(place), "ekm_access_denied")

    assert "Slack says: ekm_access_denied." in words(await manu.get(HERE))


async def test_missing_permissions_are_named(manu: Browser, place: Place) -> None:
    await connected(place, scopes="chat:write,channels:read")
    page = await manu.get(HERE)

    assert "Permissions are missing: channels:history, channels:join, channels:manage," in words(page)
    assert f"{HERE}/connect" in actions(page)


@pytest.mark.parametrize(
    ("reason", "said"),
    [("app_uninstalled", "The app was removed in Slack."), ("tokens_revoked", "The token was revoked in Slack.")],
)
async def test_an_end_that_slack_told_is_said(manu: Browser, place: Place, reason: str, said: str) -> None:
    await connected(place)
    await ask(place, slack_calls.disconnect_slack, None, reason)
    page = await manu.get(HERE)

    assert f"{said} What came from Slack is deleted." in words(page)
    assert actions(page) == {f"{HERE}/connect"}


# How it is used


async def test_settings_are_saved_and_an_empty_box_is_off(manu: Browser, priya: Browser, place: Place) -> None:
    await connected(place)
    await manu.post(HERE, threads_turns="1", digest_hour="7")
    found = await row(place)
    page = await manu.get(HERE)
    await priya.post(HERE, 403, digest_hour="9")
    wrong = await manu.post(HERE, 422, digest_hour="24")
    await manu.post(HERE, 422, digest_hour="noon")

    assert found is not None
    assert (found.hears_everybody, found.invites_drivers, found.threads_turns, found.digest_hour) == (
        False,
        False,
        True,
        7,
    )
    assert '<option value="7" selected>07:00</option>' in page.text
    assert 'name="threads_turns" value="1" checked' in page.text
    assert "An hour is 0 to 23, in UTC." in words(wrong)


async def test_a_channel_says_how_it_stands_and_takes_a_level(manu: Browser, priya: Browser, place: Place) -> None:
    for name in ("pj", "web"):
        await place.admin.post(f"/projects/{name}/sessions/fxm/join")
    await place.admin.post("/projects", {"name": "vault", "visibility": "private"})
    await connected(place)
    alone = await manu.get(HERE)
    fence = await led(place)
    number = await channel(place, fence, "pj")
    page = await priya.get(HERE)
    answer = await priya.follow(await priya.post(f"{HERE}/channels/pj", level="final-only"))
    await priya.post(f"{HERE}/channels/pj", 403, hears="0")
    await manu.post(f"{HERE}/channels/pj", hears="0")
    after = await manu.get(HERE)
    wrong = await manu.post(f"{HERE}/channels/pj", 422, level="loud")
    await manu.post(f"{HERE}/channels/web", 404, level="muted")

    assert f'href="https://acme.slack.com/archives/{number}"' in page.text
    assert "It is made in a moment." in words(page)
    assert "It is made when a bridge works." in words(alone)
    assert "vault" not in page.text
    assert "#pj: final only." in words(answer)
    assert '<option value="final-only" selected>' in after.text
    assert "not heard" in words(after)
    assert "Private and archived projects never are." in words(after)
    assert "A level is all, final-only, muted or digest." in words(wrong)


@pytest.mark.parametrize(
    ("state", "reason", "said", "button"),
    [
        ("archived", None, "The channel is archived.", "Make another"),
        ("left", None, "Somebody removed the app from the channel.", "Go back in"),
        ("refused", "restricted_action", "Have a workspace owner allow apps to make channels", "Try again"),
    ],
)
async def test_a_paused_channel_says_why_and_goes_on_at_an_administrators_word(
    manu: Browser, priya: Browser, place: Place, state: str, reason: str | None, said: str, button: str
) -> None:
    await place.admin.post("/projects/pj/sessions/fxm/join")
    await connected(place)
    fence = await led(place)
    await channel(place, fence, "pj")
    await channel(place, fence, "pj", state, reason=reason)
    page, members = await manu.get(HERE), await priya.get(HERE)
    dashboard = await manu.get("/o/acme")
    await priya.post(f"{HERE}/channels/pj", 403, again="1")
    answer = await manu.post(f"{HERE}/channels/pj", again="1")

    assert said in words(page)
    assert said in words(members)
    assert button in words(page)
    assert button not in words(members)
    assert "1 channel is paused" in words(dashboard)
    assert "The bridge tries again with a channel for pj." in words(await manu.follow(answer))
    (found,) = await ask(place, slack_calls.list_slack_channels, "user:manu")
    assert found.state == "missing"


async def test_a_channel_that_others_share_is_not_heard_until_an_administrator_says_so(
    manu: Browser, place: Place
) -> None:
    await place.admin.post("/projects/pj/sessions/fxm/join")
    await connected(place)
    await channel(place, await led(place), "pj", shared=True)
    before = await manu.get(HERE)
    await manu.post(f"{HERE}/channels/pj", hears="1")
    after = await manu.get(HERE)

    assert "Nobody in it is heard until you allow it." in words(before)
    assert "people there read along" in words(after)
    assert "Nobody in it is heard" not in words(after)


async def test_the_figures_say_what_waits_and_what_failed(manu: Browser, priya: Browser, place: Place) -> None:
    await place.admin.post("/projects/pj/sessions/fxm/join")
    await connected(place)
    await channel(place, await led(place), "pj")
    await place.sql(
        "insert into polaris_data.slack_posts "
        "(org_id, project_id, lane, key, kind, text, state, repeats, doubles, made_at, due_at) "
        "select c.org_id, c.project_id, 'channel', x.state, 'text', '', x.state, x.n, x.n / 2, "
        "now() - interval '3 minutes', now() "
        "from polaris_data.slack_channels c, (values ('posted', 2), ('waiting', 0), ('failed', 0)) as x (state, n)"
    )
    page, members = await manu.get(HERE), await priya.get(HERE)

    assert "Posts 1 in Slack, of the last 30 days" in words(page)
    assert "Waiting 1, the oldest for 3 min" in words(page)
    assert "Failed 1 that Slack did not take" in words(page)
    assert "Sent again 2, because neither answer nor echo came, 1 of them a second copy, which was deleted" in words(
        page
    )
    assert "30 days" not in words(members)


# People


async def test_an_administrator_says_who_somebody_is(manu: Browser, place: Place) -> None:
    await place.client("user:krishna")
    await connected(place)
    await peopled(
        place,
        await led(place),
        person("U1", "Krishna Rao", "krishna@elsewhere.example"),
        person("U2", "Gus", standing="guest"),
    )
    before = await manu.get(f"{HERE}/people")
    answer = await manu.post(f"{HERE}/people/U1", member="user:krishna", at="find=kri&of=")
    set_by = await manu.follow(answer)
    nobody = await manu.post(f"{HERE}/people/U1", member="")
    as_nobody = await manu.follow(nobody)
    await manu.post(f"{HERE}/people/U1", by="address", member="user:krishna")
    by_address = await manu.get(f"{HERE}/people")
    wrong = await manu.post(f"{HERE}/people/U1", 404, member="ghost", at="find=krishna")
    await manu.post(f"{HERE}/people/U9", 404, member="krishna")

    assert "slack:krishna-rao" in words(before)
    assert "guests are not heard" in words(before)
    assert answer.path == f"{HERE}/people?find=kri"
    assert "Krishna Rao speaks as user:krishna." in words(set_by)
    assert "set by an administrator" in words(set_by)
    assert "Krishna Rao speaks as slack:krishna-rao." in words(as_nobody)
    assert "set by an administrator" not in words(by_address)
    assert "There is no member user:ghost." in words(wrong)
    assert "Gus" not in words(wrong)


async def test_people_are_found_chosen_and_paged(manu: Browser, place: Place) -> None:
    await connected(place)
    fence = await led(place)
    await peopled(place, fence, *(person(f"U{n:03}", f"Person {n:03}", f"p{n}@acme.example") for n in range(120)))
    first = await manu.get(f"{HERE}/people")
    third = await manu.get(f"{HERE}/people?page=3")
    found = await manu.get(f"{HERE}/people?find=P7%40ACME")
    none = await manu.get(f"{HERE}/people?of=unheard")
    odd = [await manu.get(f"{HERE}/people?page={page}") for page in ("0", "-1", "x", "9" * 30, "4")]

    assert "1 to 50 of 120" in words(first)
    assert 'rel="next"' in first.text
    assert "101 to 120 of 120" in words(third)
    assert 'rel="next"' not in third.text
    assert "1 to 1 of 1 (120 in the workspace)" in words(found)
    assert "Nobody fits." in words(none)
    assert all("of 120" in words(page) for page in odd)


async def test_addresses_are_for_administrators(priya: Browser, place: Place) -> None:
    await connected(place)
    await peopled(place, await led(place), person("U1", "Krishna Rao", "krishna@elsewhere.example"))

    await priya.get(f"{HERE}/people", 403)
    await priya.post(f"{HERE}/people/U1", 403, member="krishna")


async def test_a_list_that_nobody_read_yet_says_so(manu: Browser, place: Place) -> None:
    empty = await manu.get(f"{HERE}/people")
    await connected(place)

    assert "No workspace is connected." in words(empty)
    assert "The list is not read yet." in words(await manu.get(f"{HERE}/people"))


# Elsewhere


async def test_a_project_links_to_its_channel_while_it_lives(manu: Browser, place: Place) -> None:
    await place.admin.post("/projects/pj/sessions/fxm/join")
    await connected(place)
    fence = await led(place)
    number = await channel(place, fence, "pj")
    floor = await manu.get("/o/acme/p/pj")
    await channel(place, fence, "pj", "archived")
    after = await manu.get("/o/acme/p/pj")

    assert f'href="https://acme.slack.com/archives/{number}"' in floor.text
    assert "/archives/" not in after.text


async def test_the_dashboard_tells_administrators_when_slack_rests(manu: Browser, priya: Browser, place: Place) -> None:
    await connected(place)
    well = await manu.get("/o/acme")
    await ask(place, slack_calls.refuse_slack, await led(place), "token_revoked")
    page, members = await manu.get("/o/acme"), await priya.get("/o/acme")

    assert HERE not in well.text
    assert "Slack does not take Polaris's token any more." in words(page)
    assert f'href="{HERE}"' in page.text
    assert "Slack" not in words(members)


async def test_what_administrators_do_is_in_the_audit_log_in_words(manu: Browser, place: Place) -> None:
    await connected(place)
    await manu.post(HERE, digest_hour="7")
    await manu.post(f"{HERE}/disconnect")
    page = await manu.get("/o/acme/settings/audit?of=slack")

    for said in ("connected the Slack workspace T1", "changed how Slack is used", "disconnected the Slack workspace"):
        assert said in words(page)


def _name() -> str:
    return Seal([KEY]).name
