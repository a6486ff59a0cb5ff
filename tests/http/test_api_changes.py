"""Commits, checkouts and changes of files over HTTP, on the pages, and by `polaris log`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from api_place import Client, Place, event, until
from cli_run import Ran, polaris
from web_place import Browser

BASE, MADE = "a" * 40, "b1c2d3e" + "4" * 33
FILE = "/home/manu/shop/src/auth.py"


def facts(commit: str) -> dict[str, Any]:
    return {"repository": "github.com/acme/shop", "branch": "main", "commit": commit}


@pytest.fixture
async def worked(manu: Client) -> Client:
    """In pj/fxm an edit and a commit were made, and are in the tables that are asked."""
    edit = {"tool_name": "Edit", "tool_input": {"file_path": FILE}}
    run = {"tool_name": "Bash", "tool_input": {"command": "git commit -am x"}}
    await manu.push(
        "pj",
        "fxm",
        event(turn="t", body="Fix the <login>", facts=facts(BASE)),
        event(turn="t", kind="tool.call", body="Edit: src/auth.py", payload=edit, facts=facts(BASE)),
        event(turn="t", kind="tool.call", body="Bash: git commit -am x", payload=run, facts=facts(BASE)),
        event(turn="t", kind="tool.result", body="[main b1c2d3e] Fix <it>", payload=run, facts=facts(MADE)),
    )
    await until(lambda: _known(manu), "the commit")
    return manu


async def _known(client: Client) -> bool:
    return (await client.call("GET", f"/commits/{MADE}"))[0] == 200


async def test_a_commit_leads_to_session_and_prompt(worked: Client) -> None:
    found = await worked.get("/commits/b1c2d3")
    listed = await worked.get("/projects/pj/commits?session=fxm")

    assert found == listed
    (row,) = found["items"]
    assert (row["commit"], row["made"], row["project"], row["session"]) == (MADE, True, "pj", "fxm")
    assert (row["actor"], row["prompt"], row["branch"]) == ("user:manu", "Fix the <login>", "main")


async def test_a_file_leads_to_session_and_prompt(worked: Client) -> None:
    (row,) = (await worked.get("/files?path=src/auth.py"))["items"]

    assert (row["path"], row["written"], row["session"], row["prompt"]) == (FILE, True, "fxm", "Fix the <login>")
    assert (await worked.get("/files?path=auth.py&project=pj&before=1"))["items"] == []


async def test_where_each_session_stands(worked: Client) -> None:
    (row,) = (await worked.get("/projects/pj/checkouts"))["items"]

    assert {name: row[name] for name in ("session", *facts(MADE))} == {"session": "fxm", **facts(MADE)}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/commits/" + "c" * 40, 404, "no_such_commit"),
        ("/commits/HEAD", 422, "commit_is_hex"),
        ("/commits/a%00b", 422, "commit_is_hex"),
        ("/files", 422, "not_valid"),
        ("/files?path=src/", 422, "path_is_missing"),
        ("/files?path=a.py&project=none", 404, "no_such_project"),
        ("/projects/none/commits", 404, "no_such_project"),
    ],
)
async def test_what_cannot_be_found_is_refused_by_name(manu: Client, path: str, status: int, code: str) -> None:
    got, body = await manu.call("GET", path)

    assert (got, body["code"]) == (status, code)


async def test_a_token_of_one_project_is_told_of_no_other(worked: Client, place: Place) -> None:
    await worked.post("/projects", {"name": "apart"})
    limited = await place.client("user:manu", project="apart")

    assert (await limited.call("GET", f"/commits/{MADE}"))[0] == 404
    assert (await limited.get("/files?path=auth.py"))["items"] == []
    assert (await limited.call("GET", "/files?path=auth.py&project=pj"))[0] == 404


async def test_the_session_page_and_the_floor_show_it(worked: Client, place: Place) -> None:
    browser = await Browser(place).sign_in("manu")
    session, floor = (await browser.get("/o/acme/p/pj/s/fxm")).text, (await browser.get("/o/acme/p/pj")).text
    side = (await browser.get("/o/acme/p/pj?part=sessions")).text
    seq = (await worked.get(f"/commits/{MADE}"))["items"][0]["seq"]

    for page in (session, floor, side):
        assert re.search(rf'href="/o/acme/p/pj/e/{seq}"[^>]*><code title="{MADE}">b1c2d3e4</code>', page)
        assert "Fix &lt;it&gt;" in page
        assert "Fix the &lt;login&gt;" in page
        assert '<span class="mono" title="branch">main</span>' in page
    assert "github.com/acme/shop" in session


# polaris log


async def log(client: Client, folder: Path, *words: str, cwd: Path | None = None) -> Ran:
    environment = {"POLARIS_HOME": str(folder / "home"), "POLARIS_URL": client.url, "POLARIS_TOKEN": client.token}
    if cwd is not None:
        environment |= {"GIT_DIR": str(cwd / ".git"), "GIT_WORK_TREE": str(cwd)}
    return await polaris("log", *words, **environment)


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=P", "-c", "user.email=p@acme.example"]
    done = subprocess.run(["git", *named, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


async def test_log_names_session_prompt_and_their_pages(worked: Client, tmp_path: Path) -> None:
    ran = await log(worked, tmp_path, "--commit", "b1c2d3e")
    (row,) = (await worked.get(f"/commits/{MADE}"))["items"]
    floor = f"{worked.url}/o/acme/p/pj/e"

    assert ran.code == 0, ran.err
    head, who, prompt = ran.out.splitlines()
    assert head == "b1c2d3e444  Fix <it>  github.com/acme/shop main"
    assert who.startswith("  made in pj/fxm by user:manu  ")
    assert who.endswith(f"  #{row['seq']}  {floor}/{row['seq']}")
    assert prompt == f'  asked: "Fix the <login>"  #{row["prompt_seq"]}  {floor}/{row["prompt_seq"]}'
    assert (await log(worked, tmp_path, "pj")).out == ran.out


async def test_log_of_a_file_names_who_changed_it(worked: Client, tmp_path: Path) -> None:
    ran = await log(worked, tmp_path, "--file", "src/auth.py", "--json")

    assert [(row["session"], row["prompt"]) for row in ran.json] == [("fxm", "Fix the <login>")]
    assert ran.json[0]["prompt_page"].startswith(f"{worked.url}/o/acme/p/pj/e/")


async def test_log_understands_what_git_understands_and_reads_trailers(worked: Client, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    git(shop, "init", "-q", "-b", "main")
    git(shop, "commit", "-q", "--allow-empty", "-m", "x")
    made = git(shop, "rev-parse", "HEAD")
    await worked.push("pj", "fxm", event(facts=facts(made)))
    await until(lambda: _answers(worked, made), "the commit")
    known = await log(worked, tmp_path, "--commit", "main", cwd=shop)
    git(shop, "commit", "-q", "--allow-empty", "-m", "y\n\nPolaris-Session: pj/fxm")
    by_trailer = await log(worked, tmp_path, "--commit", "HEAD", cwd=shop)
    git(shop, "commit", "-q", "--allow-empty", "-m", "z")
    unknown = await log(worked, tmp_path, "--commit", "HEAD", cwd=shop)

    assert known.out.startswith(made[:10])
    assert "checked out in pj/fxm by user:manu" in known.out
    assert "pj/fxm, by the trailer of its message" in by_trailer.out
    assert unknown.code == 1
    assert "No session that you may see met the commit" in unknown.err


async def _answers(client: Client, commit: str) -> bool:
    return (await client.call("GET", f"/commits/{commit}"))[0] == 200


@pytest.mark.parametrize("words", [(), ("--commit", "HEAD", "--file", "a"), ("--commit", "--upload-pack=x")])
async def test_log_refuses_what_it_does_not_understand(manu: Client, tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = await log(manu, tmp_path, *words, cwd=tmp_path)

    assert ran.code == 2, ran
    assert ran.out == ""
