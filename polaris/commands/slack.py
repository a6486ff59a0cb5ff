"""The Slack bridge, and the keys and workspaces that it works with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polaris.command import Group, Result, command, server
from polaris.commands import base
from polaris.commands.database import bring_up_to_date
from polaris.commands.serving import begin, say_ready
from polaris.errors import Exit, Misconfigured

if TYPE_CHECKING:
    from polaris.db.pool import Database
    from polaris.db.slack_rows import WorkspaceRow


class Bridge(Group):
    """What carries projects to Slack and back."""

    @server
    async def bridge(self, *, log: str | None = None) -> None:
        """Runs the Slack bridge, for every organization that has connected a workspace.

        Prints `ready NAME` once it looks after them. Several may run: each workspace has one writer at a time, and
        another process takes over within ten seconds. The app comes from POLARIS_SLACK_CLIENT_ID and its
        neighbours in docs/machine.md, the database from POLARIS_DATABASE_URL, or it is the embedded one.

        --log  writes the log to this file (rotated) instead of stderr
        """
        settings = begin(log)
        app = import_module("polaris.bridge.app")
        if settings.database_url:
            await base.until_told(app.serve(settings, database_url=settings.database_url, ready=say_ready))
            return
        with base.database(settings) as urls:
            await base.in_thread(bring_up_to_date, settings, urls)
            await base.until_told(app.serve(settings, database_url=urls.service, ready=say_ready))


class Slack(Group):
    """Slack workspaces, for whoever runs the service."""

    @command
    async def new_key(self) -> Result:
        """Makes a key for POLARIS_SLACK_KEYS and prints it. The service and the bridge need the same keys."""
        seal = import_module("polaris.bridge.seal")
        key = seal.new_key()
        return Result({"key": key, "name": seal.name_of(key)}, [key])

    @command
    async def rotate_key(self) -> Result:
        """Seals the tokens of all workspaces with the first key of POLARIS_SLACK_KEYS.

        Put the new key in front, restart the service and the bridge, run this, then take the old key away.
        """
        seal = import_module("polaris.bridge.seal").Seal.of(base.settings())
        sealed, lost = [], []
        async with _workspaces() as (database, rows):
            from polaris.db import slack_calls

            for row in rows:
                if row.token_key == seal.name:
                    continue
                try:
                    token = seal.open(row.token, row.token_key)
                except Misconfigured as error:
                    lost.append({"org": row.org, "code": error.code, "reason": str(error)})
                    continue
                # False: connected anew meanwhile, and sealed with whatever key the service has first.
                if await database.ask(slack_calls.rekey_slack, row.org_id, row.token, *seal.seal(token)):
                    sealed.append(row.org)
        lines = [f"sealed anew: {org}" for org in sealed] + [f"{one['org']}: {one['reason']}" for one in lost]
        return Result(
            {"key": seal.name, "sealed": sealed, "lost": lost},
            [*lines, f"Every token is sealed with the key {seal.name}." if not lost else "Some tokens are not."],
            exit_code=Exit.FAILURE if lost else Exit.OK,
        )

    @command
    async def status(self) -> Result:
        """Shows the workspaces, who writes there, and how much waits."""
        settings = base.settings()
        async with _workspaces() as (database, rows):
            found = [await _about(database, row, settings.slack_keys) for row in rows]
        shown = ["org", "workspace", "state", "bridge", "posted", "waiting", "failed", "doubles", "inbox", "key"]
        return Result(found, base.table(found, shown) or ["No workspace is connected."])


@asynccontextmanager
async def _workspaces() -> AsyncIterator[tuple[Database, list[WorkspaceRow]]]:
    """The database as the service, and every workspace that has a token."""
    from polaris.db import slack_calls
    from polaris.db.embedded import Server
    from polaris.db.pool import Database

    settings = base.settings()
    if not settings.database_url:
        Server(settings.home).urls()  # refuses where there is none yet: looking must not make one
    with base.database(settings) as urls:
        database = Database(urls.service, most=2)
        await database.open()
        try:
            yield database, await database.ask(slack_calls.list_slack_workspaces)
        finally:
            await database.close()


async def _about(database: Database, row: WorkspaceRow, keys: tuple[str, ...]) -> dict[str, Any]:
    """One workspace and its figures; ``key`` is the name of the key that sealed its token."""
    from polaris.db import slack_calls

    name_of = import_module("polaris.bridge.seal").name_of
    (shown,) = await database.ask(slack_calls.get_slack, row.org_id, None)
    (figures,) = await database.ask(slack_calls.get_slack_figures, row.org_id)
    return {
        "org": row.org,
        "workspace": shown.name,
        "team_id": row.team_id,
        "state": row.state,
        "reason": shown.reason,
        "bridge": shown.holder,
        "lease_until": shown.lease_until,
        "key": row.token_key if row.token_key in map(name_of, keys) else f"{row.token_key} (missing)",
        "inbox": figures.undone,
        **figures._asdict(),
    }
