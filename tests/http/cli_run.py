"""Runs `polaris` as its own process, against a service or a database of the test."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

POLARIS = [str(Path(sys.executable).with_name("polaris"))]


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def polaris(*words: str, **environment: str) -> Ran:
    """Runs these words with these variables and none of the person's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("POLARIS_", "PG"))}
    if "POLARIS_PG_BIN" in os.environ:
        kept["POLARIS_PG_BIN"] = os.environ["POLARIS_PG_BIN"]
    process = await asyncio.create_subprocess_exec(
        *POLARIS, *words, env=kept | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())
