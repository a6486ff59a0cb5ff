"""Reading an audit log with a database login instead of a token: the installation's own has no administrators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from polaris.db import calls, pool
from polaris.errors import from_database

PAGE = 1000


@dataclass(frozen=True)
class Log:
    """One log as it was when it was opened, and what came since."""

    conn: pool.Connection
    org_id: int
    head: tuple[int, str]

    async def rows(self) -> AsyncIterator[dict[str, Any]]:
        """All rows, ascending, with their ``org_id``."""
        after = 0
        while page := await calls.list_audit(self.conn, self.org_id, None, after, PAGE):
            for row in page:
                yield row.model_dump() | {"org_id": self.org_id}
            after = page[-1].audit_id


@asynccontextmanager
async def opened(url: str, org_id: int) -> AsyncIterator[Log]:
    """The log of an organization; 0 is the installation's. Raises the database's refusals as ours."""
    try:
        conn = await pool.connect(url, name="polaris audit")
        async with conn:
            head = await calls.get_audit_head(conn, org_id, None)
            yield Log(conn, org_id, (head.last_id, head.last_hash))
    except psycopg.Error as error:
        raise from_database(error) from error
