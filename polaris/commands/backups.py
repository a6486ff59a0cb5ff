"""`polaris db backup` and `polaris db restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from polaris import __version__, audit
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Misused, PolarisError


class Backups(Group):
    """Copies of the whole database."""

    @command
    async def backup(self, folder: str) -> Result:
        """Writes the whole database into the new FOLDER, while everything goes on.

        It holds what the database holds, so keep it as safe. Without Postgres roles: `polaris db restore` makes them.
        """
        from polaris.db import backups

        with base.database() as urls:
            manifest = await base.in_thread(backups.backup, urls.owner, Path(folder), f"polaris {__version__}")
        rows = manifest.figures.rows
        lines = [
            f"{rows['events']} events of {base.counted(rows['projects'], 'project')} are in {folder}.",
            f"{manifest.bytes} bytes, SHA-256 {manifest.sha256}",
            *_missing(manifest.figures),
        ]
        return Result(manifest.model_dump(mode="json"), lines)

    @command
    async def restore(self, folder: str, *, to: str | None = None) -> Result:
        """Puts a backup into a database that is empty, and proves that all of it is there.

        Every table is counted, no number may be missing in any project, and every row of the audit logs is checked.
        Then the database is brought up to date as by `polaris db migrate`. Without --to it goes where
        POLARIS_DATABASE_URL leads, else into the embedded server of this home.

        --to  the URL of an empty database, without a password: that comes from PGPASSWORD or ~/.pgpass
        """
        from polaris.commands.database import bring_up_to_date
        from polaris.db import backups

        settings = base.settings(database_url=_without_password(to))
        with base.database(settings) as urls:
            restored = await base.in_thread(backups.restore, urls.owner, Path(folder))
            applied = await base.in_thread(bring_up_to_date, settings, urls)
            try:
                audited = await backups.check_audit(urls.owner, restored.manifest)
            except audit.Broken as error:
                raise PolarisError(f"The audit log came back broken. {error}", code="restore_differs") from error
            await base.in_thread(backups.forget_logins, urls.owner, restored.gone)
        return Result(*_shown(restored, applied, audited))


def _without_password(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise Misused("--to takes a URL that begins with postgresql://.")
    if parts.password is not None or "password=" in parts.query:
        raise Misused("Others on this machine can read a password on the command line: put it into PGPASSWORD.")
    return url


def _missing(figures: Any) -> list[str]:
    if not figures.missing:
        return ["No number is missing in any project."]
    return [f"{base.counted(figures.missing, 'event')} are missing: docs/running.md has the query that finds them."]


def _shown(restored: Any, applied: list[str], audited: int) -> tuple[dict[str, Any], list[str]]:
    figures = restored.manifest.figures
    gone = [login for _, login in restored.gone]
    lines = [
        f"{figures.rows['events']} events of {base.counted(figures.rows['projects'], 'project')} are back.",
        f"{len(figures.rows)} tables have as many rows as when they were backed up, "
        f"{base.counted(audited, 'row')} of the audit logs are as they were written.",
        *_missing(figures),
        *(f"applied {name}" for name in applied),
    ]
    if gone:
        lines.append(f"These Postgres logins are not here; make new ones: {', '.join(gone)}.")
    return {"figures": figures.model_dump(mode="json"), "applied": applied, "logins_gone": gone}, lines
