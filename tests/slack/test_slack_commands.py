"""`polaris slack`: keys, and what whoever runs the service sees of the workspaces."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bridge_house import KEY, House
from real_bridge import POLARIS

from polaris.bridge.seal import Seal, name_of, new_key
from polaris.db import slack_calls
from polaris.errors import Exit
from polaris.settings import Settings


class Ran(NamedTuple):
    code: int
    out: str
    err: str


async def slack(*words: str, home: Path, database: str | None = None, keys: str = KEY) -> Ran:
    """Runs `polaris slack` with these words."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
    own = {"POLARIS_HOME": str(home), "POLARIS_SLACK_KEYS": keys}
    process = await asyncio.create_subprocess_exec(
        *POLARIS,
        "slack",
        *words,
        env=kept | own | ({"POLARIS_DATABASE_URL": database} if database else {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def test_a_new_key_is_one_that_the_settings_take(tmp_path: Path) -> None:
    made = (await slack("new-key", home=tmp_path)).out.strip()

    assert Settings.from_env({"POLARIS_HOME": "/h", "POLARIS_SLACK_KEYS": made}).slack_keys == (made,)


async def test_every_token_is_sealed_anew_with_the_first_key(house: House, database: Any, tmp_path: Path) -> None:
    token = house.slack.bot("T1")
    await house.connect(token=token)
    new = new_key()

    ran = await slack("rotate-key", "--json", home=tmp_path, database=database.service, keys=f"{new},{KEY}")
    again = await slack("rotate-key", "--json", home=tmp_path, database=database.service, keys=new)
    (row,) = await house.ask(slack_calls.list_slack_workspaces)

    assert json.loads(ran.out) == {"key": name_of(new), "sealed": ["acme"], "lost": []}
    assert json.loads(again.out)["sealed"] == []
    assert row.token_key == name_of(new)
    assert Seal([new]).open(row.token, row.token_key) == token
    assert token not in ran.out + ran.err
    assert new not in ran.out + ran.err


async def test_a_token_whose_key_is_gone_is_told_and_stays_as_it_is(
    house: House, database: Any, tmp_path: Path
) -> None:
    await house.connect()

    ran = await slack("rotate-key", "--json", home=tmp_path, database=database.service, keys=new_key())
    (row,) = await house.ask(slack_calls.list_slack_workspaces)

    assert ran.code == Exit.FAILURE
    assert [(one["org"], one["code"]) for one in json.loads(ran.out)["lost"]] == [("acme", "slack_key_missing")]
    assert row.token_key == name_of(KEY)


async def test_the_status_shows_each_workspace_and_no_token(house: House, database: Any, tmp_path: Path) -> None:
    await house.connect()
    await house.place("host 12 ab12")

    ran = await slack("status", "--json", home=tmp_path, database=database.service)
    shown = await slack("status", home=tmp_path, database=database.service, keys=new_key())
    (one,) = json.loads(ran.out)

    assert (one["org"], one["workspace"], one["state"], one["bridge"]) == ("acme", "Acme", "connected", "host 12 ab12")
    assert (one["posted"], one["waiting"], one["inbox"], one["key"]) == (0, 0, 0, name_of(KEY))
    assert f"{name_of(KEY)} (missing)" in shown.out
    assert "xoxb" not in ran.out + shown.out


@pytest.mark.parametrize("word", ["status", "rotate-key"])
async def test_looking_makes_no_database(word: str, tmp_path: Path) -> None:
    ran = await slack(word, home=tmp_path)

    assert ran.code != 0
    assert not (tmp_path / "postgres").exists()
