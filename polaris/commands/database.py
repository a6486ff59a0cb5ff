"""For whoever looks after the database: migrations, logins of direct SQL clients, organizations.

These speak SQL, with ``POLARIS_DATABASE_URL`` (a login that may make roles) or the embedded server of this home.
"""

from __future__ import annotations

import dataclasses
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

from polaris import tokens
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.commands.backups import Backups
from polaris.errors import Exit, Forbidden, Unauthorized
from polaris.settings import Settings

if TYPE_CHECKING:
    from polaris.db.embedded import Urls

SERVICE_LOGIN = "polaris_api"
SHOWN_FILES = 10


class Db(Backups, Group):
    """Looks after the database."""

    @command
    async def migrate(self) -> Result:
        """Brings the database up to date: migrations that lack, functions that differ, the service's login.

        The service's login polaris_api gets the password of POLARIS_SERVICE_PASSWORD; in the embedded server a
        generated one. Safe to run at any time and from many machines at once.
        """
        done = await base.in_thread(_migrate)
        return Result({"applied": done}, [f"applied {name}" for name in done] or ["The database is up to date."])

    @command
    async def status(self) -> Result:
        """Shows how the database compares with the SQL of this version; changes nothing."""
        return Result(*_shown(await base.in_thread(_status)))

    @command
    async def check(self) -> Result:
        """The same, and fails (exit code 1) unless all is up to date; for scripts and monitoring."""
        data, lines = _shown(await base.in_thread(_status))
        return Result(data, lines, exit_code=Exit.OK if data["up_to_date"] else Exit.FAILURE)

    @command
    async def reindex(self) -> Result:
        """Makes the tables anew that search, files, commits and usage are read from; they come from the record.

        Search goes on meanwhile. Stopped in the middle, the service goes on by itself where this ended.
        """
        from polaris.db import reindexing

        with base.database() as urls:
            done = await reindexing.reindex(urls.owner, _tell_progress)
        return Result({"events": done}, [f"{base.counted(done, 'event')} went through the index again."])

    @command
    async def start(self) -> Result:
        """Starts the embedded Postgres and leaves it running; `polaris up` does this by itself."""
        from polaris.db.embedded import Server

        server = Server(base.settings().home)
        await base.in_thread(server.start)
        where = {"data": str(server.data), "secrets": str(server.secrets_file), "log": str(server.log_file)}
        return Result(where, [f"Postgres runs on {server.data}; port and passwords are in {server.secrets_file}."])

    @command
    async def stop(self) -> Result:
        """Stops the embedded Postgres."""
        from polaris.db.embedded import Server

        await base.in_thread(Server(base.settings().home).stop)
        return Result({}, ["Postgres is stopped."])


class LoginRole(Group):
    """Postgres logins for participants who speak SQL directly."""

    @command
    async def create(self, actor: str, *, login: str | None = None) -> Result:
        """Makes a Postgres login that is ACTOR (`user:manu`, `agent:test-writer`) and prints its URL, once.

        You have to be an administrator of the organization, and the database login one that may make roles.

        --login  the name of the role; else made from organization and actor
        """
        from polaris.db import logins

        with base.database() as urls:
            me = await administrator(urls.owner)
            name = login or re.sub(r"[^a-z0-9]+", "_", f"polaris {me.org} {actor}".lower())[:63]
            made = await base.in_thread(logins.create_client, urls.owner, me.org_id, actor, name)
        print(f"The login {made.login} is {made.actor}. Its URL is shown this once:", file=sys.stderr)
        return Result({"login": made.login, "actor": made.actor, "url": made.url}, [made.url])

    @command
    async def list(self) -> Result:
        """Lists the logins of the organization."""
        from polaris.db import logins

        with base.database() as urls:
            me = await administrator(urls.owner)
            rows = await base.in_thread(logins.list_clients, urls.owner, me.org_id)
        return Result(rows, base.table(rows, ["login", "actor", "created_at", "revoked_at"]))

    @command
    async def revoke(self, login: str) -> Result:
        """Ends a login: its connections, its rights, its role."""
        from polaris.db import logins

        with base.database() as urls:
            me = await administrator(urls.owner)
            await base.in_thread(logins.revoke_client, urls.owner, me.org_id, login)
        return Result({"login": login}, [f"The login {login} is revoked."])


class Org(Group):
    """Organizations, for whoever runs the database."""

    @command
    async def create(self, slug: str, *, handle: str, name: str | None = None, email: str | None = None) -> Result:
        """Makes an organization and prints the first token of its first administrator, once.

        --handle  of the administrator: the `manu` of `user:manu`
        --name    the organization's name for people
        --email   of the administrator
        """
        from polaris.db import founding

        token = tokens.new("u")
        with base.database() as urls:
            label = f"first, made on {socket.gethostname()}"
            made = await founding.create_org(urls.owner, slug, handle, token, name=name, email=email, label=label)
        print(f"{made.actor} is the administrator of {made.org}. The token is shown this once:", file=sys.stderr)
        return Result({"org": made.org, "actor": made.actor, "token": token}, [token])


def bring_up_to_date(settings: Settings, urls: Urls) -> list[str]:
    """Applies what lacks and makes the service's login; answers the files that ran."""
    from polaris.db import logins, migrate
    from polaris.db.embedded import Server

    done = migrate.apply(urls.owner)
    password = settings.service_password
    if not settings.database_url:
        password = Server(settings.home).service_password()
    if password:
        logins.ensure_service(urls.owner, SERVICE_LOGIN, password)
    return done


def _tell_progress(done: int, of: int) -> None:
    if sys.stderr.isatty() or done == of:
        print(f"\r{done:,} of {of:,} events", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _migrate() -> list[str]:
    settings = base.settings()
    with base.database(settings) as urls:
        return bring_up_to_date(settings, urls)


def _status() -> Any:
    from polaris.db import migrate
    from polaris.db.embedded import Server

    settings = base.settings()
    if not settings.database_url:
        Server(settings.home).urls()  # refuses where there is none yet: looking must not make one
    with base.database(settings) as urls:
        return migrate.status(urls.owner)


def _shown(status: Any) -> tuple[dict[str, Any], list[str]]:
    data = dataclasses.asdict(status) | {"up_to_date": status.up_to_date}
    words = {
        "pending": "has not run",
        "changed": "differs from what was applied",
        "edited": "was edited after it had run: write a new migration instead",
        "unknown": "ran, and is not in this version: the database is newer",
        "orphans": "is in the database and in no file",
    }
    lines = []
    for key, text in words.items():
        lines += [f"{name}: {text}" for name in data[key][:SHOWN_FILES]]
        if len(data[key]) > SHOWN_FILES:
            lines.append(f"… and {len(data[key]) - SHOWN_FILES} more ({key})")
    lines.append("The database is up to date." if status.up_to_date else "The database is not up to date.")
    return data, lines


async def administrator(url: str) -> Any:
    """Whose token the profile holds; only an administrator may go on."""
    from polaris.db import founding

    me = await founding.whose(url, base.settings().credential().token)
    if me is None:
        raise Unauthorized("This database does not know your token.", hint="Is POLARIS_DATABASE_URL the right one?")
    if me.role != "admin":
        raise Forbidden(f"{me.actor} is no administrator of {me.org}.")
    return me
