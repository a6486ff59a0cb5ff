"""``python -m polaris.demo_slack``: the stand-in alone, with a workspace of three people."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from polaris.demo_slack import FakeSlack

PEOPLE = ((1, "manu"), (2, "krishna"), (3, "priya"))


async def serve(port: int, events_url: str | None) -> None:
    """Runs a workspace with three people until it is interrupted, and says how Polaris finds it."""
    slack = FakeSlack(signing_secret="a-signing-secret-for-a-demo", ack_timeout=3.0, rate=1.0)
    await slack.start(port)
    slack.events_url = events_url
    slack.team("T1", "Acme", [{"id": f"U{n}", "name": name, "email": f"{name}@example.com"} for n, name in PEOPLE])
    ingress = "http" if events_url else "socket"
    sys.stdout.write(
        f"A stand-in for Slack: {slack.url}/\n\n"
        f"export POLARIS_SLACK_URL={slack.url} POLARIS_SLACK_INGRESS={ingress}\n"
        f"export POLARIS_SLACK_CLIENT_ID={slack.client_id} POLARIS_SLACK_CLIENT_SECRET={slack.client_secret}\n"
        f"export POLARIS_SLACK_SIGNING_SECRET={slack.signing_secret} POLARIS_SLACK_APP_TOKEN={slack.app_token}\n"
    )
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await slack.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m polaris.demo_slack", description="A stand-in for Slack.")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--events-url", help="where events go as signed HTTP requests; without it: Socket Mode")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.events_url))
