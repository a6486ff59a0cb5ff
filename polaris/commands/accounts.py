"""Who may act: members and tokens."""

from __future__ import annotations

import socket
import sys

from polaris.command import Group, Result, command
from polaris.commands import base

DAY_SECONDS = 86400


class Member(Group):
    """The people of the organization."""

    @command
    async def add(self, handle: str, *, role: str = "member", email: str | None = None) -> Result:
        """Adds a person; HANDLE is the `manu` of `user:manu`.

        --role   member or admin
        --email  by which Slack and sign-in know them
        """
        async with base.service() as client:
            row = await client.add_member(handle, role=role, email=email)
        return Result(row, [f"{row['actor']} is {row['role']}."])

    @command
    async def list(self) -> Result:
        """Lists the members."""
        async with base.service() as client:
            rows = await client.members()
        return Result(rows, base.table(rows, ["actor", "role", "email", "created_at", "removed_at"]))

    @command
    async def invite(self, email: str, *, role: str = "member", handle: str | None = None) -> Result:
        """Invites a person and prints the link for them, once; it is good once, for seven days.

        --role    member or admin
        --handle  a member whom only this installation vouches for: the invited person becomes that member
        """
        async with base.service() as client:
            row = await client.invite(email, role=role, handle=handle)
        print(f"An invitation for {row['email']}, as {row['role']}. The link is shown this once:", file=sys.stderr)
        return Result(row, [row["link"]])

    @command
    async def invites(self) -> Result:
        """Lists the invitations, used and ended ones too."""
        async with base.service() as client:
            rows = await client.invites()
        columns = ["invite_id", "email", "role", "invited_by", "expires_at", "accepted_by", "revoked_at"]
        return Result(rows, base.table(rows, columns))

    @command
    async def uninvite(self, invite_id: int) -> Result:
        """Ends an invitation that nobody has accepted."""
        async with base.service() as client:
            row = await client.revoke_invite(invite_id)
        return Result(row, [f"The invitation of {row['email']} is ended."])

    @command
    async def role(self, handle: str, role: str) -> Result:
        """Makes a member an administrator (admin), or an administrator a member (member)."""
        async with base.service() as client:
            row = await client.set_role(handle, role)
        return Result(row, [f"{row['actor']} is {row['role']}."])

    @command
    async def remove(self, handle: str) -> Result:
        """Removes a person, or yourself; all of their tokens end at once."""
        async with base.service() as client:
            row = await client.remove_member(handle)
        return Result(row, [f"user:{handle} is no member any more."])


class Token(Group):
    """The credentials of people and agents."""

    @command
    async def create(
        self, actor: str | None = None, *, name: str | None = None, project: str | None = None, days: int | None = None
    ) -> Result:
        """Makes a token for ACTOR (`user:manu`, `agent:test-writer`; default: yourself) and prints it, once.

        --name     by which you know it again
        --project  limits it to one project
        --days     until it expires; else 90, which for a person begin anew with each use
        """
        label = name or f"made on {socket.gethostname()}"
        life = None if days is None else days * DAY_SECONDS
        async with base.service() as client:
            row = await client.create_token(label, actor=actor, project=project, expires_in_seconds=life)
        print(f"Token {row['token_id']} of {row['actor']}, {row['name']!r}. It is shown this once:", file=sys.stderr)
        return Result(row, [row["token"]])

    @command
    async def list(self) -> Result:
        """Lists the tokens that you may see; the secrets are nowhere."""
        async with base.service() as client:
            rows = await client.tokens()
        columns = ["token_id", "actor", "name", "shown", "project", "last_used_at", "expires_at", "revoked_at"]
        return Result(rows, base.table(rows, columns))

    @command
    async def revoke(self, token_id: int) -> Result:
        """Ends a token, with everything that hangs on it."""
        async with base.service() as client:
            row = await client.revoke_token(token_id)
        return Result(row, [f"Token {token_id} is revoked."])
