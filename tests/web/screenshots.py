"""``make images``: every page of the table as a picture in docs/images, for the README; by hand, when pages change."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "http"))
import chromium
from api_place import running
from playwright.async_api import Page
from scene import DEVICE, INVITE, ORG, OTHER_ORG, Scene, played
from slack_pages import app

from polaris.db import logins, migrate
from polaris.db.embedded import SERVICE_LOGIN, THROW_AWAY, Server
from polaris.demo_slack import FakeSlack
from polaris.http.limits import Limits

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 250_000
DESK, LOW, TALL, PHONE = (
    {"width": width, "height": height} for width, height in ((1280, 800), (1280, 480), (1280, 1160), (390, 844))
)
HERE = f"/o/{ORG}"
# What is in a step is shown with all that it lies in.
UNFOLD = "s => { for (let d = s.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; }"
AUTHORIZE = (
    "/cli/authorize?response_type=code&client_id=polaris-cli&redirect_uri=http://127.0.0.1:4000/callback"
    f"&state={'s' * 43}&code_challenge={'c' * 43}&code_challenge_method=S256&machine=laptop"
)


@dataclass(frozen=True)
class Shot:
    """One picture: the page of the table that it shows, where to go, who looks, how.

    Without a page it is of the stand-in for Slack.
    """

    page: str
    address: str
    who: str = "manu"
    theme: str = "light"
    size: dict[str, int] = field(default_factory=lambda: DESK)
    press: str = ""
    unfold: str = ""
    is_from_top: bool = False


SHOTS = {
    "landing": Shot("/", "/", ""),
    "sign-in": Shot("/sign-in", "/sign-in?next=/o", "", size=LOW),
    "sign-in-refused": Shot("/sign-in/callback", "/sign-in/callback?state=forged&code=x", "", size=LOW),
    "sign-up": Shot("/sign-up", "/sign-up", "zoe"),
    "organizations": Shot("/o", "/o?all", size=LOW),
    "invitation": Shot("/invites/{org}/{secret}", f"/invites/{ORG}/{INVITE}", "zoe", size=LOW),
    "cli-authorize": Shot("/cli/authorize", AUTHORIZE, size=LOW),
    "device": Shot("/device", f"/device?user_code={DEVICE}", press="Look it up", size=LOW),
    "dashboard": Shot("/o/{org}", HERE),
    "floor": Shot("/o/{org}/p/{p}", f"{HERE}/p/storefront", is_from_top=True),
    "floor-dark": Shot("/o/{org}/p/{p}", f"{HERE}/p/storefront", theme="dark"),
    "floor-phone": Shot("/o/{org}/p/{p}", f"{HERE}/p/storefront", size=PHONE, is_from_top=True),
    "session": Shot("/o/{org}/p/{p}/s/{s}", f"{HERE}/p/storefront/s/auth"),
    "session-dark": Shot("/o/{org}/p/{p}/s/{s}", f"{HERE}/p/storefront/s/auth", theme="dark", unfold="src/refresh.ts"),
    "session-phone": Shot("/o/{org}/p/{p}/s/{s}", f"{HERE}/p/storefront/s/auth", size=PHONE),
    "replay": Shot("/o/{org}/p/{p}/s/{s}", f"{HERE}/p/storefront/s/auth?from=start"),
    "brief": Shot("/o/{org}/p/{p}/brief", f"{HERE}/p/storefront/brief"),
    "decisions": Shot("/o/{org}/p/{p}/decisions", f"{HERE}/p/storefront/decisions"),
    "search": Shot("/o/{org}/search", f"{HERE}/search?q=rate+limit*&project=storefront"),
    "event": Shot("/o/{org}/p/{p}/e/{seq}", f"{HERE}/p/storefront/e/{{edit}}"),
    "project-settings": Shot("/o/{org}/p/{p}/settings", f"{HERE}/p/due-diligence/settings"),
    "members": Shot("/o/{org}/settings/members", f"{HERE}/settings/members"),
    "domains": Shot("/o/{org}/settings/domains", f"{HERE}/settings/domains"),
    "tokens": Shot("/o/{org}/settings/tokens", f"{HERE}/settings/tokens"),
    "agents": Shot("/o/{org}/settings/agents", f"{HERE}/settings/agents"),
    "policies": Shot("/o/{org}/settings/policies", f"{HERE}/settings/policies"),
    "slack": Shot("/o/{org}/settings/slack", f"{HERE}/settings/slack", size=TALL),
    "slack-connect": Shot("/o/{org}/settings/slack", f"/o/{OTHER_ORG}/settings/slack", "lena"),
    "slack-allow": Shot("", f"/o/{OTHER_ORG}/settings/slack", "lena", press="Connect Slack", size=LOW),
    "slack-refused": Shot("/slack/oauth/callback", "/slack/oauth/callback?state=forged&code=x", size=LOW),
    "slack-people": Shot("/o/{org}/settings/slack/people", f"{HERE}/settings/slack/people"),
    "slack-channel": Shot("", "{slack}", "", size=TALL),
    "keeping": Shot("/o/{org}/settings/keeping", f"{HERE}/settings/keeping", size=TALL),
    "audit": Shot("/o/{org}/settings/audit", f"{HERE}/settings/audit"),
}


async def take(names: set[str]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="polaris-images-"))
    folder.chmod(0o711)  # root's Postgres runs as nobody and has to pass through
    server = Server(folder / "server", options=THROW_AWAY, open_home=True)
    (folder / "server").mkdir(mode=0o711)
    try:
        urls = server.start()
        migrate.apply(urls.owner)
        logins.ensure_service(urls.owner, SERVICE_LOGIN, server.service_password())
        provider = {"oidc_client_id": "polaris", "oidc_client_secret": "secret"}
        slack = await FakeSlack().start()
        async with (
            running(urls, folder / "api", Limits(), **provider, **app(slack)) as place,
            played(place, folder, slack) as scene,
            chromium.chromium() as browser,
        ):
            for name, shot in SHOTS.items():
                if not names or name in names:
                    await _take(browser, scene, name, shot)
        await slack.stop()
    finally:
        server.destroy()
        shutil.rmtree(folder, ignore_errors=True)


async def _take(browser: Any, scene: Scene, name: str, shot: Shot) -> None:
    cookie = scene.cookie(shot.who) if shot.who else None
    look = {"viewport": shot.size, "color_scheme": shot.theme, "reduced_motion": "reduce"}
    async with chromium.somebody(
        browser, scene.place.url, cookie, **look, locale="en-GB", timezone_id="Europe/Berlin"
    ) as person:
        person.watch.allow(r"40[34].*/callback")
        page = person.page
        address = shot.address.format(**scene.seqs, slack=scene.slack)
        await page.goto(address if address.startswith("http") else scene.place.url + address)
        await page.wait_for_load_state()
        if await page.locator("#live-state").count():
            await person.live()
        if shot.press:
            await page.get_by_role("button", name=shot.press, exact=True).click()
            await page.wait_for_load_state()
        if "from=start" in shot.address:
            await _seek(page, scene.seqs["edit"] + 3)
        if shot.unfold:
            await page.locator("summary", has_text=shot.unfold).last.evaluate(UNFOLD)
            await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        if shot.is_from_top:
            await page.evaluate("scrollTo(0, 0)")
        file = FOLDER / f"{name}.png"
        await page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file.relative_to(FOLDER.parents[1])} {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"{file} is too large for a README.")


async def _seek(page: Page, seq: int) -> None:
    """A replay in the middle."""
    await page.locator("#position").fill(str(seq))
    await page.locator("#timeline .running").wait_for()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(take(set(sys.argv[1:])))
