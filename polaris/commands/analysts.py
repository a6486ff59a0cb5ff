"""For whoever looks after the database: Postgres logins that read the history of an organization."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.commands.database import administrator
from polaris.errors import Misconfigured


class Analyst(Group):
    """Postgres logins that read the organization's history in SQL, and do nothing else."""

    @command
    async def create(
        self, actor: str, *, login: str | None = None, private: bool = False, file: str | None = None
    ) -> Result:
        """Makes a login that reads the views of polaris_history, and prints its URL, once.

        ACTOR (`user:priya`, `agent:dashboard`) answers for it: when such a person leaves, the login ends. You have to
        be an administrator of the organization, and the database login one that may make roles. Every login of the
        server can see the names of all roles: one that you choose yourself should tell nothing.

        --login    the name of the role; else one that tells nothing
        --private  it reads private projects, too
        --file     writes the URL to this new file, which only you can read, and prints nothing of it
        """
        from polaris.db import analysts

        name = login or f"polaris_analyst_{secrets.token_hex(4)}"
        with base.database() as urls, _kept(file) as keep:
            me = await administrator(urls.owner)
            made = await base.in_thread(
                analysts.create, urls.owner, me.org_id, me.actor, actor, name, sees_private=private
            )
            if keep is not None:
                os.write(keep, f"{made.url}\n".encode())
        answer = {"login": made.login, "actor": made.actor, "sees_private": private}
        if file:
            return Result(answer | {"file": file}, [f"The URL of {made.login} is in {file}."])
        print(f"The login {made.login} reads the history of {me.org}. Its URL is shown this once:", file=sys.stderr)
        return Result(answer | {"url": made.url}, [made.url])

    @command
    async def list(self) -> Result:
        """Lists the analysts' logins of the organization."""
        from polaris.db import analysts

        with base.database() as urls:
            me = await administrator(urls.owner)
            rows = await base.in_thread(analysts.listed, urls.owner, me.org_id, me.actor)
        columns = ["login", "actor", "sees_private", "created_by", "created_at", "revoked_at"]
        return Result(rows, base.table(rows, columns) or ["There are no analysts."])

    @command
    async def revoke(self, login: str) -> Result:
        """Ends a login: its connections, its rights, its role."""
        from polaris.db import analysts

        with base.database() as urls:
            me = await administrator(urls.owner)
            await base.in_thread(analysts.revoke, urls.owner, me.org_id, me.actor, login)
        return Result({"login": login}, [f"The login {login} is revoked."])


@contextmanager
def _kept(file: str | None) -> Iterator[int | None]:
    """A new file for the URL, open before the login is made: a password that cannot be written is lost."""
    if file is None:
        yield None
        return
    try:
        kept = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}.", hint="Choose a file that is not there yet.") from None
    try:
        yield kept
    except BaseException:
        Path(file).unlink(missing_ok=True)
        raise
    finally:
        os.close(kept)
