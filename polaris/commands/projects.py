"""Projects: what there is, and who may see it."""

from __future__ import annotations

from polaris.command import Group, Result, command
from polaris.commands import base


class Project(Group):
    """The organization's projects."""

    @command
    async def create(self, project: str, *, private: bool = False) -> Result:
        """Makes a project; `polaris join` makes one by itself where it lacks.

        --private  only its members and administrators see it
        """
        async with base.service() as client:
            row = await client.create_project(project, visibility="private" if private else "org")
        return Result(row, [f"Project {row['name']} is there; {_seen(row['visibility'])}."])

    @command
    async def list(self) -> Result:
        """Lists the projects that you may see."""
        async with base.service() as client:
            rows = await client.projects()
        columns = ["name", "visibility", "sessions", "last_seq", "created_by", "created_at", "archived_at"]
        return Result(rows, base.table(rows, columns))

    @command
    async def archive(self, project: str) -> Result:
        """Archives PROJECT and its sessions; it stays readable."""
        async with base.service() as client:
            row = await client.archive_project(project)
        return Result(row, [f"Project {project} is archived."])

    @command
    async def restore(self, project: str) -> Result:
        """Opens an archived PROJECT again, with the sessions that were archived along with it."""
        async with base.service() as client:
            row = await client.restore_project(project)
        return Result(row, [f"Project {project} is open again."])

    @command
    async def visibility(self, project: str, visibility: str) -> Result:
        """Makes PROJECT private, or opens it to the organization (org)."""
        async with base.service() as client:
            row = await client.set_visibility(project, visibility)
        return Result(row, [f"Project {project}: {_seen(row['visibility'])}."])

    @command
    async def members(self, project: str) -> Result:
        """Lists who may see PROJECT while it is private, besides the administrators."""
        async with base.service() as client:
            rows = await client.project_members(project)
        return Result(rows, base.table(rows, ["actor", "added_by", "added_at"]))

    @command
    async def share(self, project: str, actor: str) -> Result:
        """Lets ACTOR (`user:priya`, `agent:ci`) see PROJECT while it is private."""
        async with base.service() as client:
            row = await client.add_project_member(project, actor)
        return Result(row, [f"{actor} may see {project}."])

    @command
    async def unshare(self, project: str, actor: str) -> Result:
        """Takes ACTOR off the list of PROJECT; where it is private, what they watch there ends."""
        async with base.service() as client:
            row = await client.remove_project_member(project, actor)
        return Result(row, [f"{actor} is off the list of {project}."])


def _seen(visibility: str) -> str:
    return "its members see it" if visibility == "private" else "the organization sees it"
