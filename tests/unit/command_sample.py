"""A small command line for test_command.py."""

from __future__ import annotations

import asyncio
import sys

from polaris.command import Group, Result, command, run, server
from polaris.errors import Unavailable


class Db(Group):
    """Looks after the database."""

    @command
    async def migrate(self, *, dry_run: bool = False) -> None:
        """Brings the database up to date."""
        print(f"migrating dry_run={dry_run}", file=sys.stderr)


class LoginRole(Group):
    """Logins."""

    @command
    async def create(self, actor: str) -> Result:
        """Makes one."""
        return Result({"actor": actor}, [f"made {actor}"])


class Sample(Group):
    """A sample."""

    def __init__(self) -> None:
        self.db = Db()
        self.login_role = LoginRole()

    @command
    async def status(self, session: str | None = None) -> Result:
        """Shows something.

        More about it.
        """
        return Result({"session": session}, [f"session {session}"])

    @command
    async def join(
        self, project: str, session: str, *, force: bool = False, follow: bool = True, limit: int = 5, wait: float = 1.5
    ) -> Result:
        """Joins SESSION of PROJECT."""
        print("SIDE EFFECT", file=sys.stderr)
        data = {"project": project, "session": session, "force": force, "follow": follow, "limit": limit, "wait": wait}
        return Result(data, ["joined"])

    @command
    async def need(self, *, name: str) -> Result:
        """Needs a flag."""
        return Result({"name": name})

    @command
    async def say(self, *words: str, loud: bool = False) -> Result:
        """Says WORDS."""
        return Result({"words": list(words), "loud": loud})

    @command
    async def broken(self) -> None:
        """Fails."""
        raise Unavailable("The daemon does not answer.", hint="Run: polaris daemon")

    @command
    async def bug(self) -> None:
        """Fails unexpectedly, with a secret in its message."""
        raise ValueError("postgresql://u:hush@h/d")

    @command
    async def code(self) -> Result:
        """Answers with an exit code of its own."""
        return Result({}, ["partly"], exit_code=69)

    @command
    async def much(self) -> None:
        """Prints for ever."""
        while True:
            print("line")

    @server
    async def wait(self) -> None:
        """Waits for ever."""
        print("waiting", file=sys.stderr, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(run(Sample(), sys.argv[1:], version="0.1.0"))
